import type { Clock } from '../../platform/clock.ts';
import type { FileFacts, Files } from '../../platform/files.ts';
import { succeed, type Result } from '../../platform/result.ts';

/** A file touched this recently may be touched again within the same tick of its time stamp (FAT counts in 2 s). */
export const SETTLED_AFTER_MS = 2_000;
const CACHE_LIMIT = 200_000;

/** SHA-256 of files, computed once as long as size, times and inode stay the same. */
export type DigestOf = (path: string, facts: FileFacts) => Promise<Result<string>>;

/**
 * Remembers digests between the pass before the stop and the pass after it, so that the second reads only what changed.
 * Safe to lose: what is not remembered is read again.
 */
export function createDigestCache(dependencies: { readonly files: Files; readonly clock: Clock }): DigestOf {
  const known = new Map<string, string>();
  return async (path, facts) => {
    const key = `${path}\n${fingerprintOf(facts)}`;
    const remembered = known.get(key);
    if (remembered !== undefined) return succeed(remembered);
    const settled = isSettled(facts, dependencies.clock.now());
    const digest = await dependencies.files.digest(path);
    if (digest.ok && settled) {
      if (known.size >= CACHE_LIMIT) known.clear();
      known.set(key, digest.value);
    }
    return digest;
  };
}

/** Changes whenever the content may have changed; compare only. */
export function fingerprintOf(facts: FileFacts): string {
  return [facts.size, facts.modifiedMs, facts.changedMs, facts.device, facts.inode].join(':');
}

/** True when any later write must show in the time stamps. */
export function isSettled(facts: FileFacts, nowMs: number): boolean {
  return Math.max(facts.modifiedMs, facts.changedMs) < nowMs - SETTLED_AFTER_MS;
}
