import { type CallName, isMutating } from './calls.ts';

/** One system call as `strace -f -y` wrote it, in the order in which the calls began. */
export interface TracedCall {
  readonly thread: number;
  readonly name: CallName;
  /** What `strace -P` compares: the file of the first descriptor, or the first path as the program gave it. */
  readonly aim: string;
  /** Another path that it compares as well: link(2) has two. */
  readonly alsoAim?: string;
  /** The same as a real path: what lies behind `/proc/self/fd/N` is looked up. */
  readonly path: string;
  /** Does this call change anything? A mere open for reading is only counted. */
  readonly mutating: boolean;
  readonly outcome: 'returned' | 'failed' | 'cut';
  readonly injected: boolean;
  /** Made by the launcher itself, not by its server or another program. */
  readonly own: boolean;
}

/** The calls of a whole trace; lines that are no calls (exits, signals) are left out. Without births in it every call is the launcher's. */
export function parseTrace(text: string, launcher: number): readonly TracedCall[] {
  const lines = wholeLines(text);
  const threads = threadsOf(lines, launcher);
  const descriptors = new Map<string, string>();
  return lines.flatMap(({ thread, line }) => {
    const own = threads === undefined || threads.has(thread);
    const call = parseCall(thread, line, own ? descriptors : new Map<string, string>());
    return call === undefined ? [] : [{ ...call, own }];
  });
}

/** How a process or a thread is made. */
export const BIRTHS = ['clone', 'clone3', 'fork', 'vfork'] as const;
const BIRTH = /^(?:clone3?|v?fork)\(.* = (\d+)$/;

/** The launcher's threads; undefined when births were not traced. */
function threadsOf(lines: readonly Line[], launcher: number): ReadonlySet<number> | undefined {
  const births = lines.filter(({ line }) => BIRTH.test(line));
  if (births.length === 0) return undefined;
  const threads = new Set([launcher]);
  for (const { thread, line } of births) {
    if (threads.has(thread) && line.includes('CLONE_THREAD')) threads.add(Number(BIRTH.exec(line)?.[1]));
  }
  return threads;
}

interface Line {
  readonly thread: number;
  line: string;
}

const UNFINISHED = ' <unfinished ...>';
const RESUMED = /^<\.\.\. \w+ resumed>/;

/** A call that another thread interrupted is written in two halves; they stand together where it began. */
function wholeLines(text: string): readonly Line[] {
  const lines: Line[] = [];
  const open = new Map<number, Line>();
  for (const raw of text.split('\n')) {
    const [, number, rest] = /^(\d+) +(.*)$/.exec(raw) ?? [];
    if (number === undefined || rest === undefined) continue;
    const thread = Number(number);
    const begun = open.get(thread);
    if (begun !== undefined && RESUMED.test(rest)) {
      begun.line += rest.replace(RESUMED, '');
      open.delete(thread);
      continue;
    }
    const line: Line = { thread, line: rest.endsWith(UNFINISHED) ? rest.slice(0, -UNFINISHED.length) : rest };
    if (rest.endsWith(UNFINISHED)) open.set(thread, line);
    lines.push(line);
  }
  return lines;
}

const CALL = /^(\w+)\((.*)$/s;
const DESCRIPTOR = /^\d+<([^>]*)>/;
const QUOTED = /"((?:[^"\\]|\\.)*)"/;
const ANY_FOLDER = /^(?:AT_FDCWD|\d+)<[^>]*>, /;
/** Calls whose first argument is the folder of the path behind it. */
const FROM_FOLDER = /at2?$/;

function parseCall(
  thread: number,
  line: string,
  descriptors: Map<string, string>,
): Omit<TracedCall, 'own'> | undefined {
  const [, name, rest] = CALL.exec(line) ?? [];
  if (name === undefined || rest === undefined || !isMutating(name)) return undefined;
  if (name === 'ioctl' && !rest.includes('FICLONE')) return undefined;
  const aim = aimOf(name, rest);
  if (aim === undefined) return undefined;
  const path = realPath(aim, descriptors);
  const outcome = / = -1 /.test(rest) ? 'failed' : / = \d/.test(rest) ? 'returned' : 'cut';
  if (name === 'openat') rememberDescriptor(rest, path, descriptors);
  const mutating = name !== 'openat' || rest.includes('O_CREAT') || rest.includes('O_TRUNC');
  const alsoAim = name === 'link' ? secondPath(rest) : undefined;
  const injected = rest.includes('(INJECTED)');
  return { thread, name, aim, ...(alsoAim !== undefined && { alsoAim }), path, mutating, outcome, injected };
}

function secondPath(rest: string): string | undefined {
  const first = QUOTED.exec(rest);
  return first === null ? undefined : QUOTED.exec(rest.slice(first.index + first[0].length))?.[1];
}

function aimOf(name: CallName, rest: string): string | undefined {
  const pathBehind = FROM_FOLDER.test(name) ? rest.replace(ANY_FOLDER, '') : rest;
  const argument = pathBehind.startsWith('"') ? pathBehind : rest;
  if (argument.startsWith('"')) return QUOTED.exec(argument)?.[1];
  // The first descriptor of sendfile(2) is where to; of copy_file_range(2) it is where from.
  const which = name === 'copy_file_range' ? argument.replace(/^\d+<[^>]*>, [^,]+, /, '') : argument;
  return DESCRIPTOR.exec(which)?.[1];
}

function realPath(aim: string, descriptors: ReadonlyMap<string, string>): string {
  const [, number, below] = /^\/proc\/self\/fd\/(\d+)(.*)$/.exec(aim) ?? [];
  if (number === undefined) return aim.replace(/ \(deleted\)$/, '');
  return `${descriptors.get(number) ?? `/proc/self/fd/${number}`}${below ?? ''}`;
}

function rememberDescriptor(rest: string, path: string, descriptors: Map<string, string>): void {
  const [, number, shown] = / = (\d+)<([^>]*)>/.exec(rest) ?? [];
  if (number !== undefined) descriptors.set(number, shown ?? path);
}
