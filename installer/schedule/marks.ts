import type { FaultCode } from '../../platform/fault.ts';
import type { Outcome } from '../update/order.ts';
import type { SkipMark } from './eligibility.ts';

const HOUR_MS = 3_600_000;
/** So many tries of one release that failed by something that may be its own fault; then it rests. */
export const TRIES = 3;
export const REST_MS = 24 * HOUR_MS;
/** After a failure of any kind the next try waits: an hour, doubling up to a day. */
const FIRST_PAUSE_MS = HOUR_MS;

/** What earlier tries have left: by release, and of all of them in a row. */
export interface Tries {
  readonly releases: readonly TriedRelease[];
  /** Failures in a row of unattended orders, whatever the reason. */
  readonly failures: number;
  readonly lastFailureAt: number;
}

export interface TriedRelease {
  readonly manifestSha256: string;
  readonly version: string;
  readonly tries: number;
  readonly lastAt: number;
  readonly code: string;
}

export const NO_TRIES: Tries = { releases: [], failures: 0, lastFailureAt: 0 };

/** How one unattended order ended. */
export interface EndedTry {
  readonly outcome: Outcome;
  readonly at: number;
  readonly code?: FaultCode | undefined;
  readonly release?: { readonly manifestSha256: string; readonly version: string } | undefined;
  /** Who cancelled it; undefined when nobody did, or the schedule itself. */
  readonly cancelledBy?: string | undefined;
}

/**
 * Faults that the release may have brought along: only these count as tries of it (promise 4). Everything else is the
 * machine's, the network's or a person's, leaves no mark, and is tried again after a pause.
 */
const MAY_BE_THE_RELEASE: ReadonlySet<FaultCode> = new Set<FaultCode>([
  'digest-mismatch',
  'archive-invalid',
  'path-refused',
  'too-large',
  'smoke-failed',
  'bundle-incomplete',
  'carry-over-invalid',
  'carry-over-emptied',
  'server-exited',
  'server-not-ready',
  'server-unhealthy',
  'server-wrong-version',
  'unexpected',
]);

/** The tries after one more has ended. Pure. */
export function afterTry(before: Tries, ended: EndedTry): Tries {
  const others = before.releases.filter(
    ({ manifestSha256, lastAt }) =>
      manifestSha256 !== ended.release?.manifestSha256 && ended.at - lastAt < 30 * REST_MS,
  );
  if (ended.outcome === 'updated') return { ...NO_TRIES, releases: others };
  if (ended.outcome === 'cancelled' && ended.cancelledBy === undefined) return before;
  const failed = { failures: before.failures + 1, lastFailureAt: ended.at };
  const tried = triedRelease(before, ended);
  return { ...failed, releases: tried === undefined ? before.releases : [...others, tried] };
}

/** A person who cancels means it: the release rests at once. */
function triedRelease(before: Tries, { release, code, at, outcome }: EndedTry): TriedRelease | undefined {
  if (release === undefined) return undefined;
  if (outcome === 'cancelled') return { ...release, tries: TRIES, lastAt: at, code: 'cancelled' };
  if (code === undefined || !MAY_BE_THE_RELEASE.has(code)) return undefined;
  const earlier = before.releases.find(({ manifestSha256 }) => manifestSha256 === release.manifestSha256);
  const rested = earlier !== undefined && earlier.tries >= TRIES;
  return { ...release, tries: rested ? 1 : (earlier?.tries ?? 0) + 1, lastAt: at, code };
}

/** The marks that hold at `now`. Pure. */
export function marksOf(tries: Tries, now: number): readonly SkipMark[] {
  return tries.releases
    .filter((tried) => tried.tries >= TRIES)
    .map(({ manifestSha256, code, lastAt }) => ({ manifestSha256, code, until: lastAt + REST_MS }))
    .filter(({ until }) => now < until && until - now <= REST_MS);
}

/** Until when nothing is tried after a failure; a clock that was set back cannot make it longer than the pause itself. */
export function pausedUntil({ failures, lastFailureAt }: Tries, now: number): number | undefined {
  if (failures === 0) return undefined;
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), REST_MS);
  const until = lastFailureAt + pause;
  return now < until && until - now <= pause ? until : undefined;
}
