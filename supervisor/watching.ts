import type { Fault } from '../platform/fault.ts';
import type { ProcessExit, ProcessIdentity } from '../platform/processes.ts';
import { sampleMemory } from './crashes/memory-curve.ts';
import { recordCrash } from './crashes/record-crash.ts';
import { nameCause } from './causes/name-cause.ts';
import { exitFault } from './exit-fault.ts';
import type { Launched } from './launch.ts';
import {
  type Illness,
  judgeUnwell,
  leftAloneFault,
  noteFailedRound,
  restartUnwell,
  type WaitReason,
} from './liveness.ts';
import { runProbes } from './probes/probe-round.ts';
import { scheduleRestart } from './restarting.ts';
import { inBackground, isIdle, readyFor, type ServerRun, type Supervision } from './supervision.ts';

/** Begins to watch a process: its end is noticed at once. */
export function watchRun(supervision: Supervision, launched: Launched): ServerRun {
  const { processes, clock } = supervision.dependencies;
  const watch = new AbortController();
  supervision.detached.signal.addEventListener('abort', () => watch.abort(), { once: true, signal: watch.signal });
  const run: ServerRun = {
    ...launched,
    beganAt: clock.monotonic(),
    exited: processes.waitForExit(launched.process, watch.signal),
    watch,
    readiness: { kind: 'pending' },
    life: { kind: 'alive' },
    healthWatched: false,
    wasReady: false,
    memory: [],
  };
  supervision.run = run;
  inBackground(supervision, watchExit(supervision, run));
  inBackground(supervision, sampleMemory(supervision.dependencies, run, watch.signal));
  return run;
}

/** A run that is known to be over, of which something may be left. */
export function endedRun(supervision: Supervision, launched: Launched): ServerRun {
  const exit = { kind: 'gone' } as const;
  const watch = new AbortController();
  watch.abort();
  return {
    ...launched,
    beganAt: supervision.dependencies.clock.monotonic(),
    exited: Promise.resolve(exit),
    watch,
    readiness: { kind: 'pending' },
    life: { kind: 'ended', exit },
    healthWatched: false,
    wasReady: false,
    memory: [],
  };
}

/** Marks the run as ready, `afterMs` from its spawn, and tells. */
export function becomeReady(supervision: Supervision, run: ServerRun, afterMs: number): void {
  const { dependencies, store } = supervision;
  const at = dependencies.clock.now();
  const version = dependencies.link.report()?.version;
  run.wasReady = true;
  run.readiness = { kind: 'ready', at: dependencies.clock.monotonic(), afterMs };
  const { process } = run;
  store.apply({ kind: 'became-ready', at, process, ...(version !== undefined && { version }) });
  store.tell({ kind: 'ready', process, at, afterMs });
}

/** Probes the server from now on until it ends: failed probes degrade it, and restart it only if it has nothing to lose. */
export function watchHealth(supervision: Supervision, run: ServerRun): void {
  if (run.healthWatched) return;
  run.healthWatched = true;
  inBackground(supervision, probeUntilEnd(supervision, run));
}

async function watchExit(supervision: Supervision, run: ServerRun): Promise<void> {
  const exit = await run.exited;
  if (exit === 'aborted') return;
  run.life = { kind: 'ended', exit };
  run.watch.abort();
  // The ladder that ended it tells of it itself.
  if (supervision.activity.kind !== 'stopping') endedByItself(supervision, run, exit);
}

function endedByItself(supervision: Supervision, run: ServerRun, exit: ProcessExit): void {
  const { dependencies, store } = supervision;
  const at = dependencies.clock.now();
  const readyMs = readyFor(supervision, run);
  supervision.crashes += 1;
  const recorded = recordCrash(supervision, run, exit);
  store.apply({ kind: 'exited', at, exit });
  store.tell({ kind: 'ended', exit, wanted: false, at });
  scheduleRestart(supervision, readyMs, async () => {
    // The next run gets the name of the output file: what this one said last is read before.
    const lines = await recorded;
    return nameCause(supervision, run, exit, await exitFault(supervision, run, exit, lines));
  });
}

/** What the rounds of one run have shown so far. */
interface Rounds {
  passes: number;
  illness: Illness | undefined;
  /** Why it is left alone, once people were told. */
  leftAlone: WaitReason | undefined;
  survived: boolean;
}

async function probeUntilEnd(supervision: Supervision, run: ServerRun): Promise<void> {
  const { dependencies, options } = supervision;
  const rounds: Rounds = { passes: 0, illness: undefined, leftAlone: undefined, survived: false };
  while ((await dependencies.clock.sleep(options.probeEveryMs, run.watch.signal)) === 'elapsed') {
    const { fault } = await runProbes(dependencies, options.probes, run);
    // Read again: the process may have ended while it was probed.
    if (hasEnded(run)) return;
    if (fault) await afterFailure(supervision, run, rounds, fault);
    else afterPass(supervision, run, rounds);
  }
}

function afterPass(supervision: Supervision, run: ServerRun, rounds: Rounds): void {
  rounds.passes += 1;
  rounds.illness = undefined;
  if (rounds.passes < supervision.options.health.readiness.passes) return;
  rounds.leftAlone = undefined;
  if (supervision.activity.kind === 'idle') recover(supervision, run, run.process);
}

async function afterFailure(supervision: Supervision, run: ServerRun, rounds: Rounds, fault: Fault): Promise<void> {
  const { dependencies, options, store } = supervision;
  const { readiness, liveness } = options.health;
  rounds.passes = 0;
  rounds.illness = await noteFailedRound(supervision, run, rounds.illness);
  if (hasEnded(run) || !isIdle(supervision)) return;
  let shown = fault;
  // While an update or an administrator holds the server or asks its users out, they decide about it.
  const ours = !supervision.hold && store.state().kind !== 'draining';
  if (ours && rounds.illness.rounds >= liveness.failures) {
    const verdict = await judgeUnwell(supervision, run, rounds.illness);
    if (hasEnded(run) || !isIdle(supervision)) return;
    if (verdict.kind === 'restart' && !rounds.survived) {
      rounds.survived = !(await restartUnwell(supervision, run, verdict.why, fault));
      return;
    }
    const why = verdict.kind === 'restart' ? 'survived' : verdict.why;
    shown = leftAloneFault(why, rounds.illness.rounds, fault);
    if (rounds.leftAlone === undefined) tellLeftAlone(supervision, shown);
    rounds.leftAlone = why;
  }
  if (rounds.illness.rounds < readiness.failures) return;
  store.apply({ kind: 'probes-failed', at: dependencies.clock.now(), process: run.process, fault: shown });
}

/** Once for each time of being unwell. A person has to decide what the launcher must not. */
function tellLeftAlone({ dependencies, store, alarm }: Supervision, fault: Fault): void {
  dependencies.log.error('the server is unwell and left alone', { code: fault.code, detail: fault.detail });
  store.tell({ kind: 'unwell', fault, at: dependencies.clock.now() });
  alarm.raise(fault);
}

function hasEnded(run: ServerRun): boolean {
  return run.life.kind === 'ended' || run.watch.signal.aborted;
}

function recover(supervision: Supervision, run: ServerRun, process: ProcessIdentity): void {
  const { dependencies, store } = supervision;
  if (store.state().kind !== 'degraded') return;
  if (run.readiness.kind === 'pending') {
    becomeReady(supervision, run, dependencies.clock.monotonic() - run.beganAt);
    return;
  }
  const version = dependencies.link.report()?.version;
  store.apply({
    kind: 'became-ready',
    at: dependencies.clock.now(),
    process,
    ...(version !== undefined && { version }),
  });
}
