import type { Fault } from '../platform/fault.ts';
import type { ProcessExit } from '../platform/processes.ts';
import { nameCause } from './causes/name-cause.ts';
import { sampleMemory } from './crashes/memory-curve.ts';
import { recordCrash } from './crashes/record-crash.ts';
import { faultOfExit } from './exit-fault.ts';
import type { Launched } from './launch.ts';
import { respawn, type Respawn } from './respawn.ts';
import { restartAtOnce, scheduleRestart } from './restarting.ts';
import { type AfterCrash, inBackground, isIdle, readyFor, type ServerRun, type Supervision } from './supervision.ts';

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
  supervision.tally.reset();
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

async function watchExit(supervision: Supervision, run: ServerRun): Promise<void> {
  const exit = await run.exited;
  if (exit === 'aborted') return;
  run.life = { kind: 'ended', exit };
  // The ladder that ended it tells of it itself.
  const byItself = supervision.activity.kind !== 'stopping';
  // People wait for the next server, and for nothing that is to be told of this one.
  const next = byItself && hadBeenWell(supervision, run) ? respawn(supervision, run) : undefined;
  run.watch.abort();
  if (byItself) endedByItself(supervision, run, exit, next);
}

/** Then nothing speaks against another start at once. */
function hadBeenWell(supervision: Supervision, run: ServerRun): boolean {
  const { options, hold, detached } = supervision;
  const isFree = !hold && isIdle(supervision) && !detached.signal.aborted;
  return isFree && readyFor(supervision, run) >= options.restart.stableMs;
}

/** @param next what was done already to start it again; undefined where it is not started at once */
function endedByItself(supervision: Supervision, ended: ServerRun, exit: ProcessExit, next: Respawn | undefined): void {
  const { dependencies, store } = supervision;
  const run = next === undefined ? ended : { ...ended, outputFile: next.earlierOutput };
  const at = dependencies.clock.now();
  const readyMs = readyFor(supervision, run);
  supervision.crashes += 1;
  const recorded = recordCrash(supervision, run, exit);
  const shown = faultOfExit(supervision, run, exit, []);
  // Before anybody is told: who then asks for the server means the one that lives.
  const afterCrash: AfterCrash = next?.spawned
    ? { kind: 'spawned', run: watchRun(supervision, next.spawned.launched), token: next.spawned.token }
    : { kind: 'to-be-spawned', outputHeld: recorded.outputHeld };
  store.apply({ kind: 'exited', at, exit });
  store.tell({ kind: 'ended', exit, wanted: false, at });
  const cause = async (): Promise<Fault> => {
    const lines = await recorded.lines;
    return nameCause(supervision, run, exit, faultOfExit(supervision, run, exit, lines));
  };
  if (next) restartAtOnce(supervision, readyMs, afterCrash, shown, cause);
  // The next run gets the name of the output file: what this one said last is read before.
  else scheduleRestart(supervision, readyMs, cause);
}
