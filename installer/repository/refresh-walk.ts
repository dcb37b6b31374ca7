import type { TrustedMetadataStore as TrustedSet } from 'tuf-js/dist/store.js';
import type { Log } from '../../platform/log.ts';
import { fail, succeed, type Result } from '../../platform/result.ts';
import { expiredFault, verified } from './metadata-fault.ts';
import { guardMetadata } from './metadata-guard.ts';
import { isAbsent, type RepositoryReader } from './repository-reader.ts';
import type { TrustedMetadataStore } from './trusted-metadata-store.ts';
import type { VersionFloor } from './version-floor.ts';

/** One pass from the trusted root to the delegated role; TUF 1.0 §5.1: one fixed time for all of it. */
export interface RefreshWalk {
  readonly trusted: TrustedSet;
  readonly reader: Pick<RepositoryReader, 'readJson'>;
  readonly store: TrustedMetadataStore;
  readonly log: Log;
  readonly nowMs: number;
  /** Timestamp and snapshot may be old: an offline file that a person has confirmed. Root and targets never. */
  readonly acceptAged: boolean;
  readonly floor: VersionFloor;
  readonly signal: AbortSignal | undefined;
}

/** Fetches one metadata file; `absent` is not a fault yet. */
export async function fetchRole(
  walk: Pick<RefreshWalk, 'reader' | 'signal'>,
  role: string,
  path: string,
  limit: number,
): Promise<Result<Buffer | 'absent'>> {
  const read = await walk.reader.readJson(path, limit, walk.signal);
  if (!read.ok) return isAbsent(read) ? succeed('absent') : read;
  return guardMetadata(role, read.value);
}

/** As `fetchRole`, for what has to be there. */
export async function fetchRequired(
  walk: RefreshWalk,
  role: string,
  path: string,
  limit: number,
): Promise<Result<Buffer>> {
  const read = await walk.reader.readJson(path, limit, walk.signal);
  return read.ok ? guardMetadata(role, read.value) : read;
}

/**
 * Lets the trusted set take in what is on disk for a role. True if it is valid to the end; what does not even verify any
 * more (corrupt, or signed by keys that were rotated away) is dropped.
 */
export async function takeLocal(walk: RefreshWalk, role: string, step: (bytes: Buffer) => unknown): Promise<boolean> {
  const bytes = await walk.store.read(role);
  if (bytes === undefined) return false;
  const guarded = guardMetadata(role, bytes);
  const taken = guarded.ok ? verified(role, () => void step(bytes)) : guarded;
  if (taken.ok) return true;
  // Another digest only means that a newer version is out.
  const isBroken = taken.fault.code === 'metadata-invalid' && taken.fault.values?.['reason'] !== 'digest-mismatch';
  if (isBroken || taken.fault.code === 'signature-invalid') await walk.store.drop(role);
  return false;
}

/** TUF 1.0 §5.3.10, 5.4.4, 5.5.6, 5.6.5: freeze attack. Errors: `metadata-expired`, `clock-wrong`. */
export function checkFresh(walk: RefreshWalk, role: string, expires: string): Result<void> {
  return Date.parse(expires) > walk.nowMs ? succeed() : fail(expiredFault(role, expires, walk.nowMs));
}
