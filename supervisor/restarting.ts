import type { Fault } from '../platform/fault.ts';
import { type Condition, conditionOf, needsPerson } from './causes/conditions.ts';
import { fractionOf } from './random.ts';
import { planRestart, planSlowRestart, type RestartPlan } from './restart-policy.ts';
import { type AfterCrash, inBackground, type Supervision } from './supervision.ts';
import { isAborted } from './waiting.ts';

/** Between two looks whether what is in the way is gone, milliseconds. */
const LOOK_EVERY_MS = 2_000;
/** What is in the way for this long needs a person, milliseconds. */
const ALARM_AFTER_MS = 60_000;

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
  supervision.handover.release();
  const cancelled = cancelRestart(supervision);
  inBackground(supervision, restartLater(supervision, readyForMs, cause, cancelled));
}

/**
 * Starts a server that had been well again without any pause. Why it ended is found out beside the start: whatever it is, it
 * would not keep this one start from being tried.
 *
 * @param shown what is known already
 */
export function restartAtOnce(
  supervision: Supervision,
  readyForMs: number,
  afterCrash: AfterCrash,
  shown: Fault,
  cause: () => Promise<Fault>,
): void {
  const { dependencies, options, store } = supervision;
  cancelRestart(supervision);
  const { history } = planRestart(supervision.restarts, readyForMs, fractionOf(dependencies.random), options.restart);
  supervision.restarts = history;
  const at = dependencies.clock.now();
  store.apply({ kind: 'restart-planned', at, startAt: at, attempt: history.attempt, cause: shown });
  supervision.afterCrash = afterCrash;
  supervision.startAgain();
  inBackground(
    supervision,
    cause().then((fault) => supervision.alarm.noteFailure(fault)),
  );
}

async function restartLater(
  supervision: Supervision,
  readyForMs: number,
  cause: () => Promise<Fault>,
  cancelled: AbortSignal,
): Promise<void> {
  const { dependencies, store } = supervision;
  const fault = await cause();
  // The start that this end belongs to tells its caller first.
  if (supervision.activity.kind !== 'idle') await supervision.activity.done;
  if (cancelled.aborted || supervision.detached.signal.aborted) return;
  const at = dependencies.clock.now();
  if (supervision.hold) {
    store.apply({ kind: 'held', at, reason: { ...supervision.hold, cause: fault } });
    return;
  }
  supervision.alarm.noteFailure(fault);
  const condition = conditionOf(fault);
  const plan = planFor(supervision, fault, readyForMs, condition);
  supervision.restarts = plan.history;
  const attempt = plan.history.attempt;
  const untilGone = condition && ({ untilGone: true } as const);
  store.apply({ kind: 'restart-planned', at, startAt: at + plan.delayMs, attempt, cause: fault, ...untilGone });
  const signal = AbortSignal.any([cancelled, supervision.detached.signal]);
  if (condition) await waitUntilGone(supervision, fault, condition, plan.delayMs, signal);
  else await dependencies.clock.sleep(plan.delayMs, signal);
  if (!isAborted(signal)) supervision.startAgain();
}

function planFor(
  { restarts, options, dependencies, alarm }: Supervision,
  fault: Fault,
  readyForMs: number,
  condition: Condition | undefined,
): RestartPlan {
  const fraction = fractionOf(dependencies.random);
  if (!condition && !needsPerson(fault)) return planRestart(restarts, readyForMs, fraction, options.restart);
  if (!condition) alarm.raise(fault);
  return planSlowRestart(restarts, fraction, options.restart);
}

/** Looks until the cause is gone, and at most for `limitMs`: a start then tells whether it was judged rightly. */
async function waitUntilGone(
  supervision: Supervision,
  cause: Fault,
  condition: Condition,
  limitMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = supervision.dependencies;
  const began = clock.monotonic();
  for (;;) {
    const waited = clock.monotonic() - began;
    if (waited >= ALARM_AFTER_MS) supervision.alarm.raise(cause);
    if (waited >= limitMs) return;
    if ((await clock.sleep(Math.min(LOOK_EVERY_MS, limitMs - waited), signal)) === 'aborted') return;
    if (!(await condition(supervision))) return;
  }
}
