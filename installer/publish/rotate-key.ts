import type { Targets } from '@tufjs/models';
import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { createKeyStore, type KeyStore, type KeyStoreOptions, type SigningKey } from './keys.ts';
import { type MetadataChange, nextMetadata, nextTargets } from './next-metadata.ts';
import { type PublishDependencies, loadOwn, publishAlone, writeMetadata } from './publication.ts';
import { changedRoot } from './root-change.ts';
import type { JsonObject } from './signed-metadata.ts';
import type { TrustedFile, TrustedRepository } from './trusted.ts';

export interface RotateRequest {
  readonly repository: string;
  readonly keys: KeyStoreOptions;
  /** `root-1`, `targets`, `snapshot`, `timestamp`, or a delegated role such as `business-stable`. */
  readonly name: string;
}

export interface RotatedKey {
  readonly name: string;
  readonly newKeyId: string;
  /** Where the old private key lies now, if this call set it aside. */
  readonly retired?: string;
}

const ROOT_NAME = /^root-\d{1,3}$/u;
const TOP_LEVEL: readonly string[] = ['targets', 'snapshot', 'timestamp'];

/**
 * Replaces a key: the role above says so, everything that the key signs is signed by the new one, the old file is set aside.
 *
 * The repository is whole at every moment. Killed at any point, the same call again finishes it: the new key waits as
 * `NAME.next.pem` until the metadata is out. Errors: `request-invalid` (no such key), `not-found` (a key that has to sign is
 * not at hand), the disk's.
 */
export async function rotateKey(
  dependencies: PublishDependencies,
  request: RotateRequest,
): Promise<Result<RotatedKey>> {
  return publishAlone(dependencies, request.repository, async () => {
    const rotation = await openRotation(dependencies, request);
    if (!rotation.ok) return rotation;
    const { old } = rotation.value;
    if (old !== undefined) {
      const published = await publishRotation(dependencies, request, rotation.value, old);
      if (!published.ok) return published;
    }
    return settleFiles(request, rotation.value);
  });
}

interface Rotation {
  readonly keys: KeyStore;
  /** Undefined when an earlier call was killed after it had set the old key aside. */
  readonly old: SigningKey | undefined;
  readonly next: SigningKey;
}

async function openRotation(
  { files }: PublishDependencies,
  { repository, keys: options, name }: RotateRequest,
): Promise<Result<Rotation>> {
  const keys = createKeyStore(files, options);
  const trusted = await loadOwn(files, repository, keys);
  if (!trusted.ok) return trusted;
  const { delegated } = trusted.value;
  if (!ROOT_NAME.test(name) && !TOP_LEVEL.includes(name) && !delegated.has(name))
    return fail(faultOf('request-invalid', `there is no key "${name}" in this repository`));
  const old = await keys.read(name);
  if (!old.ok) {
    const begun = old.fault.code === 'not-found' ? await keys.read(`${name}.next`) : old;
    return begun.ok && isTrusted(trusted.value, begun.value)
      ? succeed({ keys, old: undefined, next: begun.value })
      : old;
  }
  const next = await keys.readOrCreate(`${name}.next`);
  if (!next.ok) return next;
  if (next.value.keyId !== old.value.keyId) return succeed({ keys, old: old.value, next: next.value });
  return fail(faultOf('request-invalid', `${name}.next is the same key as ${name}`, { path: keys.folder }));
}

function isTrusted({ root, targets }: TrustedRepository, { keyId }: SigningKey): boolean {
  return keyId in root.metadata.signed.keys || keyId in (targets.metadata.signed.delegations?.keys ?? {});
}

/**
 * A delegated role and the root change with one rename. A role that the root names is first given both keys, then signed by
 * the new one, then left with it alone: no reader ever finds a root and a role that do not go together.
 */
async function publishRotation(
  { files, clock }: PublishDependencies,
  { repository, name }: RotateRequest,
  { keys, next }: Rotation,
  old: SigningKey,
): Promise<Result<void>> {
  const change = async (
    plan: (trusted: TrustedRepository) => Promise<Result<MetadataChange>>,
  ): Promise<Result<void>> => {
    const trusted = await loadOwn(files, repository, keys);
    const planned = trusted.ok ? await plan(trusted.value) : trusted;
    if (!trusted.ok || !planned.ok) return trusted.ok ? (planned as Result<never>) : trusted;
    const isNew =
      trusted.value.root.metadata.signed.roles[name]?.keyIDs.includes(next.keyId) ?? !TOP_LEVEL.includes(name);
    const signing: KeyStore = {
      ...keys,
      read: async (one) => (one === name && isNew ? succeed(next) : keys.read(one)),
    };
    const contents = await nextMetadata(clock, signing, trusted.value, planned.value);
    return contents.ok ? writeMetadata(files, repository, contents.value) : contents;
  };
  const now = clock.now();
  if (!TOP_LEVEL.includes(name) && !ROOT_NAME.test(name))
    return change((trusted) => withNewDelegatedKey(now, keys, trusted, name, next));
  const rootWith = (role: string, keyIds: (before: readonly string[]) => readonly string[]) =>
    change(async (trusted) => {
      const root = await changedRoot(now, keys, trusted.root, { role, keyIds, next, old });
      return root.ok ? succeed({ ...(root.value === undefined ? {} : { root: root.value }), targets: [] }) : root;
    });
  const replaced = (ids: readonly string[]): string[] => [
    ...new Set(ids.map((id) => (id === old.keyId ? next.keyId : id))),
  ];
  if (ROOT_NAME.test(name)) return rootWith('root', replaced);
  const both = await rootWith(name, (ids) => [...new Set([...ids, next.keyId])]);
  const signed = both.ok ? await change((trusted) => resigned(now, trusted, name, next)) : both;
  return signed.ok ? rootWith(name, replaced) : signed;
}

async function resigned(
  now: number,
  trusted: TrustedRepository,
  name: string,
  next: SigningKey,
): Promise<Result<MetadataChange>> {
  if (name !== 'targets') return succeed({ targets: [], renewSnapshot: name === 'snapshot' });
  const targets = await nextTargets(now, trusted.targets, next);
  return targets.ok ? succeed({ targets: [targets.value] }) : targets;
}

async function withNewDelegatedKey(
  now: number,
  keys: KeyStore,
  trusted: TrustedRepository,
  name: string,
  next: SigningKey,
): Promise<Result<MetadataChange>> {
  const current = trusted.delegated.get(name);
  const signer = await keys.read('targets');
  if (!signer.ok || current === undefined) return signer.ok ? succeed({ targets: [] }) : signer;
  const delegations = delegationsWith(trusted.targets, name, next);
  const top = await nextTargets(now, trusted.targets, signer.value, { delegations });
  const own = await nextTargets(now, current, next);
  if (!top.ok || !own.ok) return top.ok ? (own as Result<never>) : top;
  return succeed({ targets: [own.value, top.value] });
}

/** The key that is replaced goes from the list unless another role still has it. */
function delegationsWith(targets: TrustedFile<Targets>, name: string, next: SigningKey): JsonObject {
  const known = targets.metadata.signed.delegations;
  const roles = Object.values(known?.roles ?? {}).map((role) =>
    role.name === name ? { ...role.toJSON(), keyids: [next.keyId] } : role.toJSON(),
  );
  const used = new Set(roles.flatMap((role) => (role['keyids'] as string[] | undefined) ?? []));
  const kept = Object.values(known?.keys ?? {}).filter(({ keyID }) => used.has(keyID));
  const keys = Object.fromEntries(kept.map((key) => [key.keyID, key.toJSON()]));
  return { keys: { ...keys, [next.keyId]: next.json }, roles };
}

async function settleFiles({ name }: RotateRequest, { keys, old, next }: Rotation): Promise<Result<RotatedKey>> {
  const aside = old === undefined ? undefined : `${name}.retired-${old.keyId.slice(0, 8)}`;
  const retired = await keys.replace(name, aside);
  if (!retired.ok) return retired;
  return succeed({ name, newKeyId: next.keyId, ...(retired.value === undefined ? {} : { retired: retired.value }) });
}
