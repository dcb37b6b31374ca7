import { join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { silentLog } from '../../platform/log.ts';
import { type RecordParts, setAside } from '../../platform/record-file.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { backupFolder, type BackupList, backupListPath, checkId, readBackupList, writeBackupList } from './record.ts';
import { discardReplacedData } from './restore.ts';

type ListedBackup = BackupList['backups'][number];

/** Puts a backup on the list, or its new state. */
export async function noteBackup(files: Files, folder: string, backup: ListedBackup): Promise<Result<void>> {
  const mended = await mendBackupList({ files, log: silentLog, clock: { now: () => backup.startedAt } }, folder);
  if (!mended.ok) return mended;
  const list = await readBackupList(files, folder);
  if (!list.ok) return list;
  const backups = list.value?.backups ?? [];
  const current = backups.find(({ id }) => id === backup.id);
  if (current?.state === backup.state) return succeed();
  const rest = backups.filter(({ id }) => id !== backup.id);
  return writeBackupList(files, folder, { schema: 1, backups: [...rest, backup] });
}

/**
 * Sets a damaged list aside: it must block neither a backup nor the end of an order. What it knew is left alone for a person,
 * for nothing is ever deleted that is not on the list.
 */
export async function mendBackupList(parts: RecordParts, folder: string): Promise<Result<void>> {
  const list = await readBackupList(parts.files, folder);
  if (list.ok || list.fault.code !== 'record-corrupt') return succeed();
  const aside = await setAside(parts, backupListPath(folder), list.fault.detail);
  return aside.ok ? succeed() : aside;
}

/**
 * Deletes the oldest finished backups beyond `keep` and all abandoned ones, by the ids on the list and nothing else.
 *
 * Kept regardless: the current one, and those from which data was restored while the replaced data still lies there.
 */
export async function pruneBackups(
  files: Files,
  folder: string,
  options: { readonly keep: number; readonly current: string },
): Promise<Result<void>> {
  const list = await readBackupList(files, folder);
  if (!list.ok) return list;
  const others = (list.value?.backups ?? [])
    .filter(({ id }) => id !== options.current)
    .sort((a, b) => b.startedAt - a.startedAt);
  const finished = others.filter(({ state }) => state === 'final');
  const abandoned = others.filter(({ state }) => state === 'provisional');
  for (const { id } of [...finished.slice(Math.max(0, options.keep - 1)), ...abandoned]) {
    const inUse = await wasRestored(files, backupFolder(folder, id));
    if (!inUse.ok) return inUse;
    if (inUse.value) continue;
    const removed = await discardBackup(files, folder, id);
    if (!removed.ok) return removed;
  }
  return succeed();
}

/** Was data put back from it whose replaced data may still lie there? */
export async function wasRestored(files: Files, backup: string): Promise<Result<boolean>> {
  const names = await files.list(backup);
  if (!names.ok) return names.fault.code === 'not-found' ? succeed(false) : names;
  return succeed(names.value.some((name) => name.startsWith('restore-')));
}

/**
 * Deletes what restores before `before` (wall-clock milliseconds) set aside, and the backups that they came from.
 *
 * Users may have worked on the replaced data for a while: it is theirs until its time is over.
 */
export async function expireRestored(
  dependencies: { readonly files: Files },
  folder: string,
  before: number,
): Promise<Result<void>> {
  const { files } = dependencies;
  const list = await readBackupList(files, folder);
  if (!list.ok) return list;
  for (const { id } of list.value?.backups ?? []) {
    const backup = backupFolder(folder, id);
    const expired = await expiredRestores(files, backup, before);
    if (!expired.ok) return expired;
    for (const restoreId of expired.value) {
      const removed = await discardReplacedData(dependencies, { backup: { folder: backup }, id: restoreId });
      if (!removed.ok) return removed;
    }
    const inUse = await wasRestored(files, backup);
    if (!inUse.ok) return inUse;
    const discarded = expired.value.length > 0 && !inUse.value ? await discardBackup(files, folder, id) : succeed();
    if (!discarded.ok) return discarded;
  }
  return succeed();
}

/** Ids of the restores from this backup whose record has not been written since `before`. */
async function expiredRestores(files: Files, backup: string, before: number): Promise<Result<readonly string[]>> {
  const names = await files.list(backup);
  if (!names.ok) return names.fault.code === 'not-found' ? succeed([]) : names;
  const expired: string[] = [];
  for (const name of names.value) {
    const id = /^restore-(.+)\.json$/.exec(name)?.[1];
    const facts = id === undefined ? undefined : await files.facts(join(backup, name));
    if (facts?.ok === false) return facts;
    if (id !== undefined && facts?.value !== undefined && facts.value.modifiedMs <= before) expired.push(id);
  }
  return succeed(expired);
}

/** Deletes one backup and takes it off the list; fine when it is gone. `not-found` when it never was on the list. */
export async function discardBackup(files: Files, folder: string, id: string): Promise<Result<void>> {
  const valid = checkId(id);
  if (!valid.ok) return valid;
  const list = await readBackupList(files, folder);
  if (!list.ok) return list;
  const backups = list.value?.backups ?? [];
  if (!backups.some((backup) => backup.id === id)) {
    return fail(faultOf('not-found', 'no backup of this id is recorded', { path: join(folder, id) }));
  }
  const removed = await files.removeTree(backupFolder(folder, id));
  if (!removed.ok) return removed;
  return writeBackupList(files, folder, { schema: 1, backups: backups.filter((backup) => backup.id !== id) });
}
