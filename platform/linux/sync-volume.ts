import { execFile } from 'node:child_process';
import { release } from 'node:os';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A volume that is busy writing for others may take its time. */
const SYNC_LIMIT_MS = 600_000;
const ASK_LIMIT_MS = 10_000;
const ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C' };

/**
 * syncfs(2) of the volume that holds `folder`, through sync(1), for Node has no such call: one wait for the disk in place of
 * one for each file. False when this machine cannot do it, or it failed: then every file has to be synced by itself.
 *
 * Only since Linux 5.8 does syncfs report what could not be written (syncfs(2), NOTES), and only GNU sync passes that on.
 */
export async function syncVolume(folder: string): Promise<boolean> {
  if (!reportsErrors(release())) return false;
  try {
    const asked = await execute('sync', ['--version'], { env: ENVIRONMENT, timeout: ASK_LIMIT_MS });
    if (!asked.stdout.includes('coreutils')) return false;
    await execute('sync', ['--file-system', folder], { env: ENVIRONMENT, timeout: SYNC_LIMIT_MS });
    return true;
  } catch {
    // Not installed, not allowed, or the disk's error: whoever asked syncs the files and hears of it.
    return false;
  }
}

/** `kernel` as uname(2) gives it. */
export function reportsErrors(kernel: string): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  return major > 5 || (major === 5 && minor >= 8);
}
