import { join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { backupFolder, type BackupList, backupListPath, checkId, readBackupList, writeBackupList } from './record.ts';

type ListedBackup = BackupList['backups'][number];

/** Puts a backup on the list, or its new state. */
export async function noteBackup(files: Files, folder: string, backup: ListedBackup): Promise<Result<void>> {
  const list = await readOrSetAside(files, folder, backup.startedAt);
  if (!list.ok) return list;
  const backups = list.value?.backups ?? [];
  const current = backups.find(({ id }) => id === backup.id);
  if (current?.state === backup.state) return succeed();
  const rest = backups.filter(({ id }) => id !== backup.id);
  return writeBackupList(files, folder, { schema: 1, backups: [...rest, backup] });
}

/** A list that cannot be read must not block a backup; what it knew is left alone for a person. */
async function readOrSetAside(files: Files, folder: string, stamp: number): Promise<Result<BackupList | undefined>> {
  const list = await readBackupList(files, folder);
  if (list.ok || list.fault.code !== 'record-corrupt') return list;
  const path = backupListPath(folder);
  const moved = await files.renameNew(path, `${path}.corrupt-${stamp}`);
  return moved.ok ? succeed(undefined) : moved;
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

async function wasRestored(files: Files, backup: string): Promise<Result<boolean>> {
  const names = await files.list(backup);
  if (!names.ok) return names.fault.code === 'not-found' ? succeed(false) : names;
  return succeed(names.value.some((name) => name.startsWith('restore-')));
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
