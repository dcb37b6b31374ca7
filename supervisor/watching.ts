import type { Fault } from '../platform/fault.ts';
import type { ProcessExit, ProcessIdentity } from '../platform/processes.ts';
import { sampleMemory } from './crashes/memory-curve.ts';
import { recordCrash } from './crashes/record-crash.ts';
import { nameCause } from './causes/name-cause.ts';
import { faultOfExit } from './exit-fault.ts';
import type { Launched } from './launch.ts';
import {
  type Illness,
  judgeUnwell,
  leftAloneFault,
  noteFailedRound,
  restartUnwell,
  type WaitReason,
} from './liveness.ts';
import { runRound } from './probes/probe-round.ts';
import { restartAtOnce, scheduleRestart } from './restarting.ts';
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
  const { dependencies, options, store } = supervision;
  const at = dependencies.clock.now();
  const readyMs = readyFor(supervision, run);
  supervision.crashes += 1;
  const recorded = recordCrash(supervision, run, exit);
  store.apply({ kind: 'exited', at, exit });
  store.tell({ kind: 'ended', exit, wanted: false, at });
  const cause = async (): Promise<Fault> => {
    const lines = await recorded.lines;
    return nameCause(supervision, run, exit, faultOfExit(supervision, run, exit, lines));
  };
  const wasWell = readyMs >= options.restart.stableMs && !supervision.hold && isIdle(supervision);
  if (wasWell) restartAtOnce(supervision, readyMs, recorded.outputHeld, faultOfExit(supervision, run, exit, []), cause);
  // The next run gets the name of the output file: what this one said last is read before.
  else scheduleRestart(supervision, readyMs, cause);
}

/** What the rounds of one run have shown so far. */
interface Rounds {
  readonly readiness: { passes: number; failures: number };
  readonly liveness: { passes: number; illness: Illness | undefined };
  /** Why it is left alone, once people were told. */
  leftAlone: WaitReason | undefined;
  survived: boolean;
}

/** What came of the liveness of one round. */
type Vitality =
  { readonly kind: 'fine' } | { readonly kind: 'left-alone'; readonly fault: Fault } | { readonly kind: 'acted-on' };

async function probeUntilEnd(supervision: Supervision, run: ServerRun): Promise<void> {
  const { dependencies, options } = supervision;
  const rounds: Rounds = {
    readiness: { passes: 0, failures: 0 },
    liveness: { passes: 0, illness: undefined },
    leftAlone: undefined,
    survived: false,
  };
  while ((await dependencies.clock.sleep(options.probeEveryMs, run.watch.signal)) === 'elapsed') {
    const { faults } = await runRound(supervision, ['readiness', 'liveness'], run);
    // Read again: the process may have ended while it was probed.
    if (hasEnded(run)) return;
    const vitality = await noteLiveness(supervision, run, rounds, faults.liveness);
    if (hasEnded(run)) return;
    if (vitality.kind !== 'acted-on') noteReadiness(supervision, run, rounds, faults.readiness, vitality);
  }
}

/** Failures degrade it; so does a liveness for which it was left alone. */
function noteReadiness(
  supervision: Supervision,
  run: ServerRun,
  rounds: Rounds,
  fault: Fault | undefined,
  vitality: Exclude<Vitality, { kind: 'acted-on' }>,
): void {
  const { dependencies, options, store } = supervision;
  const { failures, passes } = options.health.readiness;
  const counted = rounds.readiness;
  counted.passes = fault ? 0 : counted.passes + 1;
  counted.failures = fault ? counted.failures + 1 : 0;
  if (!isIdle(supervision)) return;
  const shown = vitality.kind === 'left-alone' ? vitality.fault : fault;
  if (!shown) {
    if (counted.passes >= passes && rounds.leftAlone === undefined) recover(supervision, run, run.process);
  } else if (vitality.kind === 'left-alone' || counted.failures >= failures) {
    store.apply({ kind: 'probes-failed', at: dependencies.clock.now(), process: run.process, fault: shown });
  }
}

async function noteLiveness(
  supervision: Supervision,
  run: ServerRun,
  rounds: Rounds,
  fault: Fault | undefined,
): Promise<Vitality> {
  const { options } = supervision;
  const counted = rounds.liveness;
  counted.passes = fault ? 0 : counted.passes + 1;
  counted.illness = fault && (await noteFailedRound(supervision, run, counted.illness));
  if (counted.passes >= options.health.readiness.passes) rounds.leftAlone = undefined;
  if (!fault || !counted.illness || counted.illness.rounds < options.health.liveness.failures) return { kind: 'fine' };
  return mayAct(supervision, run) ? act(supervision, run, rounds, counted.illness, fault) : { kind: 'fine' };
}

/** While an update or an administrator holds the server or asks its users out, they decide about it. */
function mayAct(supervision: Supervision, run: ServerRun): boolean {
  const { hold, store } = supervision;
  return !hasEnded(run) && isIdle(supervision) && !hold && store.state().kind !== 'draining';
}

/** Unwell for long: restarted if it has nothing to lose, else people are told. */
async function act(
  supervision: Supervision,
  run: ServerRun,
  rounds: Rounds,
  illness: Illness,
  fault: Fault,
): Promise<Vitality> {
  const verdict = await judgeUnwell(supervision, run, illness);
  if (hasEnded(run) || !isIdle(supervision)) return { kind: 'acted-on' };
  if (verdict.kind === 'restart' && !rounds.survived) {
    rounds.survived = !(await restartUnwell(supervision, run, verdict.why, fault));
    return { kind: 'acted-on' };
  }
  const why = verdict.kind === 'restart' ? 'survived' : verdict.why;
  const shown = leftAloneFault(why, illness.rounds, fault);
  if (rounds.leftAlone === undefined) tellLeftAlone(supervision, shown);
  rounds.leftAlone = why;
  return { kind: 'left-alone', fault: shown };
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
