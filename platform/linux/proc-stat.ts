/** What we read of /proc/PID/stat, proc_pid_stat(5). */
export interface ProcStat {
  readonly name: string;
  /** One letter; Z and X are dead. */
  readonly state: string;
  readonly parentPid: number;
  readonly session: number;
  /** Own time and that of children it waited for, clock ticks. */
  readonly cpuTicks: number;
  /** Field 22, clock ticks since boot; kept as text, compared only. */
  readonly startTicks: string;
  readonly residentPages: number;
  /** A thread of the kernel itself: no program, no files, no environment. */
  readonly isKernel: boolean;
}

/** PF_KTHREAD of the kernel's include/linux/sched.h, in field 9. */
const KERNEL_THREAD = 0x0020_0000;

/** USER_HZ is 100 on every architecture that Node runs on. */
export const TICK_MS = 10;

/** Decodes one line; the name may hold anything, blanks and brackets included, so that fields count from the last `)`. */
export function parseStat(line: string): ProcStat | undefined {
  const nameStart = line.indexOf('(');
  const nameEnd = line.lastIndexOf(')');
  if (nameStart < 0 || nameEnd < nameStart) return undefined;
  const fields = line.slice(nameEnd + 2).split(' ');
  const field = (number: number): string => fields[number - 3] ?? '';
  if (field(24) === '') return undefined;
  return {
    name: line.slice(nameStart + 1, nameEnd),
    state: field(3),
    parentPid: Number(field(4)),
    session: Number(field(6)),
    cpuTicks: Number(field(14)) + Number(field(15)),
    startTicks: field(22),
    residentPages: Number(field(24)),
    isKernel: (Number(field(9)) & KERNEL_THREAD) !== 0,
  };
}

/** Zombies and dead entries do nothing any more; only their parent has yet to ask. */
export function isLive(stat: ProcStat): boolean {
  return stat.state !== 'Z' && stat.state !== 'X' && stat.state !== 'x';
}
