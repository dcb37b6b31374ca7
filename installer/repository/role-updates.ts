import { faultOf } from '../../platform/fault.ts';
import { fail, succeed, type Result } from '../../platform/result.ts';
import { metadataFile } from './layout.ts';
import { isEqualVersion, verified } from './metadata-fault.ts';
import { guardKeys, lengthLimit } from './metadata-guard.ts';
import { checkFresh, fetchRequired, takeLocal, type RefreshWalk } from './refresh-walk.ts';
import { METADATA_CAPS } from './trusted-metadata-store.ts';
import { checkFloor } from './version-floor.ts';

/** TUF 1.0 §5.4: the timestamp, from the repository each time. */
export async function updateTimestamp(walk: RefreshWalk): Promise<Result<void>> {
  const { trusted } = walk;
  // An aged file is older than what is on disk as a rule; its versions are held against the floor of the targets alone.
  if (!walk.acceptAged) await takeLocal(walk, 'timestamp', (bytes) => trusted.updateTimestamp(bytes));
  const read = await fetchRequired(walk, 'timestamp', metadataFile('timestamp', 0), METADATA_CAPS.timestamp);
  if (!read.ok) return read;
  const updated = verified('timestamp', () => trusted.updateTimestamp(read.value));
  const isNew = updated.ok;
  if (!updated.ok && updated.fault.code !== 'metadata-expired' && !isEqualVersion(updated.fault)) return updated;
  const current = trusted.timestamp?.signed;
  if (current === undefined) return updated.ok ? succeed() : updated;
  const floors = walk.acceptAged
    ? succeed()
    : bothOf(
        checkFloor('timestamp', current.version, walk.floor.timestamp),
        checkFloor('snapshot', current.snapshotMeta.version, walk.floor.snapshot),
      );
  if (!floors.ok) return floors;
  const fresh = walk.acceptAged ? succeed() : checkFresh(walk, 'timestamp', current.expires);
  if (!fresh.ok || !isNew || walk.acceptAged) return fresh;
  return walk.store.write('timestamp', read.value);
}

/** TUF 1.0 §5.5: the snapshot that the timestamp names; the one on disk serves if it is that one. */
export async function updateSnapshot(walk: RefreshWalk): Promise<Result<void>> {
  const { trusted } = walk;
  const local = !walk.acceptAged && (await takeLocal(walk, 'snapshot', (bytes) => trusted.updateSnapshot(bytes, true)));
  const updated = local ? succeed() : await fetchSnapshot(walk);
  if (!updated.ok) return updated;
  for (const [name, floor] of Object.entries(walk.floor.targets)) {
    // A product that was withdrawn altogether is no rollback of ours; what is missing for us fails where it is needed.
    const version = trusted.snapshot?.signed.meta[name]?.version ?? floor;
    const checked = checkFloor(name, version, floor);
    if (!checked.ok) return checked;
  }
  return updated.value === undefined || walk.acceptAged ? succeed() : walk.store.write('snapshot', updated.value);
}

async function fetchSnapshot(walk: RefreshWalk): Promise<Result<Buffer>> {
  const meta = walk.trusted.timestamp?.signed.snapshotMeta;
  const limit = lengthLimit('snapshot', meta?.length, METADATA_CAPS.snapshot);
  if (!limit.ok) return limit;
  const read = await fetchRequired(walk, 'snapshot', metadataFile('snapshot', meta?.version ?? 1), limit.value);
  if (!read.ok) return read;
  const updated = verified('snapshot', () => walk.trusted.updateSnapshot(read.value));
  if (updated.ok) return read;
  const expires = walk.trusted.snapshot?.signed.expires;
  const fresh =
    updated.fault.code === 'metadata-expired' && expires !== undefined
      ? checkFresh(walk, 'snapshot', expires)
      : succeed();
  return fresh.ok ? updated : fresh;
}

/** TUF 1.0 §5.6: a targets role in the version that the snapshot names, with the digest if it names one. */
export async function updateTargets(walk: RefreshWalk, role: string, delegator: string): Promise<Result<void>> {
  const { trusted } = walk;
  const metas = trusted.snapshot?.signed.meta ?? {};
  const meta = Object.hasOwn(metas, `${role}.json`) ? metas[`${role}.json`] : undefined;
  if (meta === undefined || (delegator !== 'root' && !isDelegated(walk, role, delegator))) return unpublished(role);
  const take = (bytes: Buffer): void => trusted.updateDelegatedTargets(bytes, role, delegator);
  const local = await takeLocal(walk, role, take);
  const fetched = local ? succeed(undefined) : await fetchTargets(walk, role, meta, take);
  if (!fetched.ok) return fetched;
  const now = trusted.getRole(role);
  const checked =
    now === undefined ? unpublished(role) : bothOf(guardKeys(role, now), checkFresh(walk, role, now.signed.expires));
  if (!checked.ok) return checked;
  return fetched.value === undefined || walk.acceptAged ? succeed() : walk.store.write(role, fetched.value);
}

async function fetchTargets(
  walk: RefreshWalk,
  role: string,
  meta: { readonly version: number; readonly length?: number },
  take: (bytes: Buffer) => void,
): Promise<Result<Buffer>> {
  const limit = lengthLimit(role, meta.length, METADATA_CAPS.targets);
  if (!limit.ok) return limit;
  const read = await fetchRequired(walk, role, metadataFile(role, meta.version), limit.value);
  if (!read.ok) return read;
  const taken = verified(role, () => take(read.value));
  return taken.ok ? read : taken;
}

function isDelegated(walk: RefreshWalk, role: string, delegator: string): boolean {
  const signed = delegator === 'targets' ? walk.trusted.targets?.signed : walk.trusted.getRole(delegator)?.signed;
  return Object.hasOwn(signed?.delegations?.roles ?? {}, role);
}

function unpublished(role: string): Result<never> {
  return fail(faultOf('wrong-target', `the repository publishes nothing under ${role}`, { values: { role } }));
}

function bothOf(first: Result<void>, second: Result<void>): Result<void> {
  return first.ok ? second : first;
}
