import { casesOf, classesOf, killOf, orderOf, type PointClass, type Recorded } from './classes.ts';
import { pairChoice } from './pair-choice.ts';
import { recoveryAfter, strikeRecovery, type TellPair } from './pairs.ts';
import { type Case, type Point, steadyPoints, titleOf } from './points.ts';
import { recordPoints, runCase, type Stage, type Verdict } from './case-run.ts';
import { endProcessesBelow } from './end-processes.ts';
import { keepBroken } from './keep-broken.ts';
import type { Results } from './results.ts';
import { type Scenario, SCENARIOS } from './scenarios.ts';
import { sampleOf } from '../kit/seeded.ts';
import { onSlots, type Slot } from './slots.ts';

export interface MatrixOptions {
  /** Only cases whose title matches. */
  readonly only?: RegExp;
  /** This many cases, drawn by `seed`; all when absent. */
  readonly sample?: number;
  /** At most this many; all when absent. */
  readonly pairs?: number;
  readonly seed: number;
  /** Strikes every call with everything. */
  readonly every: boolean;
}

/** What a run has in common. */
export interface MatrixRun {
  readonly slots: readonly Slot[];
  readonly results: Results;
  readonly say: Say;
  /** Asked to end: nothing new is begun. */
  readonly signal: AbortSignal;
}

export type Say = (line: string) => void;

/** Records every scenario twice, and gives the calls that both runs have. */
export async function recordAll(
  { slots, say, signal }: MatrixRun,
  scenarios: readonly Scenario[],
): Promise<readonly Recorded[]> {
  return onSlots(slots, scenarios, signal, async (slot, scenario) => {
    const stage = await slot.stageOf(scenario);
    const first = await recordPoints(stage);
    const { steady, unsteady } = steadyPoints(first, await recordPoints(stage));
    say(`${scenario.name}: ${steady.length} calls; ${unsteady.length} more depend on chance and are not aimed at`);
    return { scenario: scenario.name, points: steady };
  });
}

export function chooseCases(
  recordings: readonly Recorded[],
  { only, sample, seed, every }: MatrixOptions,
): readonly Case[] {
  const cases = casesOf(recordings, every);
  const wanted = only === undefined ? cases : cases.filter((planned) => only.test(titleOf(planned)));
  return sample === undefined ? wanted : sampleOf(wanted, sample, seed);
}

export async function runMatrix(run: MatrixRun, cases: readonly Case[]): Promise<void> {
  const { slots, results, say, signal } = run;
  const startedAgain = oneOfEachMoment(cases);
  await onSlots(slots, cases, signal, async (slot, planned, index) => {
    const title = titleOf(planned);
    if (results.has(title)) return;
    const stage = await slot.stageOf(scenarioNamed(planned.scenario));
    const verdict = await runCase(stage, planned, startedAgain.has(planned) ? 'again' : 'once');
    tell(run, stage, 'cases', title, verdict, `${index + 1}/${cases.length} `);
    // Other scenarios' turn on this slot comes first.
    await endProcessesBelow(stage.ground.site.folder);
  });
  say(`ends: ${JSON.stringify(results.outcomes('cases'))}`);
}

/**
 * After which a second start must find nothing to do: every error, because its launcher lived on and the first start finds a machine
 * at rest, and one kill of every moment of an order.
 */
function oneOfEachMoment(cases: readonly Case[]): ReadonlySet<Case> {
  const kills = Map.groupBy(cases, ({ scenario, point, fault }) =>
    fault === 'KILL' ? `${orderOf(scenario, point)}: ${point.phase}` : 'error',
  );
  return new Set([...kills].flatMap(([moment, its]) => (moment === 'error' ? its : its.slice(0, 1))));
}

/** Kills the recoveries after some kills of every moment of an order, each at its calls of kinds that no earlier one had. */
export async function runPairs(run: MatrixRun, recordings: readonly Recorded[], options: MatrixOptions): Promise<void> {
  const { slots, results, signal } = run;
  const firsts = firstsOf(classesOf(recordings)).filter((first) => options.only?.test(titleOf(first)) ?? true);
  const inTurn =
    options.pairs === undefined ? firsts : sampleOf(firsts, Math.ceil(options.pairs / PAIRS_EACH), options.seed);
  const recoveries = await onSlots(slots, inTurn, signal, async (slot, first) => {
    const stage = await slot.stageOf(scenarioNamed(first.scenario));
    return { first, points: await recoveryAfter(stage, first, tellOnce(run, stage)) };
  });
  const choose = pairChoice(recordings, options.pairs ?? Infinity, options.seed);
  // Chosen in the order of the kills, whichever was recorded first.
  const batches = recoveries.flatMap(({ first, points = [] }) => batchesOf(first, choose(first, points)));
  run.say(`pairs: ${batches.reduce((sum, { seconds }) => sum + seconds.length, 0)} after ${recoveries.length} kills`);
  await onSlots(slots, batches, signal, async (slot, { first, seconds, name }) => {
    if (results.has(name)) return;
    const stage = await slot.stageOf(scenarioNamed(first.scenario));
    const verdicts: Verdict[] = [];
    const tellPair = tellOnce(run, stage);
    await strikeRecovery(stage, first, seconds, signal, (title, verdict) => {
      verdicts.push(verdict);
      tellPair(title, verdict);
    });
    if (verdicts.every(({ kind }) => kind === 'whole') && !signal.aborted) results.note(name);
  });
}

/** What was found in the run that is resumed, is not told again. */
function tellOnce(run: MatrixRun, stage: Stage): TellPair {
  return (title, verdict) => {
    if (!run.results.has(title)) tell(run, stage, 'pairs', title, verdict);
  };
}

/** Kills of one recovery that one slot makes one after the other. */
interface Batch {
  readonly first: Case;
  readonly seconds: readonly Point[];
  /** For the results. */
  readonly name: string;
}

/** The recoveries' sizes differ by hundreds: whole ones would leave the last slot alone for many minutes. */
const BATCH = 16;

function batchesOf(first: Case, chosen: readonly Point[]): readonly Batch[] {
  return Array.from({ length: Math.ceil(chosen.length / BATCH) }, (_, number) => ({
    first,
    seconds: chosen.slice(number * BATCH, (number + 1) * BATCH),
    name: `pairs after ${titleOf(first)}, batch ${number + 1}`,
  }));
}

/** A sample has as many recoveries as it takes for so many kills of each. */
const PAIRS_EACH = 10;

/** The middle class of every moment of every order. */
function firstsOf(classes: readonly PointClass[]): readonly Case[] {
  const moments = Map.groupBy(classes, ({ order, members }) => `${order}: ${members[0]?.phase}`);
  return [...moments.values()].flatMap((its) => {
    return its
      .slice(Math.floor(its.length / 2))
      .slice(0, 1)
      .map(killOf);
  });
}

export function tell(
  run: MatrixRun,
  stage: Stage,
  group: 'cases' | 'pairs' | 'cuts',
  title: string,
  verdict: Verdict,
  before = '',
): void {
  run.results.add(group, title, verdict);
  run.say(`${before}${title}: ${tellVerdict(verdict)}`);
  if (verdict.kind === 'broken') run.say(`  kept in ${keepBroken(stage, title, verdict.why)}`);
}

export function scenarioNamed(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (found === undefined) throw new Error(`there is no scenario ${name}`);
  return found;
}

export function tellVerdict(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'whole':
      return verdict.outcome;
    case 'not-hit':
      return 'NOT HIT';
    case 'broken':
      return `BROKEN: ${verdict.why}`;
  }
}
