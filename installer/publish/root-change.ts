import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Root } from '@tufjs/models';
import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { KeyStore, SigningKey } from './keys.ts';
import { type JsonObject, type SignedFileContent, signMetadata } from './signed-metadata.ts';
import type { TrustedFile } from './trusted.ts';

export interface RootChange {
  readonly role: string;
  readonly keyIds: (before: readonly string[]) => readonly string[];
  readonly old: SigningKey;
  readonly next: SigningKey;
}

/** The next root, or undefined when it says so already; signed by enough old root keys and enough new ones (TUF 1.0 §5.3.4). */
export async function changedRoot(
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
  return signMetadata({ role: 'root', version, now, body, keys: signers.value });
}

interface RootJson {
  readonly consistent_snapshot: boolean;
  readonly keys: Readonly<Record<string, JsonObject>>;
  readonly roles: Readonly<Record<string, { readonly keyids: readonly string[]; readonly threshold: number }>>;
}

/**
 * Every root key at hand that the present root knows, the one that leaves included, and the one that comes.
 *
 * Errors: `not-found` when fewer are at hand than must sign (TUF 1.0 §5.3.4).
 */
export async function rootSigners(
  keys: KeyStore,
  root: TrustedFile<Root>,
  next?: SigningKey,
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
  return fail(faultOf('not-found', detail, { path: join(keys.folder, 'root-*') }));
}
