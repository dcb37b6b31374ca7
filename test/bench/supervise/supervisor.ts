import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isLive, OWNER_VARIABLE } from './processes.ts';

export const SUPERVISOR_NAMES = ['ours', 'pm2', 'supervisord', 'runit', 's6', 'node', 'floor'] as const;
/** No rivals: the least that this engine, and that any program, needs for a restart. */
export const FLOORS: readonly SupervisorName[] = ['node', 'floor'];
export type SupervisorName = (typeof SUPERVISOR_NAMES)[number];

/** One supervisor in a folder of its own with one child: a tiny server on a port of its own. */
export interface Supervisor {
  readonly name: SupervisorName;
  readonly folder: string;
  readonly port: number;
  /** Brings the supervisor up, over whatever is there. */
  start(): Promise<void>;
  /** The process whose death is the supervisor's; for runit and s6 the one directly above the child. */
  root(): number | undefined;
  /** The stop that its manual names; resolves when the supervisor says that it is done. */
  stop(): Promise<void>;
  /** The files that hold the child's output. */
  logFiles(): readonly string[];
}

/** What a supervisor is made of. */
export interface Site {
  readonly folder: string;
  readonly port: number;
  /** Program and arguments of the child. */
  readonly child: readonly string[];
}

/** Starts a program that stays, its output in a file of the folder. */
export function startProgram(
  site: Site,
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): number {
  mkdirSync(site.folder, { recursive: true });
  const output = openSync(path.join(site.folder, 'supervisor.out'), 'a');
  const env = { ...process.env, [OWNER_VARIABLE]: site.folder, ...environment };
  const child = spawn(command, [...args], { detached: true, stdio: ['ignore', output, output], env });
  closeSync(output);
  child.unref();
  if (child.pid === undefined) throw new Error(`${command} cannot be started`);
  return child.pid;
}

/** Runs a command of a supervisor to its end, whatever its status. */
export async function control(
  site: Site,
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  const env = { ...process.env, [OWNER_VARIABLE]: site.folder, ...environment };
  const child = spawn(command, [...args], { stdio: 'ignore', env, timeout: CONTROL_LIMIT_MS });
  await new Promise((resolve) => child.once('close', resolve).once('error', resolve));
}

const CONTROL_LIMIT_MS = 60_000;

/** Asks a process that the bench started to end and waits for it. */
export async function terminate(pid: number | undefined): Promise<void> {
  if (pid === undefined || !isLive(pid)) return;
  process.kill(pid, 'SIGTERM');
  const deadline = performance.now() + CONTROL_LIMIT_MS;
  while (isLive(pid) && performance.now() < deadline) await sleep(20);
}

export function filesIn(folder: string, pattern = /./): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => path.join(folder, entry.name));
}
