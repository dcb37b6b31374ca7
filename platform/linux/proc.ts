import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';
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
  /** Live processes; synchronous too: the thread pool takes longer for each call than the kernel for ten of them. */
  list(): readonly SeenProcess[];
  /** Content of `/proc/PID/name`; undefined when gone or closed to this account. */
  text(pid: number, name: string): Promise<string | undefined>;
  /** `NAME=value` each, as the program was started; empty when gone or closed to this account. */
  environment(pid: number): readonly string[];
  /** Live processes that were started with this entry (`NAME=value`) in their environment; synchronous as `list`. */
  startedWith(entry: string): readonly SeenProcess[];
  link(pid: number, name: string): Promise<string | undefined>;
  /** The same, at once. */
  linkNow(pid: number, name: string): string | undefined;
  /** Where one descriptor leads now. */
  descriptor(pid: number, number: string): string | undefined;
  /** All open descriptors; undefined when closed to this account. */
  descriptors(pid: number): Promise<readonly Descriptor[] | undefined>;
  /** The same, at once; empty when closed to this account. */
  descriptorsNow(pid: number): readonly Descriptor[];
}

export interface Descriptor {
  readonly number: string;
  readonly target: string;
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
    list: () => {
      const seen = pids().map(read);
      return seen.filter((process) => process !== undefined).filter((process) => isLive(process.stat));
    },
    text: (pid, name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(unlessGone),
    environment,
    startedWith: (entry) => {
      const seen = pidsStartedWith(entry).map(read);
      return seen.filter((process) => process !== undefined).filter((process) => isLive(process.stat));
    },
    link,
    linkNow,
    descriptor: (pid, number) => linkNow(pid, `fd/${number}`),
    descriptorsNow: (pid) => {
      const names = unlessUnseen(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
      return names.flatMap((number) => {
        const target = linkNow(pid, `fd/${number}`);
        return target === undefined ? [] : [{ number, target }];
      });
    },
    descriptors: async (pid) => {
      const names = await readdir(`/proc/${pid}/fd`).catch(unlessGone);
      if (names === undefined) return undefined;
      const targets = await Promise.all(names.map((name) => link(pid, `fd/${name}`)));
      return names.flatMap((number, index) => {
        const target = targets[index];
        return target === undefined ? [] : [{ number, target }];
      });
    },
  };
}

function linkNow(pid: number, name: string): string | undefined {
  return unlessUnseen(() => readlinkSync(`/proc/${pid}/${name}`));
}

function environment(pid: number): readonly string[] {
  return readNow(`/proc/${pid}/environ`)?.split('\0') ?? [];
}

/** The bytes are searched as they are: to make texts of the environments of all processes takes longer than to read them. */
function pidsStartedWith(entry: string): readonly number[] {
  const wanted = Buffer.from(entry);
  return pids().filter((pid) => {
    const length = readFirst(`/proc/${pid}/environ`);
    if (length === undefined || length === 0) return false;
    const mayBe = length === buffer.length || buffer.subarray(0, length).includes(wanted);
    return mayBe && environment(pid).includes(entry);
  });
}

function pids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function readStat(pid: number): ProcStat | undefined {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  // One line, given at once: there is no second piece to ask for.
  const text = readNow(`/proc/${pid}/stat`, 'one piece');
  return text === undefined ? undefined : parseStat(text);
}

/** Larger than any line of stat and than most environments. */
const buffer = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * A file of /proc, at once; undefined when it is gone or closed to this account. It never waits for a disk, and one buffer
 * for all spares asking for a size that is always 0.
 */
export function readNow(path: string, pieces: 'one piece' | 'to the end' = 'to the end'): string | undefined {
  return unlessUnseen(() => {
    const descriptor = openSync(path, 'r');
    try {
      let length = readSync(descriptor, buffer);
      if (pieces === 'one piece' || length === 0) return buffer.toString('utf8', 0, length);
      const read: Buffer[] = [];
      for (; length > 0; length = readSync(descriptor, buffer)) read.push(Buffer.from(buffer.subarray(0, length)));
      return Buffer.concat(read).toString('utf8');
    } finally {
      closeSync(descriptor);
    }
  });
}

/** Reads the first piece of a file of /proc into `buffer`; how long it is, undefined when the file is gone or closed to this account. */
function readFirst(path: string): number | undefined {
  try {
    const descriptor = openSync(path, 'r');
    try {
      return readSync(descriptor, buffer);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    unlessGone(error);
    return undefined;
  }
}

function unlessUnseen<Seen>(look: () => Seen): Seen | undefined {
  try {
    return look();
  } catch (error) {
    unlessGone(error);
    return undefined;
  }
}
