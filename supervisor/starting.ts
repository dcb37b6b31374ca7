import { type Fault, faultOf } from '../platform/fault.ts';
import { fail, type Result, succeed } from '../platform/result.ts';
import { exitFault } from './exit-fault.ts';
import { launchServer, writeRunning } from './launch.ts';
import { awaitReadiness, type ReadinessOutcome, startLimits } from './readiness.ts';
import { cancelRestart, scheduleRestart } from './restarting.ts';
import type { StartReport } from './server-control.ts';
import { liveRun, type ServerRun, type Supervision } from './supervision.ts';
import { becomeReady, watchHealth, watchRun } from './watching.ts';

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
  const run = living ? succeed(living) : await launch(supervision, limits.limitMs, cancel);
  if (!run.ok) return run;
  const outcome = await awaitReadiness(supervision, run.value, limits, cancel);
  return conclude(supervision, run.value, outcome);
}

async function launch(supervision: Supervision, limitMs: number, cancel: AbortSignal): Promise<Result<ServerRun>> {
  const { dependencies, store } = supervision;
  const now = dependencies.clock.now();
  store.apply({ kind: 'start-began', at: now, deadline: now + limitMs });
  supervision.starts += 1;
  const launched = await launchServer(supervision, cancel);
  if (!launched.ok) return failedToLaunch(supervision, launched.fault);
  const { process } = launched.value;
  const run = watchRun(supervision, launched.value);
  store.apply({ kind: 'spawned', process });
  store.tell({ kind: 'started', process, at: dependencies.clock.now() });
  return succeed(run);
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
