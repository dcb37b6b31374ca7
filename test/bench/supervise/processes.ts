import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What the processes of one supervisor cost together; its child is not counted. */
export interface Cost {
  readonly processes: number;
  readonly rssMiB: number;
  /** Shared pages divided among those that share them. */
  readonly pssMiB: number;
  readonly cpuSeconds: number;
}

/** The variable by which the bench knows what a supervisor started, also after its parents are gone. */
export const OWNER_VARIABLE = 'BENCH_FOLDER';

/** Live processes that run this very program file. */
export function processesOfProgram(program: string): readonly number[] {
  return pids().filter((pid) => isLive(pid) && attemptText(() => readlinkSync(`/proc/${pid}/exe`)) === program);
}

/** The processes of a supervisor: its root, what stems from it, and what names its folder; without its child's program. */
export function supervisorProcesses(root: number | undefined, folder: string, program: string): readonly number[] {
  const children = new Set(processesOfProgram(program));
  const own = pids().filter((pid) => pid !== process.pid && isLive(pid) && !children.has(pid));
  const found = new Set(own.filter((pid) => pid === root || mentions(pid, folder)));
  for (let size = -1; size !== found.size;) {
    size = found.size;
    for (const pid of own) if (found.has(parentOf(pid))) found.add(pid);
  }
  return [...found];
}

export function costOf(processes: readonly number[]): Cost {
  const sum = (of: (pid: number) => number): number => processes.reduce((total, pid) => total + of(pid), 0);
  return {
    processes: processes.length,
    rssMiB: round(sum((pid) => memory(pid, 'Rss')) / 1024, 1),
    pssMiB: round(sum((pid) => memory(pid, 'Pss')) / 1024, 1),
    cpuSeconds: sum(cpuSeconds),
  };
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

export function isLive(pid: number): boolean {
  const state = statFields(pid)[0];
  return state !== undefined && state !== 'Z' && state !== 'X';
}

function parentOf(pid: number): number {
  return Number(statFields(pid)[1] ?? 0);
}

/** The fields after the name, which may hold anything: proc_pid_stat(5). */
function statFields(pid: number): readonly string[] {
  const text = attemptText(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  return text === '' ? [] : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function mentions(pid: number, folder: string): boolean {
  return ['cmdline', 'environ'].some((name) =>
    attemptText(() => readFileSync(`/proc/${pid}/${name}`, 'latin1'))
      .split('\0')
      .some((word) => word === `${OWNER_VARIABLE}=${folder}` || (name === 'cmdline' && word.includes(`${folder}/`))),
  );
}

function memory(pid: number, what: 'Rss' | 'Pss'): number {
  const text = attemptText(() => readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'));
  return Number(new RegExp(`^${what}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
}

/** Of all threads, in nanoseconds' resolution: the ticks of stat are too coarse for an idle process. */
function cpuSeconds(pid: number): number {
  const threads = attemptText(() => readdirSync(`/proc/${pid}/task`).join(' '));
  return threads
    .split(' ')
    .filter((thread) => thread !== '')
    .map((thread) => attemptText(() => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1')))
    .reduce((total, text) => total + Number(text.split(' ')[0]) / 1e9, 0);
}

function pids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Processes end while we read of them. */
function attemptText(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
