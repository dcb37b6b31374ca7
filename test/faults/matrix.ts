import { casesOf } from './classes.ts';
import { type Case, steadyPoints, titleOf } from './points.ts';
import { recordPoints, recordRecovery, runCase, runPair, type Verdict } from './case-run.ts';
import { type Scenario, SCENARIOS } from './scenarios.ts';
import { sampleOf } from './seeded.ts';
import { onSlots, type Slot } from './slots.ts';

export interface MatrixOptions {
  /** Only cases whose title matches. */
  readonly only?: RegExp;
  /** This many cases, drawn by `seed`; all when absent. */
  readonly sample?: number;
  readonly pairs: number;
  readonly seed: number;
}

/** What was planned and how it went. */
export interface Tally {
  readonly planned: number;
  readonly hit: number;
  readonly broken: readonly string[];
  readonly notHit: readonly string[];
  /** How often each end was met. */
  readonly outcomes: Readonly<Record<string, number>>;
}

export type Say = (line: string) => void;

/** Records every scenario twice, and gives the cases at the calls that both runs have. */
export async function planCases(
  slots: readonly Slot[],
  scenarios: readonly Scenario[],
  every: boolean,
  say: Say,
): Promise<readonly Case[]> {
  const recordings = await onSlots(slots, scenarios, async (slot, scenario) => {
    const stage = await slot.stageOf(scenario);
    const first = await recordPoints(stage);
    const { steady, unsteady } = steadyPoints(first, await recordPoints(stage));
    say(`${scenario.name}: ${steady.length} calls; ${unsteady.length} more depend on chance and are not aimed at`);
    return { scenario: scenario.name, points: steady };
  });
  return casesOf(recordings, every);
}

export function chooseCases(cases: readonly Case[], { only, sample, seed }: MatrixOptions): readonly Case[] {
  const wanted = only === undefined ? cases : cases.filter((planned) => only.test(titleOf(planned)));
  return sample === undefined ? wanted : sampleOf(wanted, sample, seed);
}

export async function runMatrix(slots: readonly Slot[], cases: readonly Case[], say: Say): Promise<Tally> {
  const verdicts = await onSlots(slots, cases, async (slot, planned, index) => {
    const verdict = await runCase(await slot.stageOf(scenarioOf(planned)), planned);
    say(`${index + 1}/${cases.length} ${titleOf(planned)}: ${tellVerdict(verdict)}`);
    return { title: titleOf(planned), verdict };
  });
  return tallyOf(verdicts);
}

/** Kills at some first points, each with some points of its recovery. */
export async function runPairs(
  slots: readonly Slot[],
  cases: readonly Case[],
  { pairs, seed }: MatrixOptions,
  say: Say,
): Promise<Tally> {
  const kills = cases.filter(({ fault }) => fault === 'KILL');
  const firsts = sampleOf(kills, Math.ceil(pairs / SECONDS_EACH), seed + 1);
  const verdicts = await onSlots(slots, firsts, async (slot, first, index) => {
    const stage = await slot.stageOf(scenarioOf(first));
    const points = (await recordRecovery(stage, first)) ?? [];
    const seconds = sampleOf(points, SECONDS_EACH, seed + index);
    const own: { readonly title: string; readonly verdict: Verdict }[] = [];
    for (const second of seconds) {
      const title = `${titleOf(first)}, then at ${second.call} ${second.path} #${second.occurrence}`;
      const verdict = await runPair(stage, first, second);
      say(`pair ${title}: ${tellVerdict(verdict)}`);
      own.push({ title, verdict });
    }
    return own;
  });
  return tallyOf(verdicts.flat());
}

const SECONDS_EACH = 4;

function scenarioOf({ scenario }: Case): Scenario {
  const found = SCENARIOS.find(({ name }) => name === scenario);
  if (found === undefined) throw new Error(`there is no scenario ${scenario}`);
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

export function tallyOf(verdicts: readonly { readonly title: string; readonly verdict: Verdict }[]): Tally {
  const outcomes: Record<string, number> = {};
  for (const { verdict } of verdicts) {
    const end = verdict.kind === 'whole' ? verdict.outcome : verdict.kind;
    outcomes[end] = (outcomes[end] ?? 0) + 1;
  }
  const titlesOf = (kind: Verdict['kind']): readonly string[] =>
    verdicts.filter(({ verdict }) => verdict.kind === kind).map(({ title }) => title);
  const notHit = titlesOf('not-hit');
  return {
    planned: verdicts.length,
    hit: verdicts.length - notHit.length,
    broken: titlesOf('broken'),
    notHit,
    outcomes,
  };
}
