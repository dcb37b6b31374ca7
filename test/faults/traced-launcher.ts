import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { until } from '../kit/until.ts';
import type { LauncherProgram } from './launcher-program.ts';
import { CALL_NAMES, type Fault, SYNCS } from './calls.ts';
import type { Aim } from './points.ts';
import { parseTrace, type TracedCall } from './trace.ts';

/** What `strace` does to the launcher besides looking. */
export type Interference =
  | { readonly kind: 'none' }
  | { readonly kind: 'strike'; readonly call: string; readonly aim: Aim; readonly fault: Fault }
  /** Every fsync says yes and does nothing. */
  | { readonly kind: 'without-sync' };

/** The real launcher under `strace`; its server and its helpers are let go as soon as they run their own program. */
export interface TracedLauncher {
  readonly pid: number;
  output(): string;
  hasEnded(): boolean;
  kill(): Promise<void>;
  /** The calls so far; whole once it has ended. */
  trace(): readonly TracedCall[];
}

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
  let [text, ended] = ['', false];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  }
  child.once('exit', () => (ended = true));
  const { pid } = child;
  if (pid === undefined) throw new Error('strace cannot be started');
  return {
    pid,
    output: () => text,
    hasEnded: () => ended,
    async kill() {
      child.kill('SIGKILL');
      await until(
        () => ended && tracerEnded(options.traceFile, pid),
        'the traced launcher to end',
        TRACER_END_LIMIT_MS,
      );
    },
    trace: () => (existsSync(options.traceFile) ? parseTrace(readFileSync(options.traceFile, 'utf8')) : []),
  };
}

/** `-D` makes the launcher our child; `-b execve` lets go of whatever starts a program of its own. */
function straceArgs({ root, traceFile, interference }: TracedOptions): readonly string[] {
  const common = ['-D', '-f', '-y', '-b', 'execve', '-e', 'signal=KILL', '-o', traceFile];
  const calls = ['-e', `trace=${CALL_NAMES.join(',')}`];
  switch (interference.kind) {
    case 'none':
      return [...common, ...calls];
    case 'without-sync':
      return [...common, '-e', `trace=${SYNCS.join(',')}`, `--inject=${SYNCS.join(',')}:retval=0`];
    case 'strike': {
      const { call, aim, fault } = interference;
      const strike = fault === 'KILL' ? 'signal=KILL' : `error=${fault}`;
      return [
        ...common,
        '-e',
        // Opens tell which folder a descriptor's number stands for.
        `trace=${call},openat`,
        ...(aim.by === 'path' ? ['-P', `${root}/${aim.path}`] : []),
        `--inject=${call}:${strike}:when=${aim.when}`,
      ];
    }
  }
}

/** The tracer writes its last line after the launcher is gone. */
function tracerEnded(traceFile: string, pid: number): boolean {
  return existsSync(traceFile) && new RegExp(`^${pid} +\\+\\+\\+ `, 'm').test(readFileSync(traceFile, 'utf8'));
}
