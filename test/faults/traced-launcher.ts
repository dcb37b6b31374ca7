import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { until } from '../kit/until.ts';
import { ENGINE_FLAG } from './fault-site.ts';
import type { LauncherProgram } from './launcher-program.ts';
import { CALL_NAMES, type Fault } from './calls.ts';
import { pathsOf } from './pinned-number.ts';
import type { Aim } from './points.ts';
import { BIRTHS, parseTrace, type TracedCall } from './trace.ts';

/** What `strace` does to the launcher besides looking. */
export type Interference =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'strike';
      readonly call: string;
      readonly aim: Aim;
      readonly fault: Fault;
      /** Another process makes such a call, too: the tracer lets go of the others, and stops at every call of this one. */
      readonly alone: boolean;
    };

/** The real launcher under `strace`. */
export interface TracedLauncher {
  readonly pid: number;
  output(): string;
  hasEnded(): boolean;
  kill(): Promise<void>;
  /** The calls so far; whole once it has ended. */
  trace(): readonly TracedCall[];
}

/** Looks at the trace this often while a call that is to be the last one is held. */
const LOOK_EACH_MS = 8;
/** A held call goes on after this; it then counts as missed. What was killed meanwhile is gone only after it, too. */
const HOLD_MICROSECONDS = 800_000;

export interface TracedOptions {
  readonly program: LauncherProgram;
  readonly root: string;
  readonly configFile: string;
  readonly traceFile: string;
  readonly interference: Interference;
  /** Which row of pinned names it takes; the run after a crash needs another. */
  readonly row: number;
}

const TRACER_END_LIMIT_MS = 10_000;

export function hasStrace(): boolean {
  return (
    process.platform === 'linux' && spawnSync('strace', ['-f', '-b', 'execve', '-o', '/dev/null', 'true']).status === 0
  );
}

export function startTraced(options: TracedOptions): TracedLauncher {
  const child = spawn(
    'strace',
    [
      ...straceArgs(options),
      process.execPath,
      ENGINE_FLAG,
      '--require',
      options.program.pinnedNames,
      options.program.launcher,
      'run',
      '--config',
      options.configFile,
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      // One worker: the file calls of one step happen in one order.
      env: { ...process.env, UV_THREADPOOL_SIZE: '1', OM_FAULTS_ROW: String(options.row) },
    },
  );
  const { pid } = child;
  if (pid === undefined) throw new Error('strace cannot be started');
  let [text, ended, held, parsed] = ['', false, false, 0];
  const trace = (): readonly TracedCall[] => parseTrace(textOf(options.traceFile), pid);
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  }
  const watch = setInterval(() => {
    const written = textOf(options.traceFile);
    if (written.length === parsed) return;
    parsed = written.length;
    held ||= isHeld(options.interference, parseTrace(written, pid));
    if (held) child.kill('SIGKILL');
  }, LOOK_EACH_MS);
  if (!isHolding(options.interference)) clearInterval(watch);
  child.once('exit', () => {
    ended = true;
    clearInterval(watch);
  });
  return {
    pid,
    output: () => text,
    hasEnded: () => ended,
    async kill() {
      child.kill('SIGKILL');
      await until(
        // What was held has been read already; its tracer sleeps on for a while.
        () => ended && (held || tracerEnded(options.traceFile, pid)),
        'the traced launcher to end',
        TRACER_END_LIMIT_MS,
      );
    },
    trace,
  };
}

/**
 * `-D` makes the launcher our child. With `--seccomp-bpf` only the calls that are traced stop, which halves the time of a run,
 * but the server stays with the tracer, too; `-b execve` lets go of whatever starts a program of its own.
 */
function straceArgs({ root, traceFile, interference }: TracedOptions): readonly string[] {
  const common = ['-D', '-f', '-y', '-e', 'signal=KILL', '-o', traceFile];
  const quick = [...common, '--seccomp-bpf'];
  switch (interference.kind) {
    case 'none':
      return [...quick, '-e', `trace=${[...CALL_NAMES, ...BIRTHS].join(',')}`];
    case 'strike': {
      const { call, aim, alone } = interference;
      return [
        ...(alone ? [...common, '-b', 'execve'] : quick),
        '-e',
        // Opens tell which folder a descriptor's number stands for.
        `trace=${call},openat`,
        ...(aim.by === 'path' ? pathsOf(`${root}/${aim.path}`).flatMap((path) => ['-P', path]) : []),
        `--inject=${call}:${strikeOf(interference)}:when=${aim.when}`,
      ];
    }
  }
}

/** A signal cannot be put in at a stop of seccomp (ptrace(2)): the call is held there instead, and the launcher killed meanwhile. */
function strikeOf(interference: Extract<Interference, { readonly kind: 'strike' }>): string {
  if (isHolding(interference)) return `delay_enter=${HOLD_MICROSECONDS}`;
  return interference.fault === 'KILL' ? 'signal=KILL' : `error=${interference.fault}`;
}

function isHolding(interference: Interference): boolean {
  return interference.kind === 'strike' && interference.fault === 'KILL' && !interference.alone;
}

/** Has a thread begun the planned one of its calls, and not come back from it? */
function isHeld(interference: Interference, trace: readonly TracedCall[]): boolean {
  if (interference.kind !== 'strike') return false;
  const { call, aim } = interference;
  const counts = new Map<number, number>();
  return trace.some(({ thread, name, outcome }) => {
    if (name !== call) return false;
    const count = (counts.get(thread) ?? 0) + 1;
    counts.set(thread, count);
    return count === aim.when && outcome === 'cut';
  });
}

function textOf(traceFile: string): string {
  return existsSync(traceFile) ? readFileSync(traceFile, 'utf8') : '';
}

/** The tracer writes its last line after the launcher is gone. */
function tracerEnded(traceFile: string, pid: number): boolean {
  return new RegExp(`^${pid} +\\+\\+\\+ `, 'm').test(textOf(traceFile));
}
