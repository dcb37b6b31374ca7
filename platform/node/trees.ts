import { constants } from 'node:fs';
import { chmod, lstat, open, readdir, rmdir, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { WalkedEntry } from '../files.ts';
import { fail, succeed } from '../result.ts';
import type { Result } from '../result.ts';
import { syncFolder } from './durable-files.ts';
import { attempt, faultOfErrno, isErrno } from './errno.ts';
import type { Actor } from './errno.ts';
import { factsOf, NO_FOLLOW, undefinedWhenAbsent } from './file-handles.ts';
import { retryWhileHeld } from './retry-while-held.ts';

/** Names of a folder in the order of their UTF-16 code units, the same on every machine. */
export async function sortedNames(path: string): Promise<string[]> {
  return (await readdir(path)).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/**
 * Everything below `folder`, parents first; a folder that cannot be listed is one fault, and the walk goes on beside it.
 * What `enters` says no to is not looked into.
 */
export async function* walkTree(
  actor: Actor,
  folder: string,
  enters: (path: string) => boolean = () => true,
  prefix = '',
): AsyncGenerator<Result<WalkedEntry>> {
  const names = await attempt(actor, 'readdir', folder, () => sortedNames(folder));
  if (!names.ok) {
    yield names;
    return;
  }
  for (const name of names.value) {
    const absolute = join(folder, name);
    const stats = await attempt(actor, 'lstat', absolute, () => lstat(absolute, { bigint: true }));
    if (!stats.ok) {
      yield stats;
      continue;
    }
    const path = prefix + name;
    const facts = factsOf(stats.value);
    yield succeed({ path, facts });
    if (facts.kind === 'folder' && enters(path)) yield* walkTree(actor, absolute, enters, `${path}/`);
  }
}

/** fsync at a time; more only makes the disk's queue longer. */
const SYNCS_IN_FLIGHT = 4;

/** From so many entries on, one syncfs of the volume costs less than an fsync of each. */
const VOLUME_SYNC_ENTRIES = 100;

/**
 * fsync of every file and folder of a tree, its root included; links live in their folder. First fault wins.
 *
 * `syncVolume` writes the whole volume out and says whether it did; large trees are left to it where it can.
 */
export async function syncTree(
  actor: Actor,
  root: string,
  syncVolume: (folder: string) => Promise<boolean>,
): Promise<Result<void>> {
  if ((await hasManyEntries(actor, root)) && (await syncVolume(root))) return syncFolder(actor, root);
  const entries = walkTree(actor, root);
  const syncEntries = async (): Promise<Result<void>> => {
    for (;;) {
      const next = await entries.next();
      if (next.done) return succeed();
      if (!next.value.ok) return next.value;
      const synced = await syncEntry(actor, join(root, next.value.value.path), next.value.value);
      if (!synced.ok) return synced;
    }
  };
  const outcomes = await Promise.all(Array.from({ length: SYNCS_IN_FLIGHT }, syncEntries));
  return outcomes.find((outcome) => !outcome.ok) ?? syncFolder(actor, root);
}

/** False also when a part of the tree cannot be listed: the syncs one by one say why. */
async function hasManyEntries(actor: Actor, root: string): Promise<boolean> {
  let count = 0;
  for await (const entry of walkTree(actor, root)) {
    if (!entry.ok) return false;
    count += 1;
    if (count >= VOLUME_SYNC_ENTRIES) return true;
  }
  return false;
}

async function syncEntry(actor: Actor, path: string, entry: WalkedEntry): Promise<Result<void>> {
  if (entry.facts.kind === 'folder') return syncFolder(actor, path);
  if (entry.facts.kind !== 'file') return succeed();
  return attempt(actor, 'fsync', path, async () => {
    // FlushFileBuffers of Windows wants a handle that may write.
    const access = actor.operatingSystem === 'windows' ? constants.O_RDWR : constants.O_RDONLY;
    const handle = await open(path, access | NO_FOLLOW);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}

/** Removes one file, link or empty folder; fine when absent. */
export async function removeEntry(actor: Actor, clock: Clock, path: string): Promise<Result<void>> {
  const stats = await attempt(actor, 'lstat', path, () => lstat(path).catch(undefinedWhenAbsent));
  if (!stats.ok || stats.value === undefined) return stats.ok ? succeed() : stats;
  const isFolder = stats.value.isDirectory();
  return retryWhileHeld(actor, clock, isFolder ? 'rmdir' : 'unlink', path, async () => {
    await (isFolder ? rmdir(path) : unlink(path)).catch(undefinedWhenAbsent);
  });
}

/**
 * Removes a tree, never through links.
 *
 * On Linux each folder is opened without following and its entries are named through `/proc/self/fd/N`, so that somebody who
 * swaps a folder for a link in mid-way cannot lead the removal elsewhere (what openat(2) is for).
 */
export async function removeTree(actor: Actor, clock: Clock, path: string): Promise<Result<void>> {
  const stats = await attempt(actor, 'lstat', path, () => lstat(path).catch(undefinedWhenAbsent));
  if (!stats.ok || stats.value === undefined) return stats.ok ? succeed() : stats;
  if (stats.value.isDirectory()) {
    const emptied = await emptyFolder(actor, clock, path);
    if (!emptied.ok) return emptied;
  }
  return removeEntry(actor, clock, path);
}

async function emptyFolder(actor: Actor, clock: Clock, path: string): Promise<Result<void>> {
  if (actor.operatingSystem !== 'linux') return removeChildren(actor, clock, path, path);
  const opened = await openFolder(actor, path);
  if (!opened.ok) return opened;
  try {
    return await removeChildren(actor, clock, path, `/proc/self/fd/${opened.value.fd}`);
  } finally {
    await opened.value.close();
  }
}

async function openFolder(actor: Actor, path: string): Promise<Result<FileHandle>> {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | NO_FOLLOW;
  try {
    return succeed(await open(path, flags));
  } catch (error) {
    if (!isErrno(error)) throw error;
    if (error.code !== 'EACCES') return fail(faultOfErrno(actor, 'open', path, error));
  }
  // A folder that shuts out even its owner: open it up, then once more.
  return attempt(actor, 'open', path, async () => {
    await chmod(path, 0o700);
    return open(path, flags);
  });
}

/** `path` is for messages and may be stale, `base` is where the folder surely is. */
async function removeChildren(actor: Actor, clock: Clock, path: string, base: string): Promise<Result<void>> {
  const names = await attempt(actor, 'readdir', path, () => removableNames(base));
  if (!names.ok) return names;
  for (const name of names.value) {
    const removed = await removeTree(actor, clock, `${base}/${name}`);
    if (!removed.ok) return { ok: false, fault: { ...removed.fault, path: join(path, name) } };
  }
  return succeed();
}

async function removableNames(base: string): Promise<string[]> {
  const names = await readdir(base);
  // Entries of a read-only folder cannot be removed by its owner.
  if (names.length > 0 && ((await lstat(`${base}/.`)).mode & 0o300) !== 0o300) await chmod(`${base}/.`, 0o700);
  return names;
}
