import type { Fault } from '../platform/fault.ts';
import { fractionOf } from './random.ts';
import { planRestart } from './restart-policy.ts';
import { inBackground, type Supervision } from './supervision.ts';
import { isAborted } from './waiting.ts';

/** Takes a planned restart back and makes room for another plan. */
export function cancelRestart(supervision: Supervision): AbortSignal {
  supervision.restartPlan.abort();
  supervision.restartPlan = new AbortController();
  return supervision.restartPlan.signal;
}

/**
 * Starts the server again when the policy says so, or keeps it down while it is held.
 *
 * @param readyForMs how long it had been ready
 * @param cause may take a moment (the output's tail is read); the plan counts from now
 */
export function scheduleRestart(supervision: Supervision, readyForMs: number, cause: () => Promise<Fault>): void {
  const cancelled = cancelRestart(supervision);
  inBackground(supervision, restartLater(supervision, readyForMs, cause, cancelled));
}

async function restartLater(
  supervision: Supervision,
  readyForMs: number,
  cause: () => Promise<Fault>,
  cancelled: AbortSignal,
): Promise<void> {
  const { dependencies, options, store } = supervision;
  const fault = await cause();
  // The start that this end belongs to tells its caller first.
  if (supervision.activity.kind !== 'idle') await supervision.activity.done;
  if (cancelled.aborted || supervision.detached.signal.aborted) return;
  const at = dependencies.clock.now();
  if (supervision.hold) {
    store.apply({ kind: 'held', at, reason: { ...supervision.hold, cause: fault } });
    return;
  }
  const plan = planRestart(supervision.restarts, readyForMs, fractionOf(dependencies.random), options.restart);
  supervision.restarts = plan.history;
  const attempt = plan.history.attempt;
  store.apply({ kind: 'restart-planned', at, startAt: at + plan.delayMs, attempt, cause: fault });
  const slept = await dependencies.clock.sleep(plan.delayMs, AbortSignal.any([cancelled, supervision.detached.signal]));
  if (slept === 'elapsed' && !isAborted(cancelled)) supervision.startAgain();
}
