import type { RestartOptions } from './server-options.ts';

/** What the policy remembers between two ends of the server. */
export interface RestartHistory {
  /** Restarts since the server was last stable. */
  readonly attempt: number;
}

export interface RestartPlan {
  readonly delayMs: number;
  readonly history: RestartHistory;
}

export const NO_RESTARTS: RestartHistory = { attempt: 0 };

/** Beyond this exponent every delay is the maximum; keeps the arithmetic finite. */
const LARGEST_EXPONENT = 30;

/**
 * When to start again after the server ended by itself; never gives up. Pure.
 *
 * A server that was ready for `stableMs` restarts at once. Otherwise the delay doubles from `firstDelayMs` to
 * `maximumDelayMs`, and time spent ready forgives earlier attempts in proportion.
 * @param readyForMs how long it had been ready; 0 when it never was
 * @param fraction random in [0, 1), spreads the delay by ±jitter so that many servers do not start in step
 */
export function planRestart(
  history: RestartHistory,
  readyForMs: number,
  fraction: number,
  options: RestartOptions,
): RestartPlan {
  if (readyForMs >= options.stableMs) return { delayMs: 0, history: NO_RESTARTS };
  const remaining = Math.ceil(history.attempt * (1 - readyForMs / options.stableMs));
  const doubled = options.firstDelayMs * 2 ** Math.min(remaining, LARGEST_EXPONENT);
  const delayMs = spread(Math.min(doubled, options.maximumDelayMs), fraction, options);
  return { delayMs, history: { attempt: remaining + 1 } };
}

/** The slow lane: the longest delay at once, for an end whose cause a quick restart cannot remove. Pure. */
export function planSlowRestart(history: RestartHistory, fraction: number, options: RestartOptions): RestartPlan {
  return { delayMs: spread(options.maximumDelayMs, fraction, options), history: { attempt: history.attempt + 1 } };
}

function spread(delayMs: number, fraction: number, { jitter, maximumDelayMs }: RestartOptions): number {
  return Math.round(Math.min(Math.max(delayMs * (1 + jitter * (2 * fraction - 1)), 0), maximumDelayMs));
}
