import type { StopOptions } from './server-options.ts';
import type { StopRung } from './server-state.ts';

/** After SIGKILL only the kernel is between the process and its end. */
export const KILL_WAIT_MS = 5_000;

/** The most that one rung of the stop ladder may take. */
export interface RungBudget {
  readonly rung: StopRung;
  readonly limitMs: number;
}

/** The rungs of the configured stop ladder, in order, each with its whole time. Pure. */
export function stopBudget(stop: StopOptions): readonly RungBudget[] {
  return [
    { rung: 'order', limitMs: stop.orderMs },
    { rung: 'request', limitMs: stop.requestMs + busyWaitMs(stop) },
    ...(stop.kill === 'never' ? [] : [{ rung: 'kill', limitMs: KILL_WAIT_MS } as const]),
    { rung: 'prove', limitMs: stop.proveMs },
  ];
}

/** A server that is busy with a backup or a conversion gets the time of the request once more before the ladder goes on. */
export function busyWaitMs({ requestMs }: Pick<StopOptions, 'requestMs'>): number {
  return requestMs;
}

/** From the first rung to the end of the last one, milliseconds. Pure. */
export function longestStopMs(stop: StopOptions): number {
  return stopBudget(stop).reduce((sum, { limitMs }) => sum + limitMs, 0);
}

/** The rungs that are not over when somebody kills the launcher `limitMs` after it was asked to end. Pure. */
export function rungsBeyond(stop: StopOptions, limitMs: number): readonly StopRung[] {
  let end = 0;
  return stopBudget(stop).flatMap(({ rung, limitMs: own }) => {
    end += own;
    return end > limitMs ? [rung] : [];
  });
}
