import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { onTestFinished } from 'vitest';
import { until } from './until.ts';

export interface ProgramOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
}

/** A real program that runs beside the test. */
export interface Program {
  readonly pid: number;
  /** Standard output so far. */
  output(): string;
  errorOutput(): string;
  /** Waits until the output matches, gives the match. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  signal(signal: NodeJS.Signals): void;
  /** How it ended: its exit status or the signal's name. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** Starts a program in a process group of its own; the whole group is killed when the test ends, however it ends. */
export function runProgram(command: string, args: readonly string[], options: ProgramOptions = {}): Program {
  const child = spawn(command, [...args], {
    cwd: options.workingDirectory,
    env: { ...process.env, ...options.environment },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => killGroup(child));
  const output = gather(child.stdout);
  const errorOutput = gather(child.stderr);
  const ended = endOf(child);
  ended.catch(() => undefined);
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot start ${command}`);
  return {
    pid,
    output,
    errorOutput,
    said: (pattern) =>
      until(
        () => pattern.exec(output()),
        () => `${command} to say ${String(pattern)}; it said ${output()} ${errorOutput()}`,
      ),
    signal: (signal) => {
      child.kill(signal);
    },
    ended,
  };
}

/** Runs a TypeScript or JavaScript file with the Node that runs the tests. */
export function runScript(file: string, args: readonly string[] = [], options: ProgramOptions = {}): Program {
  return runProgram(process.execPath, [file, ...args], options);
}

/** A grandchild may keep the output open for longer than its parent lives. */
const LATE_OUTPUT_MS = 500;

/** How it ended, once all that it said has arrived. */
function endOf(child: ChildProcess): Promise<number | NodeJS.Signals> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      const end = signal ?? code ?? -1;
      const timer = setTimeout(() => resolve(end), LATE_OUTPUT_MS);
      child.once('close', () => {
        clearTimeout(timer);
        resolve(end);
      });
    });
  });
}

function gather(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (piece: string) => {
    text += piece;
  });
  return () => text;
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
