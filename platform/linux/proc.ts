import { readFileSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import type { ProcessIdentity } from '../processes.ts';
import { isErrno } from '../node/errno.ts';
import { isLive, parseStat } from './proc-stat.ts';
import type { ProcStat } from './proc-stat.ts';

/** Processes come and go while we read: an entry that vanished or is closed to us is simply not seen. */
export function unlessGone(error: unknown): undefined {
  if (isErrno(error)) return undefined;
  throw error;
}

export interface SeenProcess {
  readonly identity: ProcessIdentity;
  readonly stat: ProcStat;
}

/** The process table, proc(5). */
export interface Proc {
  /** Zombies included; synchronous, so that a look and a signal are one act to the event loop. */
  read(pid: number): SeenProcess | undefined;
  /** Live processes. */
  list(): Promise<readonly SeenProcess[]>;
  /** Content of `/proc/PID/name`; undefined when gone or closed to this account. */
  text(pid: number, name: string): Promise<string | undefined>;
  /** `NAME=value` each, as the program was started; empty when gone or closed to this account. */
  environment(pid: number): readonly string[];
  link(pid: number, name: string): Promise<string | undefined>;
  /** Targets of all open descriptors; undefined when closed to this account. */
  descriptors(pid: number): Promise<readonly string[] | undefined>;
}

export function openProc(): Proc {
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  const read = (pid: number): SeenProcess | undefined => {
    const stat = readStat(pid);
    return stat && { identity: { pid, startTime: stat.startTicks, bootId }, stat };
  };
  const link = (pid: number, name: string): Promise<string | undefined> =>
    readlink(`/proc/${pid}/${name}`).catch(unlessGone);
  return {
    read,
    list: async () => {
      const seen = (await pids()).map(read);
      return seen.filter((process) => process !== undefined).filter((process) => isLive(process.stat));
    },
    text: (pid, name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(unlessGone),
    environment,
    link,
    descriptors: async (pid) => {
      const names = await readdir(`/proc/${pid}/fd`).catch(unlessGone);
      if (names === undefined) return undefined;
      const targets = await Promise.all(names.map((name) => link(pid, `fd/${name}`)));
      return targets.filter((target) => target !== undefined);
    },
  };
}

function environment(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch (error) {
    unlessGone(error);
    return [];
  }
}

async function pids(): Promise<readonly number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}

function readStat(pid: number): ProcStat | undefined {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    unlessGone(error);
    return undefined;
  }
}
