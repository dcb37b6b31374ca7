import { type Fault, faultOf } from '../platform/fault.ts';
import { type ProbeKind, probesFor } from './probes/probe-lists.ts';
import { runProbes } from './probes/probe-round.ts';
import { extendDeadline, hasMoved, lookAtProgress, type ProgressSnapshot, type StartLimits } from './start-progress.ts';
import type { ServerRun, Supervision } from './supervision.ts';

export type ReadinessOutcome =
  | { readonly kind: 'ready'; readonly afterMs: number }
  | { readonly kind: 'ended' }
  /** Not ready in time, or never going to be; the process lives. */
  | { readonly kind: 'late'; readonly fault: Fault }
  | { readonly kind: 'cancelled' };

/** Between two rounds of the probes while the server starts, milliseconds. */
const PROBE_EVERY_MS = 200;
/** Between two looks at the progress at most, milliseconds; the OS counts processor time in ticks of 10 ms. */
const LOOK_EVERY_MS = 1_000;
/** A server without probes is ready when it has lived for this long, milliseconds. */
const LIVED_LONG_ENOUGH_MS = 1_000;
/** A stranger that holds the port for this long will not leave it to us, milliseconds. */
const STRANGER_TOLERATED_MS = 3_000;

/** One wait for readiness and what it has seen so far. Times are monotonic milliseconds. */
interface Wait {
  readonly beganAt: number;
  readonly deadline: number;
  readonly snapshot: ProgressSnapshot | undefined;
  readonly strangerSince: number | undefined;
  readonly fault: Fault | undefined;
}

/** Probes until the server is ready, has ended, or its deadline, which progress extends, has passed. */
export async function awaitReadiness(
  supervision: Supervision,
  run: ServerRun,
  limits: StartLimits,
  cancel: AbortSignal,
): Promise<ReadinessOutcome> {
  const { clock } = supervision.dependencies;
  const { health } = supervision.options;
  const signal = AbortSignal.any([cancel, run.watch.signal]);
  const now = clock.monotonic();
  let wait: Wait = {
    beganAt: now,
    deadline: now + limits.limitMs,
    snapshot: undefined,
    strangerSince: undefined,
    fault: undefined,
  };
  let kind: ProbeKind = 'startup';
  let passes = 0;
  for (;;) {
    const fault = await lookOnce(supervision, run, kind);
    if (run.life.kind === 'ended') return { kind: 'ended' };
    if (signal.aborted) return { kind: 'cancelled' };
    passes = fault ? 0 : passes + 1;
    if (kind === 'startup' && passes >= health.startup.passes && health.readiness.probes) {
      // Started, and now asked what a server that serves must answer.
      [kind, passes] = ['readiness', 0];
      continue;
    }
    if (passes >= (kind === 'startup' ? health.startup.passes : 1)) {
      return { kind: 'ready', afterMs: clock.monotonic() - run.beganAt };
    }
    if (fault) wait = noteFault(wait, fault, clock.monotonic());
    const late = lateFault(wait, clock.monotonic());
    if (late) return { kind: 'late', fault: late };
    wait = await noteProgress(supervision, run, wait, limits);
    await clock.sleep(Math.min(PROBE_EVERY_MS, supervision.options.probeEveryMs), signal);
  }
}

/** The limits of a start, by configuration or by the order. */
export function startLimits(supervision: Supervision, startLimitMs: number | undefined): StartLimits {
  const { limitMs, extendMs, hardLimitMs } = supervision.options.start;
  const limit = startLimitMs ?? limitMs;
  return { limitMs: limit, extendMs, hardLimitMs: Math.max(hardLimitMs, limit) };
}

async function lookOnce(supervision: Supervision, run: ServerRun, kind: ProbeKind): Promise<Fault | undefined> {
  const { dependencies, options } = supervision;
  if (probesFor(options, kind).length > 0) return (await runProbes(supervision, kind, run)).fault;
  const livedMs = dependencies.clock.monotonic() - run.beganAt;
  return livedMs >= LIVED_LONG_ENOUGH_MS ? undefined : faultOf('server-unhealthy', 'the server has just been started');
}

function noteFault(wait: Wait, fault: Fault, now: number): Wait {
  const strangerSince = fault.code === 'server-port-taken' ? (wait.strangerSince ?? now) : undefined;
  return { ...wait, fault, strangerSince };
}

function lateFault(wait: Wait, now: number): Fault | undefined {
  if (wait.strangerSince !== undefined && now - wait.strangerSince >= STRANGER_TOLERATED_MS) return wait.fault;
  if (now < wait.deadline) return undefined;
  if (wait.fault?.code === 'server-port-taken') return wait.fault;
  const seconds = Math.round((now - wait.beganAt) / 1_000);
  return faultOf('server-not-ready', `the server runs but was not ready after ${seconds} s`, {
    values: { seconds },
    ...(wait.fault && { cause: wait.fault }),
  });
}

async function noteProgress(supervision: Supervision, run: ServerRun, wait: Wait, limits: StartLimits): Promise<Wait> {
  const { dependencies, store } = supervision;
  const now = dependencies.clock.monotonic();
  // Progress must be seen at least twice before the deadline that it extends.
  const lookEveryMs = Math.min(LOOK_EVERY_MS, limits.limitMs / 3, limits.extendMs / 3);
  if (wait.snapshot && now - wait.snapshot.at < lookEveryMs) return wait;
  const snapshot = await lookAtProgress(dependencies, run);
  const moved = wait.snapshot !== undefined && hasMoved(wait.snapshot, snapshot);
  const deadline = extendDeadline(wait.deadline, wait.beganAt, snapshot.at, moved, limits);
  if (deadline !== wait.deadline || snapshot.text !== wait.snapshot?.text) {
    store.apply({
      kind: 'progressed',
      ...(snapshot.text !== undefined && { progress: snapshot.text }),
      deadline: dependencies.clock.now() + (deadline - snapshot.at),
    });
  }
  return { ...wait, snapshot, deadline };
}
