import { join } from 'node:path';
import type { Files } from '../platform/files.ts';
import type { Log } from '../platform/log.ts';

const CURRENT = 'server.log';
const EARLIER = /^server-\d{8}T\d{9}Z(?:-\d+)?\.log$/;
const EARLIER_KEPT = 20;
/** Enough for the last lines of any sane program; a longer line is cut. */
const TAIL_BYTES = 16 * 1024;
const TAIL_LINES = 20;
const SAME_NAME_TRIES = 10;

/** Where the server's output goes; the OS appends to it, no launcher has to be there. */
export function outputFileIn(logFolder: string): string {
  return join(logFolder, CURRENT);
}

/**
 * Sets the output of the run before aside as `server-<UTC>.log` and keeps the newest 20 of those.
 *
 * Nothing here can stop a start: what fails is logged, and the new output is appended to the old.
 */
export async function rotateOutput(files: Files, logFolder: string, now: number, log: Log): Promise<void> {
  const made = await files.makeFolder(logFolder);
  if (!made.ok) log.warn('the folder of the server output cannot be made', { fault: made.fault });
  const current = await files.facts(outputFileIn(logFolder));
  if (!current.ok || !current.value || current.value.size === 0) return;
  await setAside(files, logFolder, current.value.modifiedMs || now, log);
  await removeOldest(files, logFolder, log);
}

/** The last lines of an output file, oldest first; empty when there is none. */
export async function tailOf(files: Files, path: string): Promise<readonly string[]> {
  const opened = await files.openReadable(path);
  if (!opened.ok) return [];
  try {
    const facts = await opened.value.facts();
    const size = facts.ok ? facts.value.size : 0;
    const start = Math.max(0, size - TAIL_BYTES);
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
    const read = await opened.value.read(buffer, start);
    const lines = buffer
      .subarray(0, read.ok ? read.value : 0)
      .toString('utf8')
      .split(/\r?\n/);
    // The first line is most likely cut when the file is longer than what was read.
    return lines
      .slice(start > 0 && lines.length > 1 ? 1 : 0)
      .filter((line) => line.trim() !== '')
      .slice(-TAIL_LINES);
  } finally {
    await opened.value.close();
  }
}

async function setAside(files: Files, logFolder: string, at: number, log: Log): Promise<void> {
  const stamp = new Date(at).toISOString().replace(/[-:.]/g, '');
  for (let number = 0; number < SAME_NAME_TRIES; number += 1) {
    const name = number === 0 ? `server-${stamp}.log` : `server-${stamp}-${number}.log`;
    const renamed = await files.renameNew(outputFileIn(logFolder), join(logFolder, name));
    if (renamed.ok) return;
    if (renamed.fault.code !== 'already-exists') {
      log.warn('the output of the server cannot be rotated', { fault: renamed.fault });
      return;
    }
  }
}

async function removeOldest(files: Files, logFolder: string, log: Log): Promise<void> {
  const names = await files.list(logFolder);
  if (!names.ok) return;
  for (const name of names.value.filter((candidate) => EARLIER.test(candidate)).slice(0, -EARLIER_KEPT)) {
    const removed = await files.remove(join(logFolder, name));
    if (!removed.ok) log.warn('an old output file cannot be removed', { fault: removed.fault });
  }
}
