import { spawn } from 'node:child_process';
import { openSync, writeSync } from 'node:fs';
import path from 'node:path';

/** Starts a program in a session of its own that lives for a while, with `heldFile` open if one is named. */
export function forkGrandchild(lifeMs: number, heldFile?: string): void {
  const held = heldFile === undefined ? 'ignore' : openSync(heldFile, 'r');
  const grandchild = spawn(process.execPath, ['-e', `setTimeout(() => {}, ${lifeMs})`], {
    detached: true,
    stdio: [held, 'ignore', 'ignore'],
    cwd: path.parse(process.execPath).root,
  });
  grandchild.unref();
}

const FLOOD_EVERY_MS = 100;

/** Writes nonsense to standard output until the process ends. */
export function floodLog(megabytesPerSecond: number): void {
  const bytes = Math.round((megabytesPerSecond * 1_000_000 * FLOOD_EVERY_MS) / 1000);
  const lines = Buffer.from('flooding the log with lines that nobody needs\n'.repeat(Math.ceil(bytes / 46)));
  setInterval(() => writeSync(1, lines), FLOOD_EVERY_MS).unref();
}
