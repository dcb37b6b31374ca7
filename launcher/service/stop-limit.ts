import type { StopOptions } from '../../supervisor/server-options.ts';
import type { StopRung } from '../../supervisor/server-state.ts';
import { longestStopMs, rungsBeyond } from '../../supervisor/stop-budget.ts';
import type { ServiceStatus } from './service.ts';

/** The operating system kills the launcher before the stop ladder is at its end. */
export interface StopShortfall {
  readonly limitMs: number;
  readonly neededMs: number;
  /** What would be cut off, in order. */
  readonly rungs: readonly StopRung[];
}

/** Compares the ladder with the limit of the installed service; undefined when all of it fits, or nothing is known. Pure. */
export function stopShortfall(stop: StopOptions, status: ServiceStatus): StopShortfall | undefined {
  if (status.kind !== 'installed' || status.stopLimitMs === undefined) return undefined;
  const rungs = rungsBeyond(stop, status.stopLimitMs);
  return rungs.length === 0 ? undefined : { limitMs: status.stopLimitMs, neededMs: longestStopMs(stop), rungs };
}

/** For a status: only what is known. */
export function withLimit(stopLimitMs: number | undefined): { readonly stopLimitMs?: number } {
  return stopLimitMs === undefined ? {} : { stopLimitMs };
}

const UNIT_MS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** A time span as `systemctl show` prints it, `3min 45s` (systemd.time(7)); undefined for `infinity` and what is no span. Pure. */
export function timeSpanMs(text: string): number | undefined {
  const parts = text.trim().split(/\s+/);
  const spans = parts.map((part) => {
    const [, count, unit] = /^(\d+)([a-z]+)$/.exec(part) ?? [];
    const length = unit === undefined ? undefined : UNIT_MS[unit];
    return length === undefined ? NaN : Number(count) * length;
  });
  const sum = spans.reduce((total, span) => total + span, 0);
  return Number.isFinite(sum) ? sum : undefined;
}
