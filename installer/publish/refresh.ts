import type { Root } from '@tufjs/models';
import { faultOf } from '../../platform/fault.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';
import { type KeyStore, type KeyStoreOptions, createKeyStore } from './keys.ts';
import { nextMetadata, nextTargets } from './next-metadata.ts';
import { type PublishDependencies, loadOwn, publishAlone, writeMetadata } from './publication.ts';
import { rootSigners } from './root-change.ts';
import { type JsonObject, type SignedFileContent, lifetimeMs, signMetadata } from './signed-metadata.ts';
import type { TrustedFile, TrustedRepository } from './trusted.ts';

/** A role is signed again once less than this share of its lifetime is left. */
const RENEWAL_SHARE = 0.5;

export interface RefreshRequest {
  readonly repository: string;
  readonly keys: KeyStoreOptions;
  /** Roles to sign again even though they are fresh; unknown names are refused. */
  readonly roles?: readonly string[] | undefined;
}

export interface RefreshedRepository {
  readonly renewed: readonly { readonly role: string; readonly version: number; readonly expires: string }[];
  /** Roles that should be signed soon, but whose (offline) keys are not in this keys folder. */
  readonly waiting: readonly { readonly role: string; readonly expires: string }[];
}

/**
 * Signs again what comes near its end, and always the timestamp, which tells clients that the repository is alive.
 *
 * Errors: `request-invalid` (unknown role), `not-found` (key of a role that was asked for), `update-running`, …
 */
export function refreshRepository(
  dependencies: PublishDependencies,
  request: RefreshRequest,
): Promise<Result<RefreshedRepository>> {
  return publishAlone(dependencies, request.repository, async () => {
    const keys = createKeyStore(dependencies.files, request.keys);
    const trusted = await loadOwn(dependencies.files, request.repository, keys);
    return trusted.ok ? refresh(dependencies, request, keys, trusted.value) : trusted;
  });
}

async function refresh(
  dependencies: PublishDependencies,
  request: RefreshRequest,
  keys: KeyStore,
  trusted: TrustedRepository,
): Promise<Result<RefreshedRepository>> {
  const plan = planRenewal(dependencies.clock.now(), trusted, request.roles ?? []);
  if (!plan.ok) return plan;
  const waiting: { role: string; expires: string }[] = [];
  const targets: SignedFileContent[] = [];
  let root: SignedFileContent | undefined;
  for (const { role, asked, expires } of plan.value) {
    const signed = await signAgain(dependencies.clock.now(), keys, trusted, role);
    if (!signed.ok && (asked || signed.fault.code !== 'not-found')) return signed;
    if (!signed.ok) waiting.push({ role, expires });
    else if (role === 'root') root = signed.value;
    else if (signed.value !== undefined) targets.push(signed.value);
  }
  const renewSnapshot = plan.value.some(({ role }) => role === 'snapshot');
  const change = { targets, renewSnapshot, ...(root === undefined ? {} : { root }) };
  const contents = await nextMetadata(dependencies.clock, keys, trusted, change);
  if (!contents.ok) return contents;
  const written = await writeMetadata(dependencies.files, request.repository, contents.value);
  if (!written.ok) return written;
  return succeed({
    renewed: contents.value.map(({ role, version, expires }) => ({ role, version, expires })),
    waiting,
  });
}

interface Renewal {
  readonly role: string;
  readonly asked: boolean;
  readonly expires: string;
}

/** Roles to sign again, delegated ones first; the timestamp goes without saying. */
function planRenewal(now: number, trusted: TrustedRepository, asked: readonly string[]): Result<readonly Renewal[]> {
  const { root, targets, snapshot, timestamp, delegated } = trusted;
  const files = [root, ...delegated.values(), targets, snapshot, timestamp];
  const unknown = asked.find((name) => !files.some((file) => file.role === name));
  if (unknown !== undefined)
    return fail(faultOf('request-invalid', `there is no role "${unknown}" in this repository`));
  const renewals = files
    .filter((file) => file !== timestamp)
    .map((file) => ({ role: file.role, expires: file.metadata.signed.expires, asked: asked.includes(file.role) }));
  return succeed(renewals.filter((one) => one.asked || isDue(now, one.role, one.expires)));
}

function isDue(now: number, role: string, expires: string): boolean {
  return Date.parse(expires) - now < lifetimeMs(role) * RENEWAL_SHARE;
}

/** The role's next version; undefined for the snapshot, which `nextMetadata` signs because it names all others. */
async function signAgain(
  now: number,
  keys: KeyStore,
  trusted: TrustedRepository,
  role: string,
): Promise<Result<SignedFileContent | undefined>> {
  if (role === 'snapshot') return succeed(undefined);
  if (role === 'root') return signRootAgain(now, keys, trusted.root);
  const current = role === 'targets' ? trusted.targets : trusted.delegated.get(role);
  const key = await keys.read(role);
  if (!key.ok) return key;
  return current === undefined ? succeed(undefined) : nextTargets(now, current, key.value);
}

async function signRootAgain(now: number, keys: KeyStore, root: TrustedFile<Root>): Promise<Result<SignedFileContent>> {
  const signers = await rootSigners(keys, root);
  if (!signers.ok) return signers;
  const { keys: known, roles, consistent_snapshot } = root.metadata.signed.toJSON();
  const body = { keys: known, roles, consistent_snapshot } as JsonObject;
  const version = root.metadata.signed.version + 1;
  return signMetadata({ role: 'root', version, now, body, keys: signers.value });
}
