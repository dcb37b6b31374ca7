import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, constants } from 'node:fs';
import { access, lstat } from 'node:fs/promises';
import { faultOf } from '../fault.ts';
import type { ProcessIdentity, SpawnRequest } from '../processes.ts';
import { fail, succeed } from '../result.ts';
import type { Result } from '../result.ts';
import type { Actor } from './errno.ts';
import { isErrno } from './errno.ts';
import { openRegularNow } from './file-handles.ts';

const OUTPUT_MODE = 0o640;

export interface StartedChild {
  readonly child: ChildProcess;
  readonly identity: ProcessIdentity;
}

type Identify = (pid: number) => Promise<ProcessIdentity>;

/**
 * Starts a child in a session of its own, its output appended to a file by the OS, standard input empty.
 *
 * The file is opened in this very turn: Node's spawn(2) waits for the same disk, and a restart for every turn of the event loop.
 */
export async function spawnDetached(
  actor: Actor,
  identify: Identify,
  request: SpawnRequest,
): Promise<Result<StartedChild>> {
  const output = openOutput(actor, request);
  if (!output.ok) return output;
  try {
    const started = await start(identify, request, output.value);
    if (started.ok) started.value.child.unref();
    return started;
  } finally {
    closeSync(output.value);
  }
}

/** The same without any turn of the event loop, where a process can be identified in this one. It hands no socket over. */
export function spawnDetachedNow(
  actor: Actor,
  identify: (pid: number) => ProcessIdentity,
  request: SpawnRequest,
): Result<StartedChild> {
  const output = openOutput(actor, request);
  if (!output.ok) return output;
  try {
    const child = spawnChild(request, output.value);
    // libuv waits for execve(2), so that a child without a pid was refused; why is told to listeners later.
    child.once('error', () => undefined);
    if (child.pid === undefined) return refused(request);
    child.unref();
    return succeed({ child, identity: identify(child.pid) });
  } catch (error) {
    if (!isErrno(error)) throw error;
    return refused(request, error.code);
  } finally {
    closeSync(output.value);
  }
}

function refused({ command }: SpawnRequest, errno = 'unknown'): Result<never> {
  const detail = 'the operating system refused to start it';
  return fail(faultOf('spawn-failed', detail, { path: command, operation: 'spawn', values: { errno } }));
}

function openOutput(actor: Actor, { outputFile }: SpawnRequest): Result<number> {
  const { O_WRONLY, O_CREAT, O_APPEND } = constants;
  return openRegularNow(actor, outputFile, O_WRONLY | O_CREAT | O_APPEND, OUTPUT_MODE);
}

async function start(identify: Identify, request: SpawnRequest, output: number): Promise<Result<StartedChild>> {
  try {
    if (request.socket !== undefined) await access(request.command, constants.X_OK);
    const child = spawnChild(request.socket === undefined ? request : withSocket(request), output, request.socket);
    // Asked in the same turn: until the event loop runs, even a child that has ended already keeps its pid.
    const identity = child.pid === undefined ? undefined : identify(child.pid);
    const error = await startedOrError(child);
    if (error === undefined && identity !== undefined) return succeed({ child, identity: await identity });
    return await spawnFailed(request.command, request.workingDirectory, error);
  } catch (error) {
    return spawnFailed(request.command, request.workingDirectory, error);
  }
}

function spawnChild(
  { command, args, environment, workingDirectory }: SpawnRequest,
  output: number,
  socket?: SpawnRequest['socket'],
): ChildProcess {
  return spawn(command, [...args], {
    cwd: workingDirectory,
    env: { ...environment },
    detached: true,
    stdio: ['ignore', output, output, ...(socket === undefined ? [] : [socket.descriptor])],
    windowsHide: true,
  });
}

/** The number of a process is known to itself alone before it runs: the shell notes its own, and becomes the program. */
const NOTE_OWN_NUMBER = 'export LISTEN_PID=$$; exec "$@"';

function withSocket(request: SpawnRequest): SpawnRequest {
  return {
    ...request,
    command: '/bin/sh',
    args: ['-c', NOTE_OWN_NUMBER, 'sh', request.command, ...request.args],
    environment: { ...request.environment, LISTEN_FDS: '1', LISTEN_FDNAMES: 'server' },
  };
}

/** Resolves once the program image is running (undefined) or was refused. */
export function startedOrError(child: ChildProcess): Promise<Error | undefined> {
  return new Promise((resolve) => {
    child.once('spawn', () => resolve(undefined));
    child.once('error', resolve);
  });
}

/** Node reports a missing working directory as a missing program: looks which of the two it is. */
export async function spawnFailed(
  command: string,
  workingDirectory: string | undefined,
  error: unknown,
): Promise<Result<never>> {
  if (!isErrno(error)) throw error;
  const folderMissing = workingDirectory !== undefined && !(await isFolder(workingDirectory));
  return fail(
    faultOf('spawn-failed', `the operating system refused to start it: ${error.code}`, {
      path: folderMissing ? workingDirectory : command,
      operation: folderMissing ? 'chdir' : 'spawn',
      values: { errno: error.code },
    }),
  );
}

async function isFolder(path: string): Promise<boolean> {
  return lstat(`${path}/.`).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
