import { readdirSync, readFileSync } from 'node:fs';
import { until } from '../kit/until.ts';

/**
 * Ends every process that works below `root`, by its command line: servers, and also what a launcher had forked and not yet
 * turned into a server when it was killed.
 */
export async function endProcessesBelow(root: string): Promise<void> {
  await until(() => {
    const found = processesBelow(root);
    found.forEach(kill);
    return found.length === 0;
  }, `the processes below ${root} to end`);
}

function processesBelow(root: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && commandLine(name).includes(`${root}/`))
    .map(Number);
}

/** Empty for a process that is gone, or a zombie. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone by itself meanwhile.
  }
}
