import type { Cycle } from './plan.ts';
import type { Played } from './cycle.ts';

/** What a run counted; the last line of `--json`. */
export interface SoakCounts {
  readonly cycles: number;
  readonly updates: number;
  readonly fallbacks: number;
  readonly rollbacks: number;
  readonly refused: number;
  readonly launcherKills: number;
  readonly serverKills: number;
  readonly sessions: number;
  /** Put out without a notice, all of them after their server had been killed in the cycle. */
  readonly untold: number;
  readonly broken: number;
  readonly leftoverProcesses: number;
  readonly leftoverFiles: number;
  /** Of the launcher that lives longest, at rest. */
  readonly descriptors: { readonly first: number; readonly last: number };
  /** Cycles of that launcher. */
  readonly longestLife: number;
  /** Null when that launcher lived too short to tell. */
  readonly rssGrowthPct: number | null;
  readonly seconds: number;
  /** With `--control` alone: what was planted was found. */
  readonly control?: string;
}

/** A launcher that needs more at each update runs out of it some day. */
export const LARGEST_GROWTH_PERCENT = 5;
/** So many cycles must tell whether memory grows. */
const CYCLES_THAT_TELL = 60;
export const CONTROL_FOUND = 'found';

/** Everything that makes a run fail; `[]` for a good one. Pure. */
export function failuresOf(counts: SoakCounts, planned: number): readonly string[] {
  const { cycles, broken, leftoverProcesses, leftoverFiles, descriptors, rssGrowthPct, control } = counts;
  return [
    ...(cycles < planned ? [`${cycles} of ${planned} cycles`] : []),
    ...(broken > 0 ? [`${broken} broken`] : []),
    ...(leftoverProcesses > 0 ? [`${leftoverProcesses} processes left`] : []),
    ...(leftoverFiles > 0 ? [`${leftoverFiles} files left`] : []),
    ...(descriptors.last > descriptors.first ? [`descriptors ${descriptors.first} → ${descriptors.last}`] : []),
    ...(rssGrowthPct === null && planned >= CYCLES_THAT_TELL ? ['the growth of memory could not be told'] : []),
    ...((rssGrowthPct ?? 0) >= LARGEST_GROWTH_PERCENT ? [`memory grew by ${rssGrowthPct} %`] : []),
    ...(control === undefined || control === CONTROL_FOUND ? [] : [`control: ${control}`]),
  ];
}

/** How an order may end: exactly one way when nothing was in its way; a cut one may turn back. Pure. */
export function mayEndSo(cycle: Pick<Cycle, 'kills'>, { goal, outcome }: Pick<Played, 'goal' | 'outcome'>): boolean {
  const isBad = goal.kind === 'update' && !goal.good;
  if (outcome === 'fell-back') return isBad || cycle.kills.length > 0;
  // A server that is down when its health is taken as the measure, or a launcher that could not ask.
  if (outcome === 'refused') return cycle.kills.length > 0;
  return !isBad && outcome === (goal.kind === 'rollback' ? 'rolled-back' : 'updated');
}
