import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import type { Machine } from '../../platform/machine.ts';
import type { Processes, ProcessExit } from '../../platform/processes.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { Staging, StageWork } from '../update/tools.ts';
import { STAGING_WORKER } from './staging-worker.ts';
import { decodeMessage, type WorkerMessage } from './worker-messages.ts';

/** Behind every other program a busy machine may take hours; this long, and something is wrong. */
const STAGING_LIMIT_MS = 6 * 3_600_000;
/** A worker writes short lines only. */
const LINE_LIMIT = 256 * 1024;

export interface StagingProcessDependencies {
  readonly files: Files;
  readonly processes: Pick<Processes, 'run'>;
  readonly machine: Pick<Machine, 'operatingSystem' | 'self' | 'environment'>;
}

/**
 * Stages in a short-lived process of our own executable, so that its memory goes back to the system and the server keeps the
 * processor. Everything else is done `here`.
 *
 * The process works in a folder of its own name, which is given its final one once it is whole: what a worker that was left
 * behind by a dead launcher may still do harms nobody. Errors: also `worker-died`, `spawn-failed`, `timed-out`.
 */
export function createStagingProcess(
  dependencies: StagingProcessDependencies,
  here: Staging,
  priority: 'idle' | 'normal',
): Staging {
  return {
    ...here,
    async stage(work, onProgress, signal) {
      const { files } = dependencies;
      const cleared = await removeLeftBehind(files, work.folder);
      if (!cleared.ok) return cleared;
      const folder = `${work.folder}.${randomBytes(6).toString('hex')}`;
      const staged = await runWorker(dependencies, { ...work, folder }, priority, onProgress, signal);
      const named = staged.ok ? await files.renameNew(folder, work.folder) : staged;
      if (named.ok) return named;
      const removed = await files.removeTree(folder);
      return removed.ok ? named : removed;
    },
  };
}

/** Folders of workers that did not come to their end. */
async function removeLeftBehind(files: Files, folder: string): Promise<Result<void>> {
  const names = await files.list(dirname(folder));
  if (!names.ok) return names.fault.code === 'not-found' ? succeed() : names;
  for (const name of names.value) {
    if (!/^\.[0-9a-f]{12}$/u.test(name.slice(basename(folder).length)) || !name.startsWith(basename(folder))) continue;
    const removed = await files.removeTree(join(dirname(folder), name));
    if (!removed.ok) return removed;
  }
  return succeed();
}

async function runWorker(
  { files, processes, machine }: StagingProcessDependencies,
  work: StageWork,
  priority: 'idle' | 'normal',
  onProgress: (doneBytes: number, totalBytes: number) => void,
  signal: AbortSignal,
): Promise<Result<void>> {
  let end: Exclude<WorkerMessage, { kind: 'progress' }> | undefined;
  const take = linesOf((line) => {
    const message = decodeMessage(line);
    if (message?.kind === 'progress') onProgress(message.doneBytes, message.totalBytes);
    else end = message ?? end;
  });
  const [command, ...args] = [...(await prefixFor(files, machine, priority)), ...machine.self, STAGING_WORKER];
  const ran = await processes.run({
    command,
    args,
    environment: definedOnly(machine.environment),
    input: `${JSON.stringify({ idle: priority === 'idle', work })}\n`,
    holdInput: true,
    onOutput: take,
    timeoutMs: STAGING_LIMIT_MS,
    signal,
  });
  if (!ran.ok) return ran;
  if (end !== undefined) return end.kind === 'done' ? succeed() : fail(end.fault);
  const said = ran.value.errorOutput.trim().slice(-500);
  return fail(faultOf('worker-died', `the staging process ${describe(ran.value.exit)}: ${said}`, { path: command }));
}

function describe(exit: ProcessExit): string {
  switch (exit.kind) {
    case 'exited':
      return `ended with status ${exit.code}`;
    case 'signalled':
      return `was ended by ${exit.signal}`;
    case 'gone':
      return 'is gone';
  }
}

/** Programs of util-linux that each run the rest of the command line: dies with us, runs when nobody else wants to. */
const PREFIXES = {
  always: [['/usr/bin/setpriv', '--pdeathsig', 'KILL']],
  idle: [
    ['/usr/bin/chrt', '--idle', '0'],
    ['/usr/bin/ionice', '--class', 'idle'],
  ],
} as const;

/** Those that this machine has; without them the worker still ends with its input, and lowers its own priority. */
export async function prefixFor(
  files: Pick<Files, 'facts'>,
  machine: Pick<Machine, 'operatingSystem'>,
  priority: 'idle' | 'normal',
): Promise<readonly string[]> {
  if (machine.operatingSystem !== 'linux') return [];
  const prefix: string[] = [];
  for (const words of [...PREFIXES.always, ...(priority === 'idle' ? PREFIXES.idle : [])]) {
    const facts = await files.facts(words[0]);
    if (facts.ok && facts.value?.kind === 'file') prefix.push(...words);
  }
  return prefix;
}

function linesOf(take: (line: string) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(0, LINE_LIMIT);
    lines.forEach(take);
  };
}

function definedOnly(environment: Machine['environment']): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
