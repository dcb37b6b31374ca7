import type { Fault } from '../platform/fault.ts';
import type { ProcessIdentity } from '../platform/processes.ts';
import {
  type Illness,
  judgeUnwell,
  leftAloneFault,
  noteFailedRound,
  restartUnwell,
  type WaitReason,
} from './liveness.ts';
import { runRound } from './probes/probe-round.ts';
import { inBackground, isIdle, type ServerRun, type Supervision } from './supervision.ts';

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
