import type { Flood } from './flood.ts';
import type { Survival } from './deaths.ts';
import { round } from './processes.ts';
import type { Restarts } from './restarts.ts';
import { FLOORS, SUPERVISOR_NAMES, type SupervisorName } from './supervisor.ts';

/** What an idle supervisor costs. */
export interface Idle {
  readonly processes: number;
  readonly rssMiB: number;
  readonly pssMiB: number;
  /** Of one core. */
  readonly cpuPercent: number;
}

/** All that was measured of one supervisor; what was not asked for is absent. */
export interface Findings {
  settled?: Restarts;
  burst?: Restarts;
  idle?: Idle;
  flood?: Flood;
  survival?: Survival;
  left?: number;
}

export type AllFindings = ReadonlyMap<SupervisorName, Findings>;

/** The bars of the supervision; only what was measured is judged. */
export const IDLE_LIMIT_PERCENT = 0.5;

/** Each bar that was missed, in words. */
export function missedBars(found: AllFindings): readonly string[] {
  const ours = found.get('ours') ?? {};
  const rivals = [...found].filter(([name]) => name !== 'ours' && !FLOORS.includes(name));
  const misses = rivals.flatMap(([name, { settled }]) =>
    settled && ours.settled && !(ours.settled.median < settled.median)
      ? [`settled restart is not faster than ${name}`]
      : [],
  );
  const { flood, survival, left, idle } = ours;
  if (flood && (flood.lost > 0 || flood.broken > 0)) misses.push(`${flood.lost} lines lost, ${flood.broken} broken`);
  if (survival && !(survival.childSurvives && survival.copies === 1))
    misses.push('the child does not survive, or twice');
  if (left !== undefined && left > 0) misses.push(`${left} grandchildren left`);
  if (idle && idle.cpuPercent >= IDLE_LIMIT_PERCENT) misses.push(`idle ${idle.cpuPercent} % of a core`);
  const pm2 = found.get('pm2')?.idle;
  if (idle && pm2 && idle.rssMiB >= pm2.rssMiB) misses.push('resident size is not below that of pm2');
  return misses;
}

/** One table, a line for each supervisor. */
export function tableOf(found: AllFindings): string {
  const rows = [...found].map(([name, findings]) => [name, ...COLUMNS.map(([, show]) => show(findings) ?? '–')]);
  const lines = [['', ...COLUMNS.map(([title]) => title)], ...rows];
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  return lines.map((line) => line.map((word, column) => word.padStart(widths[column] ?? 0)).join('  ')).join('\n');
}

const COLUMNS: readonly (readonly [string, (found: Findings) => string | undefined])[] = [
  ['settled ms', ({ settled }) => settled && settled.median.toFixed(1)],
  ['p99', ({ settled }) => settled && settled.p99.toFixed(1)],
  ['n', ({ settled }) => settled && countOf(settled)],
  ['burst ms', ({ burst }) => burst && burst.median.toFixed(0)],
  ['max', ({ burst }) => burst && burst.p99.toFixed(0)],
  ['n', ({ burst }) => burst && countOf(burst)],
  ['procs', ({ idle }) => idle && String(idle.processes)],
  ['RSS MiB', ({ idle }) => idle && idle.rssMiB.toFixed(1)],
  ['PSS MiB', ({ idle }) => idle && idle.pssMiB.toFixed(1)],
  ['idle CPU %', ({ idle }) => idle && idle.cpuPercent.toFixed(3)],
  ['1 GB s', ({ flood }) => flood && flood.seconds.toFixed(1)],
  ['CPU s', ({ flood }) => flood && flood.cpuSeconds.toFixed(1)],
  ['lost', ({ flood }) => flood && String(flood.lost)],
  ['broken', ({ flood }) => flood && String(flood.broken)],
  ['survives', ({ survival }) => survival && String(survival.childSurvives)],
  ['copies', ({ survival }) => survival && String(survival.copies)],
  ['taken over', ({ survival }) => survival && String(survival.takenOver)],
  ['left', ({ left }) => (left === undefined ? undefined : String(left))],
];

function countOf({ samples, missed }: Restarts): string {
  return missed === 0 ? String(samples) : `${samples}+${missed} missed`;
}

/** The figures for machines. */
export function figuresOf(found: AllFindings, engineRssMiB: number): object {
  const each = (pick: (findings: Findings) => unknown): object =>
    Object.fromEntries(SUPERVISOR_NAMES.flatMap((name) => entry(name, pick(found.get(name) ?? {}))));
  return {
    restartMs: each(({ settled }) => settled && round(settled.median, 2)),
    restartP99Ms: each(({ settled }) => settled && round(settled.p99, 2)),
    burstMs: each(({ burst }) => burst && round(burst.median, 1)),
    rssMiB: { ...each(({ idle }) => idle?.rssMiB), engine: engineRssMiB },
    idleCpuPct: each(({ idle }) => idle && round(idle.cpuPercent, 3)),
    logSeconds: each(({ flood }) => flood && round(flood.seconds, 1)),
    logCpuSeconds: each(({ flood }) => flood && round(flood.cpuSeconds, 1)),
    logLost: each(({ flood }) => flood?.lost),
    childSurvives: each(({ survival }) => survival?.childSurvives),
    copies: each(({ survival }) => survival?.copies),
    takenOver: each(({ survival }) => survival?.takenOver),
    grandchildrenLeft: each(({ left }) => left),
    missed: missedBars(found),
  };
}

function entry(name: string, value: unknown): readonly (readonly [string, unknown])[] {
  return value === undefined ? [] : [[name, value]];
}
