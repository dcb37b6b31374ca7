import { link, lstat, rename, unlink } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../clock.ts';
import { faultOf } from '../fault.ts';
import { fail, succeed } from '../result.ts';
import type { Result } from '../result.ts';
import { syncFolder } from './durable-files.ts';
import { attempt } from './errno.ts';
import type { Actor } from './errno.ts';
import { undefinedWhenAbsent } from './file-handles.ts';
import { retryWhileHeld } from './retry-while-held.ts';

/** File systems without hard links say one of these (exFAT, some network shares). */
const NO_HARD_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

export type RenameNew = (from: string, to: string) => Promise<Result<void>>;

/**
 * Renames without ever replacing, then syncs both parents.
 *
 * rename(2) overwrites and Node has no RENAME_NOREPLACE: a file is linked to its new name, which the kernel refuses when
 * the name is taken; a folder is renamed after a look, one at a time, and rename(2) itself refuses a target that is not empty.
 */
export function createRenameNew(actor: Actor, clock: Clock): RenameNew {
  let last: Promise<unknown> = Promise.resolve();
  return (from, to) => {
    const turn = last.then(() => renameOne(actor, clock, from, to));
    last = turn.catch(() => undefined);
    return turn;
  };
}

async function renameOne(actor: Actor, clock: Clock, from: string, to: string): Promise<Result<void>> {
  const source = await look(actor, from);
  if (!source.ok) return source;
  if (source.value === undefined)
    return fail(faultOf('not-found', 'nothing there to rename', { path: from, operation: 'rename' }));
  const target = await look(actor, to);
  if (!target.ok) return target;
  const half = target.value !== undefined && isSameFile(source.value, target.value);
  if (target.value !== undefined && !half) return taken(to);
  const moved = half ? await removeName(actor, clock, from) : await move(actor, clock, from, to, source.value);
  return moved.ok ? syncParents(actor, from, to) : moved;
}

/** See `Files.tryRename`. */
export async function tryRename(actor: Actor, folder: string, blocker: string): Promise<Result<void>> {
  const tried = await attempt(actor, 'rename', folder, () => rename(folder, blocker));
  if (!tried.ok) return tried.fault.code === 'already-exists' ? succeed() : tried;
  // Somebody has emptied the blocker, or it never was there: back at once.
  const back = await attempt(actor, 'rename', folder, () => rename(blocker, folder));
  return back.ok
    ? fail(faultOf('io-error', 'the folder that had to block the rename was gone', { path: blocker }))
    : back;
}

function look(actor: Actor, path: string): Promise<Result<BigIntStats | undefined>> {
  return attempt(actor, 'lstat', path, () => lstat(path, { bigint: true }).catch(undefinedWhenAbsent));
}

/** Both names of one file: an earlier rename was cut between its link and its unlink. */
function isSameFile(one: BigIntStats, other: BigIntStats): boolean {
  return one.isFile() && other.isFile() && one.nlink > 1n && one.ino === other.ino && one.dev === other.dev;
}

function taken(to: string): Result<never> {
  return fail(faultOf('already-exists', 'the new name is taken', { path: to, operation: 'rename' }));
}

async function move(actor: Actor, clock: Clock, from: string, to: string, source: BigIntStats): Promise<Result<void>> {
  if (!source.isFile()) return retryWhileHeld(actor, clock, 'rename', from, () => rename(from, to));
  const linked = await attempt(actor, 'rename', to, () => link(from, to));
  if (linked.ok) return removeName(actor, clock, from);
  const errno = linked.fault.values?.['errno'];
  if (typeof errno !== 'string' || !NO_HARD_LINKS.has(errno)) return linked;
  return retryWhileHeld(actor, clock, 'rename', from, () => rename(from, to));
}

function removeName(actor: Actor, clock: Clock, path: string): Promise<Result<void>> {
  return retryWhileHeld(actor, clock, 'unlink', path, () => unlink(path));
}

async function syncParents(actor: Actor, from: string, to: string): Promise<Result<void>> {
  const synced = await syncFolder(actor, dirname(to));
  if (!synced.ok || dirname(from) === dirname(to)) return synced;
  const other = await syncFolder(actor, dirname(from));
  return other.ok ? succeed() : other;
}
