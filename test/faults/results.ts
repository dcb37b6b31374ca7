import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Verdict } from './case-run.ts';

export type Group = 'cases' | 'pairs' | 'cuts';

/** What was found so far; written down line by line, so that another run can go on where one was ended. */
export interface Results {
  /** Was it hit in this run or in the one that is resumed? */
  has(title: string): boolean;
  add(group: Group, title: string, verdict: Verdict): void;
  /** That something is done which has no verdict of its own. */
  note(what: string): void;
  tally(group: Group): Tally;
  /** How often each end was met. */
  outcomes(group: Group): Readonly<Record<string, number>>;
  /** Minutes that earlier runs took, which this one goes on from. */
  readonly earlierMinutes: number;
}

/** What was planned and how it went. */
export interface Tally {
  readonly planned: number;
  readonly hit: number;
  readonly broken: readonly string[];
  readonly notHit: readonly string[];
}

interface Line {
  readonly group: Group | 'note' | 'run';
  readonly title: string;
  readonly verdict?: Verdict;
  /** Minutes since its run began. */
  readonly minutes: number;
}

/** `file` holds the lines of an earlier run of the same `run` (commit and options), or is begun anew. */
export function openResults(file: string | undefined, run: string): Results {
  const found = file === undefined ? [] : linesOf(file);
  const earlier = found[0]?.title === run ? found : [];
  const known = new Map(earlier.filter(({ verdict }) => verdict?.kind !== 'not-hit').map((line) => [line.title, line]));
  const write = (line: Line): void => {
    known.set(line.title, line);
    if (file !== undefined) appendFileSync(file, `${JSON.stringify(line)}\n`);
  };
  const minutes = (): number => performance.now() / 60_000;
  if (file !== undefined && earlier.length === 0) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '');
  }
  write({ group: 'run', title: run, minutes: 0 });
  const of = (group: Group): readonly Line[] => [...known.values()].filter((line) => line.group === group);
  return {
    has: (title) => known.has(title),
    add: (group, title, verdict) => write({ group, title, verdict, minutes: minutes() }),
    note: (title) => write({ group: 'note', title, minutes: minutes() }),
    tally: (group) => tallyOf(of(group)),
    outcomes: (group) => outcomesOf(of(group)),
    earlierMinutes: earlierMinutes(earlier),
  };
}

function linesOf(file: string): readonly Line[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Line);
}

/** Each run begins with a line of its own, at zero. */
function earlierMinutes(lines: readonly Line[]): number {
  return lines.reduce((sum, line, index) => {
    const next = lines[index + 1];
    return next === undefined || next.group === 'run' ? sum + line.minutes : sum;
  }, 0);
}

function tallyOf(lines: readonly Line[]): Tally {
  const titlesOf = (kind: Verdict['kind']): readonly string[] =>
    lines.filter(({ verdict }) => verdict?.kind === kind).map(({ title }) => title);
  const notHit = titlesOf('not-hit');
  return { planned: lines.length, hit: lines.length - notHit.length, broken: titlesOf('broken'), notHit };
}

function outcomesOf(lines: readonly Line[]): Readonly<Record<string, number>> {
  const outcomes: Record<string, number> = {};
  for (const { verdict } of lines) {
    const end = verdict?.kind === 'whole' ? verdict.outcome : (verdict?.kind ?? 'nothing');
    outcomes[end] = (outcomes[end] ?? 0) + 1;
  }
  return outcomes;
}
