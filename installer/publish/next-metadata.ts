import type { Targets } from '@tufjs/models';
import type { Clock } from '../../platform/clock.ts';
import { type Result, succeed } from '../../platform/result.ts';
import type { KeyStore, SigningKey } from './keys.ts';
import { type JsonObject, type SignedFileContent, metaOf, signMetadata } from './signed-metadata.ts';
import type { TrustedFile, TrustedRepository } from './trusted.ts';

/** What a publication changes; everything else is taken over as it is. */
export interface MetadataChange {
  /** Already signed: a new version of the root. */
  readonly root?: SignedFileContent;
  /** New versions of `targets` and delegated roles, signed, in the order in which they are written. */
  readonly targets: readonly SignedFileContent[];
  /** Sign the snapshot again even if nothing that it names has changed. */
  readonly renewSnapshot?: boolean;
}

/**
 * The metadata files that turn the trusted repository into the next one, in the order in which they must be written:
 * root, delegated roles and targets, snapshot, timestamp.
 */
export async function nextMetadata(
  clock: Clock,
  keys: KeyStore,
  trusted: TrustedRepository,
  change: MetadataChange,
): Promise<Result<readonly SignedFileContent[]>> {
  const now = clock.now();
  const snapshot = await nextSnapshot(now, keys, trusted, change);
  if (!snapshot.ok) return snapshot;
  const timestamp = await nextTimestamp(now, keys, trusted, snapshot.value);
  if (!timestamp.ok) return timestamp;
  const root = change.root === undefined ? [] : [change.root];
  const written = snapshot.value === undefined ? [] : [snapshot.value];
  return succeed([...root, ...change.targets, ...written, timestamp.value]);
}

async function nextSnapshot(
  now: number,
  keys: KeyStore,
  trusted: TrustedRepository,
  change: MetadataChange,
): Promise<Result<SignedFileContent | undefined>> {
  if (change.targets.length === 0 && change.renewSnapshot !== true) return succeed(undefined);
  const key = await keys.read('snapshot');
  if (!key.ok) return key;
  const known = Object.entries(trusted.snapshot.metadata.signed.meta).map(([name, meta]) => [name, meta.toJSON()]);
  const renewed = change.targets.map((file) => [`${file.role}.json`, metaOf(file)]);
  const meta = Object.fromEntries([...known, ...renewed]) as JsonObject;
  const version = trusted.snapshot.metadata.signed.version + 1;
  return signMetadata({ role: 'snapshot', version, now, body: { meta }, keys: [key.value] });
}

async function nextTimestamp(
  now: number,
  keys: KeyStore,
  trusted: TrustedRepository,
  snapshot: SignedFileContent | undefined,
): Promise<Result<SignedFileContent>> {
  const key = await keys.read('timestamp');
  if (!key.ok) return key;
  const { version, snapshotMeta } = trusted.timestamp.metadata.signed;
  const meta = snapshot === undefined ? snapshotMeta.toJSON() : metaOf(snapshot);
  const body = { meta: { 'snapshot.json': meta } };
  return signMetadata({ role: 'timestamp', version: version + 1, now, body, keys: [key.value] });
}

/** A delegated or the top targets role one version later, with other contents where `body` says so. */
export function nextTargets(
  now: number,
  current: TrustedFile<Targets>,
  key: SigningKey,
  body: JsonObject = {},
): Promise<Result<SignedFileContent>> {
  const { version, targets, delegations } = current.metadata.signed;
  const kept = {
    targets: Object.fromEntries(Object.entries(targets).map(([path, target]) => [path, target.toJSON()])),
    ...(delegations === undefined ? {} : { delegations: delegations.toJSON() }),
  };
  return signMetadata({ role: current.role, version: version + 1, now, body: { ...kept, ...body }, keys: [key] });
}
