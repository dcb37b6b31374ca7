import type { ProcessExit, ProcessIdentity } from '../platform/processes.ts';
import { sampleMemory } from './crashes/memory-curve.ts';
import { recordCrash } from './crashes/record-crash.ts';
import { exitFault } from './exit-fault.ts';
import type { Launched } from './launch.ts';
import { runProbes } from './probes/probe-round.ts';
import { scheduleRestart } from './restarting.ts';
import { inBackground, readyFor, type ServerRun, type Supervision } from './supervision.ts';

/** Consecutive failed rounds after which the server counts as degraded; one may be a hiccup. */
const FAILURES_TO_DEGRADE = 3;

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
    memory: [],
  };
}

/** Marks the run as ready, `afterMs` from its spawn, and tells. */
export function becomeReady(supervision: Supervision, run: ServerRun, afterMs: number): void {
  const { dependencies, store } = supervision;
  const at = dependencies.clock.now();
  const version = dependencies.link.report()?.version;
  run.readiness = { kind: 'ready', at: dependencies.clock.monotonic(), afterMs };
  const { process } = run;
  store.apply({ kind: 'became-ready', at, process, ...(version !== undefined && { version }) });
  store.tell({ kind: 'ready', process, at, afterMs });
}

/** Probes the server from now on until it ends; failed probes degrade it and never kill it. */
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
    await recorded;
    return exitFault(supervision, run, exit);
  });
}

async function probeUntilEnd(supervision: Supervision, run: ServerRun): Promise<void> {
  const { dependencies, options, store } = supervision;
  const { clock } = dependencies;
  let failures = 0;
  while ((await clock.sleep(options.probeEveryMs, run.watch.signal)) === 'elapsed') {
    const { fault } = await runProbes(dependencies, options.probes, run);
    // Read again: the process may have ended while it was probed.
    if (hasEnded(run)) return;
    failures = fault ? failures + 1 : 0;
    const { process } = run;
    if (fault && failures >= FAILURES_TO_DEGRADE && supervision.activity.kind === 'idle') {
      store.apply({ kind: 'probes-failed', at: clock.now(), process, fault });
    }
    if (!fault && supervision.activity.kind === 'idle') recover(supervision, run, process);
  }
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
