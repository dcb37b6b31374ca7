import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { OmSite } from '../e2e/kit/om-site.ts';
import { until } from '../kit/until.ts';
import { strangersOf } from './checks.ts';
import { findStrangeFiles } from './files.ts';
import { descriptorsOf, residentBytes } from './figures.ts';
import { temporaryOf } from './processes.ts';
import { CONTROL_FOUND, LARGEST_GROWTH_PERCENT } from './verdict.ts';

/** Node's arguments for a launcher that can be made to leak. */
export const LEAKING = ['--import', resolve(import.meta.dirname, 'leak.ts')];

/**
 * Plants on a good machine what a soak looks for, and tells whether it is seen: a process, a file, memory and descriptors of
 * the launcher. A checker that finds nothing proves nothing.
 */
export async function plantAndFind(site: OmSite, launcher: number): Promise<string> {
  const missed = [
    ...((await findsProcess(site)) ? [] : ['a process']),
    ...(findsFile(site) ? [] : ['a file']),
    ...(await missedLeaks(launcher)),
  ];
  return missed.length === 0 ? CONTROL_FOUND : `not found: ${missed.join(', ')}`;
}

/** As a grandchild that has left everything of its server but its place for temporary files. */
async function findsProcess(site: OmSite): Promise<boolean> {
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 600_000)'], {
    detached: true,
    stdio: 'ignore',
    env: { TMPDIR: temporaryOf(site.folder) },
  });
  try {
    return await until(
      () => strangersOf(site).some((found) => found.startsWith(`${child.pid} `)),
      'the planted process',
    ).catch(() => false);
  } finally {
    child.kill('SIGKILL');
  }
}

function findsFile(site: OmSite): boolean {
  const file = join(site.stateFolder, 'orders', 'left-behind.tmp');
  writeFileSync(file, '');
  try {
    return findStrangeFiles(site).some((found) => found.endsWith('left-behind.tmp'));
  } finally {
    rmSync(file);
  }
}

async function missedLeaks(launcher: number): Promise<readonly string[]> {
  const [descriptors, resident] = [descriptorsOf(launcher).length, residentBytes(launcher)];
  process.kill(launcher, 'SIGUSR2');
  const grows = async (isMore: () => boolean): Promise<boolean> =>
    until(isMore).then(
      () => true,
      () => false,
    );
  const limit = resident * (1 + LARGEST_GROWTH_PERCENT / 100);
  return [
    ...((await grows(() => descriptorsOf(launcher).length > descriptors)) ? [] : ['a descriptor']),
    ...((await grows(() => residentBytes(launcher) > limit)) ? [] : ['memory']),
  ];
}
