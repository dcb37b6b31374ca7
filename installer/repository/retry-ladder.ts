import { randomInt } from 'node:crypto';
import type { Clock } from '../../platform/clock.ts';
import { faultOf, type Fault, type FaultCode } from '../../platform/fault.ts';
import { fail, type Result } from '../../platform/result.ts';

/** How often and how patiently a failed request is made again. */
export interface RetryLadder {
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly maximumDelayMs: number;
}

export const SMALL_FILE_LADDER: RetryLadder = { attempts: 4, firstDelayMs: 1_000, maximumDelayMs: 8_000 };
/** Counts attempts that brought nothing; whatever progresses starts again on the lowest rung. */
export const DOWNLOAD_LADDER: RetryLadder = { attempts: 8, firstDelayMs: 500, maximumDelayMs: 60_000 };

const TRANSIENT_CODES: ReadonlySet<FaultCode> = new Set<FaultCode>([
  'name-not-resolved',
  'connection-refused',
  'connection-failed',
  'proxy-failed',
  'timed-out',
  'body-truncated',
]);
const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([408, 425, 429]);
/** A server may ask for patience, but not for an hour in the middle of our attempt. */
const LONGEST_WISH_MS = 60_000;

/** Whether the same request may succeed a little later: connection errors, 408, 425, 429 and every 5xx. */
export function isTransient(fault: Fault): boolean {
  if (fault.code !== 'http-status') return TRANSIENT_CODES.has(fault.code);
  const status = Number(fault.values?.['status']);
  return status >= 500 || TRANSIENT_STATUSES.has(status);
}

/** Repeats `attempt` on transient faults up the ladder; `cancelled` when the signal fires. */
export async function climb<Value>(
  clock: Clock,
  ladder: RetryLadder,
  attempt: () => Promise<Result<Value>>,
  signal?: AbortSignal,
): Promise<Result<Value>> {
  for (let failed = 1; ; failed += 1) {
    const outcome = await attempt();
    if (outcome.ok || !isTransient(outcome.fault) || failed >= ladder.attempts) return outcome;
    const slept = await clock.sleep(delayAfter(ladder, failed, outcome.fault), signal);
    if (slept === 'aborted') return fail(cancelled());
  }
}

/** Milliseconds to wait after the `failed`-th failure in a row: doubling, half of it jitter, at least what the server asked for. */
export function delayAfter(ladder: RetryLadder, failed: number, fault: Fault): number {
  const full = Math.min(ladder.maximumDelayMs, ladder.firstDelayMs * 2 ** Math.min(failed - 1, 16));
  const jittered = full / 2 + (randomInt(1_000) / 1_000) * (full / 2);
  const wished = Number(fault.values?.['retryAfterSeconds'] ?? 0) * 1_000;
  return Math.max(jittered, Math.min(Number.isFinite(wished) ? wished : 0, LONGEST_WISH_MS));
}

export function cancelled(): Fault {
  return faultOf('cancelled', 'the transfer was cancelled');
}
