import { faultOf } from '../platform/fault.ts';
import { fail, type Result, succeed } from '../platform/result.ts';
import { cancelRestart } from './restarting.ts';
import type { StopReport } from './server-control.ts';
import type { StopRung } from './server-state.ts';
import { climbStopLadder, type LadderOutcome } from './stop-ladder.ts';
import type { ServerRun, Supervision } from './supervision.ts';
import { watchHealth } from './watching.ts';

/** Stops the server, or joins the stop under way; a start under way is cancelled first. */
export async function stopServer(
  supervision: Supervision,
  reason: string,
  startsAgain = false,
): Promise<Result<StopReport>> {
  for (;;) {
    const { activity } = supervision;
    if (supervision.detached.signal.aborted) return fail(faultOf('cancelled', 'the launcher let go of the server'));
    switch (activity.kind) {
      case 'stopping':
        cancelRestart(supervision);
        return activity.done;
      case 'starting':
        activity.cancel.abort();
        await activity.done;
        break;
      case 'adopting':
        await activity.done;
        break;
      case 'idle':
        return beginStop(supervision, reason, startsAgain);
    }
  }
}

function beginStop(supervision: Supervision, reason: string, startsAgain: boolean): Promise<Result<StopReport>> {
  cancelRestart(supervision);
  const { promise: done, resolve } = Promise.withResolvers<Result<StopReport>>();
  supervision.activity = { kind: 'stopping', done };
  void performStop(supervision, reason)
    .catch((error: unknown) => fail(faultOf('unexpected', String(error))))
    .then((result) => {
      supervision.activity = { kind: 'idle' };
      if (!result.ok) watchOn(supervision);
      else if (!startsAgain) supervision.handover.release();
      else supervision.handover.keep();
      resolve(result);
    });
  return done;
}

async function performStop(supervision: Supervision, reason: string): Promise<Result<StopReport>> {
  const { dependencies, options, run } = supervision;
  const began = dependencies.clock.monotonic();
  if (!run) {
    rest(supervision);
    return succeed({ rung: 'prove', exit: { kind: 'gone' }, tookMs: 0 });
  }
  const wasAlive = run.life.kind === 'alive';
  const outcome = await climbStopLadder({
    dependencies,
    options,
    target: run,
    reason,
    signal: supervision.detached.signal,
    onRung: (rung, limitMs) => tellRung(supervision, run, rung, limitMs),
  });
  return conclude(supervision, run, wasAlive, outcome, began);
}

function tellRung({ dependencies, store }: Supervision, run: ServerRun, rung: StopRung, limitMs: number): void {
  const at = dependencies.clock.now();
  const rungDeadline = at + limitMs;
  if (store.state().kind === 'stopping') store.apply({ kind: 'rung-reached', rung, rungDeadline });
  else store.apply({ kind: 'stop-began', at, process: run.process, rung, rungDeadline });
}

function conclude(
  supervision: Supervision,
  run: ServerRun,
  wasAlive: boolean,
  outcome: LadderOutcome,
  began: number,
): Result<StopReport> {
  const { dependencies, store } = supervision;
  const at = dependencies.clock.now();
  const exit = outcome.kind === 'cancelled' ? undefined : outcome.exit;
  if (exit && wasAlive) store.tell({ kind: 'ended', exit, wanted: true, at });
  switch (outcome.kind) {
    case 'stopped':
      supervision.run = undefined;
      supervision.provenGone = run.nonce;
      rest(supervision);
      return succeed({
        rung: outcome.rung,
        exit: outcome.exit,
        tookMs: dependencies.clock.monotonic() - began,
      });
    case 'survived':
      store.apply({ kind: exit ? 'leftovers-found' : 'stop-failed', at, fault: outcome.fault });
      return fail(outcome.fault);
    case 'cancelled':
      return fail(faultOf('cancelled', 'the launcher let go of the server'));
  }
}

/** Down and proven to be: stopped, or held if it must not start by itself. */
function rest({ dependencies, store, hold }: Supervision): void {
  const at = dependencies.clock.now();
  // Held is a way of being down already: only the reason may be another now.
  if (!hold || store.state().kind !== 'held') store.apply({ kind: 'stop-proved', at });
  if (hold) store.apply({ kind: 'held', at, reason: hold });
}

/** A server that could not be stopped is watched on. */
function watchOn(supervision: Supervision): void {
  if (supervision.run?.life.kind === 'alive') watchHealth(supervision, supervision.run);
}
