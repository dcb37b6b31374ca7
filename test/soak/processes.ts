import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kill } from '../faults/end-processes.ts';
import { until } from '../kit/until.ts';

/** A process that belongs to the machine of a soak. */
export interface FoundProcess {
  readonly pid: number;
  readonly parent: number;
  readonly commandLine: string;
  readonly role: 'launcher' | 'server' | 'other';
}

/** Where whatever runs on this machine puts temporary files: inherited, it also tells whose process one is. */
export function temporaryOf(folder: string): string {
  return join(folder, 'tmp');
}

/** Whatever runs for the machine in `folder`, whoever started it: by its command line or its environment. */
export function findProcesses(folder: string): readonly FoundProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      const commandLine = read(name, 'cmdline').replaceAll('\0', ' ').trim();
      const isOurs =
        commandLine.includes(`${folder}/`) ||
        read(name, 'environ')
          .split('\0')
          .includes(`TMPDIR=${temporaryOf(folder)}`);
      if (!isOurs || commandLine === '') return [];
      return [{ pid: Number(name), parent: parentOf(name), commandLine, role: roleOf(folder, commandLine) }];
    });
}

/** Everything but one launcher, one server, and what this server has started and still answers for. */
export function strangers(found: readonly FoundProcess[]): readonly FoundProcess[] {
  const launcher = found.find(({ role }) => role === 'launcher');
  const server = found.find(({ role }) => role === 'server');
  return found.filter((one) => one !== launcher && one !== server && one.parent !== server?.pid);
}

/** Ends all of them, also what is started meanwhile. */
export async function endProcesses(folder: string): Promise<void> {
  await until(() => {
    const found = findProcesses(folder);
    for (const { pid } of found) kill(pid);
    return found.length === 0;
  }, 'the processes of the soak to end');
}

function roleOf(folder: string, commandLine: string): FoundProcess['role'] {
  if (commandLine.endsWith(` run --config ${join(folder, 'om-launcher.json')}`)) return 'launcher';
  return commandLine.includes('/om-server.mjs ') && commandLine.includes(` ${join(folder, 'Data')}/`)
    ? 'server'
    : 'other';
}

function parentOf(pid: string): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(read(pid, 'status'))?.[1] ?? 0);
}

/** Empty for a process that is gone, a zombie, or another account's. */
function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
