import type { ProcessRow } from '../node/process-observer.ts';

/** Columns asked of ps(1); `=` leaves the heading out, `lstart` has five words, `comm` may hold blanks and comes last. */
export const PS_COLUMNS = 'pid=,ppid=,pgid=,stat=,lstart=,time=,rss=,comm=';

export interface PsRow extends ProcessRow {
  readonly cpuMs: number;
  readonly residentBytes: number;
}

const LINE =
  /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\w{3}\s+\w{3}\s+\d+\s+\d+:\d+:\d+\s+\d{4})\s+([\d:.-]+)\s+(\d+)\s+(.+)$/;

/** Decodes the output of `ps -axo PS_COLUMNS` under LC_ALL=C and TZ=UTC; zombies are left out. */
export function parsePs(text: string, bootId: string): readonly PsRow[] {
  return text.split('\n').flatMap((line) => {
    const match = LINE.exec(line);
    if (match === null) return [];
    const [, pid = '', parent = '', group = '', state = '', started = '', time = '', resident = '', command = ''] =
      match;
    if (state.startsWith('Z')) return [];
    const startTime = started.replace(/\s+/g, ' ');
    return [
      {
        identity: { pid: Number(pid), startTime, bootId },
        parentPid: Number(parent),
        sessionPid: Number(group),
        startOrder: Date.parse(`${startTime} UTC`),
        name: command.slice(command.lastIndexOf('/') + 1),
        cpuMs: parseCpuTime(time),
        residentBytes: Number(resident) * 1024,
      },
    ];
  });
}

/** `[[days-]hours:]minutes:seconds.hundredths` */
function parseCpuTime(text: string): number {
  const [days, rest] = text.includes('-') ? text.split('-') : ['0', text];
  const seconds = (rest ?? '').split(':').reduce((total, part) => total * 60 + Number(part), 0);
  return Math.round((Number(days) * 86_400 + seconds) * 1000);
}

/** Pids in `ps -axEwwo pid=,command=` whose environment, printed after the arguments, has the variable. */
export function pidsWithVariable(text: string, variable: string, value: string): ReadonlySet<number> {
  const wanted = ` ${variable}=${value}`;
  const pids = text.split('\n').flatMap((line) => {
    const pid = /^\s*(\d+) /.exec(line)?.[1];
    return pid !== undefined && `${line} `.includes(`${wanted} `) ? [Number(pid)] : [];
  });
  return new Set(pids);
}
