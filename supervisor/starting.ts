import { type Fault, faultOf } from '../platform/fault.ts';
import { fail, type Result, succeed } from '../platform/result.ts';
import { exitFault } from './exit-fault.ts';
import { launchServer, recordLaunch, writeRunning } from './launch.ts';
import { awaitReadiness, type ReadinessOutcome, startLimits } from './readiness.ts';
import { watchRun } from './running.ts';
import { cancelRestart, scheduleRestart } from './restarting.ts';
import type { StartReport } from './server-control.ts';
import { liveRun, type ServerRun, type Supervision } from './supervision.ts';
import { becomeReady, watchHealth } from './watching.ts';

/** Starts the server, or joins the start under way; at once when it is ready. */
export async function startServer(
  supervision: Supervision,
  startLimitMs: number | undefined,
): Promise<Result<StartReport>> {
  for (;;) {
    const { activity } = supervision;
    if (supervision.detached.signal.aborted) return fail(faultOf('cancelled', 'the launcher let go of the server'));
    // A start that a stop is cancelling is no longer worth joining: it is begun anew after that stop.
    if (activity.kind === 'starting' && !activity.cancel.signal.aborted) return activity.done;
    if (activity.kind === 'idle') return beginStart(supervision, startLimitMs);
    await activity.done;
  }
}

/** Waits in the background until a server that lives already is ready. */
export function beginStart(supervision: Supervision, startLimitMs: number | undefined): Promise<Result<StartReport>> {
  const run = liveRun(supervision);
  if (run?.readiness.kind === 'ready') {
    return Promise.resolve(succeed(reportOf(supervision, run, run.readiness.afterMs)));
  }
  cancelRestart(supervision);
  const cancel = new AbortController();
  const { promise: done, resolve } = Promise.withResolvers<Result<StartReport>>();
  supervision.activity = { kind: 'starting', done, cancel };
  void performStart(supervision, run, startLimitMs, AbortSignal.any([cancel.signal, supervision.detached.signal]))
    .catch((error: unknown) => fail(faultOf('unexpected', String(error))))
    .then((result) => {
      supervision.activity = { kind: 'idle' };
      resolve(result);
    });
  return done;
}

async function performStart(
  supervision: Supervision,
  living: ServerRun | undefined,
  startLimitMs: number | undefined,
  cancel: AbortSignal,
): Promise<Result<StartReport>> {
  const limits = startLimits(supervision, startLimitMs);
  const run = living
    ? succeed(await join(supervision, living, limits.limitMs))
    : await launch(supervision, limits.limitMs, cancel);
  if (!run.ok) return run;
  const outcome = await awaitReadiness(supervision, run.value, limits, cancel);
  return conclude(supervision, run.value, outcome);
}

/** A server that lives: of an earlier launcher, or spawned in the turn in which the one before it ended. */
async function join(supervision: Supervision, living: ServerRun, limitMs: number): Promise<ServerRun> {
  const { afterCrash, dependencies } = supervision;
  if (afterCrash?.kind !== 'spawned' || afterCrash.run !== living) return living;
  supervision.afterCrash = undefined;
  dependencies.link.restore(afterCrash.token);
  tellBegin(supervision, limitMs);
  tellSpawned(supervision, living);
  await recordLaunch(supervision, living);
  return living;
}

async function launch(supervision: Supervision, limitMs: number, cancel: AbortSignal): Promise<Result<ServerRun>> {
  tellBegin(supervision, limitMs);
  const launched = await launchServer(supervision, cancel);
  if (!launched.ok) return failedToLaunch(supervision, launched.fault);
  const run = watchRun(supervision, launched.value);
  tellSpawned(supervision, run);
  return succeed(run);
}

function tellBegin(supervision: Supervision, limitMs: number): void {
  const at = supervision.dependencies.clock.now();
  supervision.starts += 1;
  supervision.store.apply({ kind: 'start-began', at, deadline: at + limitMs });
}

function tellSpawned({ dependencies, store }: Supervision, { process }: ServerRun): void {
  store.apply({ kind: 'spawned', process });
  store.tell({ kind: 'started', process, at: dependencies.clock.now() });
}

function failedToLaunch(supervision: Supervision, fault: Fault): Result<never> {
  supervision.store.apply({ kind: 'start-failed', at: supervision.dependencies.clock.now() });
  if (fault.code !== 'cancelled') scheduleRestart(supervision, 0, () => Promise.resolve(fault));
  return fail(fault);
}

async function conclude(
  supervision: Supervision,
  run: ServerRun,
  outcome: ReadinessOutcome,
): Promise<Result<StartReport>> {
  const { dependencies, store } = supervision;
  switch (outcome.kind) {
    case 'ready':
      becomeReady(supervision, run, outcome.afterMs);
      watchHealth(supervision, run);
      await writeRunning(supervision, run, outcome.afterMs);
      return succeed(reportOf(supervision, run, outcome.afterMs));
    case 'ended':
      return fail(await exitFault(supervision, run, run.life.kind === 'ended' ? run.life.exit : { kind: 'gone' }));
    case 'late':
      // It may still become ready: it is watched on, and whoever ordered the start decides.
      store.apply({
        kind: 'probes-failed',
        at: dependencies.clock.now(),
        process: run.process,
        fault: outcome.fault,
      });
      watchHealth(supervision, run);
      return fail(outcome.fault);
    case 'cancelled':
      return fail(faultOf('cancelled', 'the start was cancelled'));
  }
}

function reportOf({ dependencies }: Supervision, run: ServerRun, readyAfterMs: number): StartReport {
  const version = dependencies.link.report()?.version;
  return { process: run.process, readyAfterMs, ...(version !== undefined && { version }) };
}
