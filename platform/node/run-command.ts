import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Clock } from '../clock.ts';
import { faultOf } from '../fault.ts';
import type { ProcessExit, RunOutcome, RunRequest } from '../processes.ts';
import { fail, succeed } from '../result.ts';
import type { Result } from '../result.ts';
import { SERVICE_MANAGER_VARIABLE } from '../service-manager.ts';
import { exitOfChild } from './child-registry.ts';
import { spawnFailed, startedOrError } from './spawn-detached.ts';

const OUTPUT_LIMIT_BYTES = 64 * 1024;
/** A grandchild that keeps the pipe open must not hold us up once the command itself has ended. */
const LATE_OUTPUT_MS = 500;
/** A killed process is gone within milliseconds, unless it hangs in the kernel. */
const KILL_PATIENCE_MS = 5_000;

export type RunCommand = (request: RunRequest) => Promise<Result<RunOutcome>>;

/** Runs short commands; each is the leader of a group of its own, which `killGroup` ends at the deadline or on abort. */
export function createRunCommand(clock: Clock, killGroup: (leader: number) => Promise<void>): RunCommand {
  return async (request) => {
    if (request.signal?.aborted) return fail(stopped(request, 'cancelled'));
    const started = await start(request);
    if (!started.ok) return started;
    const child = started.value;
    const limit = request.outputLimit ?? OUTPUT_LIMIT_BYTES;
    const [output, errorOutput] = [capture(child.stdout, limit, request.onOutput), capture(child.stderr, limit)];
    child.stdin?.on('error', () => undefined); // the command may end without reading its input
    if (request.holdInput === true) child.stdin?.write(request.input ?? '');
    else child.stdin?.end(request.input ?? '');
    const exit = await exitOrDeadline(clock, child, request);
    if (exit === 'elapsed' || exit === 'aborted') {
      await killAndWait(clock, child, killGroup);
      dropStreams(child);
      return fail(stopped(request, exit === 'elapsed' ? 'timed-out' : 'cancelled'));
    }
    await within(clock, LATE_OUTPUT_MS, Promise.all([output.ended, errorOutput.ended]));
    dropStreams(child);
    return succeed({ exit, output: output.text(), errorOutput: errorOutput.text() });
  };
}

async function start(request: RunRequest): Promise<Result<ChildProcess>> {
  try {
    const child = spawn(request.command, [...request.args], {
      cwd: request.workingDirectory,
      env: { ...(request.environment ?? ownEnvironment()) },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const error = await startedOrError(child);
    return error === undefined ? succeed(child) : await spawnFailed(request.command, request.workingDirectory, error);
  } catch (error) {
    return spawnFailed(request.command, request.workingDirectory, error);
  }
}

/** A command that spoke to the service manager in our name would be taken for us. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !SERVICE_MANAGER_VARIABLE.test(name)));
}

interface Capture {
  text(): string;
  readonly ended: Promise<void>;
}

/** Keeps the first `limit` bytes and reads on, so that the command never blocks on a full pipe. */
function capture(stream: Readable | null, limit: number, tell?: (text: string) => void): Capture {
  const pieces: Buffer[] = [];
  const decoder = new TextDecoder();
  let kept = 0;
  const ended = new Promise<void>((resolve) => {
    stream?.on('data', (piece: Buffer) => {
      tell?.(decoder.decode(piece, { stream: true }));
      if (kept < limit) pieces.push(piece.subarray(0, limit - kept));
      kept += piece.length;
    });
    stream?.on('error', () => resolve());
    stream?.on('close', () => resolve());
  });
  return { text: () => Buffer.concat(pieces).toString('utf8'), ended };
}

async function exitOrDeadline(
  clock: Clock,
  child: ChildProcess,
  request: RunRequest,
): Promise<ProcessExit | 'elapsed' | 'aborted'> {
  const over = new AbortController();
  const signal = request.signal ? AbortSignal.any([over.signal, request.signal]) : over.signal;
  try {
    return await Promise.race([exitOfChild(child), clock.sleep(request.timeoutMs, signal)]);
  } finally {
    over.abort();
  }
}

async function killAndWait(
  clock: Clock,
  child: ChildProcess,
  killGroup: (leader: number) => Promise<void>,
): Promise<void> {
  // Node has not reaped it while no exit was seen, so that the pid is still the command's.
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) await killGroup(child.pid);
  await within(clock, KILL_PATIENCE_MS, exitOfChild(child));
}

function dropStreams(child: ChildProcess): void {
  for (const stream of child.stdio) stream?.destroy();
}

async function within(clock: Clock, milliseconds: number, event: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  await Promise.race([event, clock.sleep(milliseconds, over.signal)]);
  over.abort();
}

function stopped(request: RunRequest, code: 'timed-out' | 'cancelled') {
  return faultOf(
    code,
    code === 'timed-out' ? 'the command did not end in time and was killed' : 'the command was called off',
    {
      path: request.command,
      operation: 'run',
      values: { timeoutMs: request.timeoutMs },
    },
  );
}
