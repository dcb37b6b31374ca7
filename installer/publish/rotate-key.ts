import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Root, Targets } from '@tufjs/models';
import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { createKeyStore, type KeyStore, type KeyStoreOptions, type SigningKey } from './keys.ts';
import { type MetadataChange, nextMetadata, nextTargets } from './next-metadata.ts';
import { type PublishDependencies, loadOwn, publishAlone, writeMetadata } from './publication.ts';
import { type JsonObject, type SignedFileContent, signMetadata } from './signed-metadata.ts';
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
    return settleFiles(dependencies, request, rotation.value);
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
  return next.ok ? succeed({ keys, old: old.value, next: next.value }) : next;
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
  const signed = both.ok
    ? await change((trusted) => Promise.resolve(succeed(resigned(now, trusted, name, next))))
    : both;
  return signed.ok ? rootWith(name, replaced) : signed;
}

function resigned(now: number, trusted: TrustedRepository, name: string, next: SigningKey): MetadataChange {
  return {
    targets: name === 'targets' ? [nextTargets(now, trusted.targets, next)] : [],
    renewSnapshot: name === 'snapshot',
  };
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
  const top = nextTargets(now, trusted.targets, signer.value, { delegations });
  return succeed({ targets: [nextTargets(now, current, next), top] });
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

interface RootChange {
  readonly role: string;
  readonly keyIds: (before: readonly string[]) => readonly string[];
  readonly old: SigningKey;
  readonly next: SigningKey;
}

/** The next root, or undefined when it says so already; signed by enough old root keys and enough new ones (TUF 1.0 §5.3.4). */
async function changedRoot(
  now: number,
  store: KeyStore,
  root: TrustedFile<Root>,
  { role, keyIds, old, next }: RootChange,
): Promise<Result<SignedFileContent | undefined>> {
  const { keys, roles, consistent_snapshot } = root.metadata.signed.toJSON() as unknown as RootJson;
  const before = roles[role];
  if (before === undefined || (!before.keyids.includes(old.keyId) && !before.keyids.includes(next.keyId)))
    return fail(faultOf('request-invalid', `the key at hand is not one that signs ${role}`, { path: store.folder }));
  const keyids = keyIds(before.keyids);
  if (isDeepStrictEqual(keyids, before.keyids)) return succeed(undefined);
  const changed = { ...roles, [role]: { ...before, keyids } };
  const used = new Set(Object.values(changed).flatMap((one) => one.keyids));
  const known = Object.entries({ ...keys, [next.keyId]: next.json }).filter(([keyId]) => used.has(keyId));
  const signers = await rootSigners(store, root, role === 'root' ? next : undefined);
  if (!signers.ok) return signers;
  const version = root.metadata.signed.version + 1;
  const body = { consistent_snapshot, keys: Object.fromEntries(known), roles: changed } as unknown as JsonObject;
  return succeed(signMetadata({ role: 'root', version, now, body, keys: signers.value }));
}

interface RootJson {
  readonly consistent_snapshot: boolean;
  readonly keys: Readonly<Record<string, JsonObject>>;
  readonly roles: Readonly<Record<string, { readonly keyids: readonly string[]; readonly threshold: number }>>;
}

/** Every root key at hand that the present root knows, the one that leaves included, and the one that comes. */
async function rootSigners(
  keys: KeyStore,
  root: TrustedFile<Root>,
  next: SigningKey | undefined,
): Promise<Result<readonly SigningKey[]>> {
  const { keyIDs = [], threshold = 1 } = root.metadata.signed.roles['root'] ?? {};
  const names = await keys.rootNames();
  if (!names.ok) return names;
  const signers: SigningKey[] = [];
  for (const name of names.value) {
    const key = await keys.read(name);
    if (!key.ok) return key;
    if (keyIDs.includes(key.value.keyId)) signers.push(key.value);
  }
  if (signers.length >= threshold) return succeed(next === undefined ? signers : [...signers, next]);
  const detail = `${String(signers.length)} root keys are at hand, ${String(threshold)} must sign`;
  return fail(faultOf('not-found', detail, { path: join(keys.folder, 'root-*.pem') }));
}

async function settleFiles(
  { files }: PublishDependencies,
  { keys: { folder }, name }: RotateRequest,
  { old, next }: Rotation,
): Promise<Result<RotatedKey>> {
  const retired = old === undefined ? undefined : join(folder, `${name}.retired-${old.keyId.slice(0, 8)}.pem`);
  if (retired !== undefined) {
    const aside = await files.renameNew(join(folder, `${name}.pem`), retired);
    if (!aside.ok) return aside;
  }
  const placed = await files.renameNew(join(folder, `${name}.next.pem`), join(folder, `${name}.pem`));
  return placed.ok ? succeed({ name, newKeyId: next.keyId, ...(retired === undefined ? {} : { retired }) }) : placed;
}
