import { dirname } from 'node:path';
import { type Fault, type FaultCode, faultOf } from '../../platform/fault.ts';
import type { FileFacts, Files } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { DataDependencies } from './copy-root.ts';
import { asideName, type DataRestoreRequest, prepareRestore, readyName } from './prepare-restore.ts';
import { type BackupRecord, checkId, readBackupRecord, readRestoreRecord } from './record.ts';
import { type RestoreRecord, restoreRecordPath, writeRestoreRecord } from './record.ts';

export interface DataRestore {
  readonly id: string;
  /** Where the replaced (converted) data lies now; deleted by `discardReplacedData` only. */
  readonly setAside: readonly string[];
}

/**
 * Puts the backed-up data back while the server is stopped: everything is copied and verified beside the live data, then
 * noted, then swapped by renames. Converted data is set aside, never deleted.
 *
 * Safe to repeat after any interruption. `data-restore-failed` names the file and leaves the data as it was or, once
 * the renames have begun, is finished by the next call.
 */
export async function restoreData(
  { files }: Pick<DataDependencies, 'files'>,
  request: DataRestoreRequest,
): Promise<Result<DataRestore>> {
  const { backup, id } = request;
  const valid = checkId(id);
  if (!valid.ok) return valid;
  const record = await readFinished(files, backup.folder);
  if (!record.ok) return failed(record.fault);
  const begun = await readRestoreRecord(files, backup.folder, id);
  if (!begun.ok) return failed(begun.fault);
  const prepared = begun.value ? succeed(begun.value) : await prepareRestore(files, request, record.value);
  if (!prepared.ok) return failed(prepared.fault);
  const intent = prepared.value;
  if (intent.state === 'swapping') {
    const swapped = await swap(files, record.value, intent);
    if (!swapped.ok) return failed(swapped.fault);
    const noted = await writeRestoreRecord(files, backup.folder, { ...intent, state: 'done' });
    if (!noted.ok) return failed(noted.fault);
  }
  return succeed({ id, setAside: intent.replaced.map((path) => asideName(path, id)) });
}

async function readFinished(files: Files, folder: string): Promise<Result<BackupRecord>> {
  const record = await readBackupRecord(files, folder);
  if (!record.ok) return record;
  if (record.value?.state === 'final') return succeed(record.value);
  return fail(
    faultOf('data-restore-failed', 'there is no finished backup here', { path: folder, operation: 'restore' }),
  );
}

async function swap(files: Files, record: BackupRecord, { id, replaced }: RestoreRecord): Promise<Result<void>> {
  const restored = record.roots.map(({ source }) => source);
  for (const path of [...restored, ...replaced.filter((other) => !restored.includes(other))]) {
    const swapped = await swapOne(files, path, {
      ready: readyName(path, id),
      aside: asideName(path, id),
      gives: replaced.includes(path),
      restored: restored.includes(path),
    });
    if (!swapped.ok) return swapped;
  }
  return succeed();
}

/** Finds out from the names on disk how far an earlier call came, and does the rest. */
async function swapOne(
  files: Files,
  path: string,
  names: { readonly ready: string; readonly aside: string; readonly gives: boolean; readonly restored: boolean },
): Promise<Result<void>> {
  const ready = await files.facts(names.ready);
  if (!ready.ok) return ready;
  const live = await files.facts(path);
  if (!live.ok) return live;
  const placed = names.restored && (ready.value === undefined || isSameFile(ready.value, live.value));
  if (names.gives && !placed && live.value !== undefined) {
    const moved = await files.renameNew(path, names.aside);
    if (!moved.ok) return moved;
  }
  if (ready.value !== undefined) return files.renameNew(names.ready, path);
  // An earlier call came this far; it may have been cut off before its own fsync.
  if (!names.restored || live.value !== undefined) return files.syncFolder(dirname(path));
  return fail(faultOf('not-found', 'neither the data nor its restored copy is there', { path, operation: 'restore' }));
}

/** Both names of one file: a rename was cut between its link and its unlink. */
function isSameFile(one: FileFacts, other: FileFacts | undefined): boolean {
  return one.kind === 'file' && other?.kind === 'file' && one.inode === other.inode && one.device === other.device;
}

/**
 * Ends a restore that was cut off, once other data has taken its place: the copy that waited goes, and what was set aside
 * stays on record as after a finished one, so that it expires like it. Fine when there was none.
 */
export async function abandonRestore(files: Files, backup: string, id: string): Promise<Result<void>> {
  const valid = checkId(id);
  if (!valid.ok) return valid;
  const record = await readFinished(files, backup);
  // Without a finished backup that can be read no restore ever began, or nobody can tell where: nothing to end.
  if (!record.ok) return UNUSABLE.has(record.fault.code) ? succeed() : failed(record.fault);
  for (const { source } of record.value.roots) {
    const removed = await removeCopies(files, source, id);
    if (!removed.ok) return failed(removed.fault);
  }
  const begun = await readRestoreRecord(files, backup, id);
  if (!begun.ok) return failed(begun.fault);
  if (begun.value?.state !== 'swapping') return succeed();
  return writeRestoreRecord(files, backup, { ...begun.value, state: 'done' });
}

const UNUSABLE: ReadonlySet<FaultCode> = new Set<FaultCode>(['data-restore-failed', 'record-corrupt', 'newer-schema']);

/** For good: they would be nobody's if a power cut brought them back. */
async function removeCopies(files: Files, source: string, id: string): Promise<Result<void>> {
  const ready = readyName(source, id);
  for (const copy of [`${ready}.unfinished`, ready]) {
    const removed = await files.removeTree(copy);
    if (!removed.ok) return removed;
  }
  return files.syncFolder(dirname(source));
}

/** Deletes the data that a finished restore set aside; fine when it is gone. */
export async function discardReplacedData(
  { files }: Pick<DataDependencies, 'files'>,
  { backup, id }: DataRestoreRequest,
): Promise<Result<void>> {
  const valid = checkId(id);
  if (!valid.ok) return valid;
  const restore = await readRestoreRecord(files, backup.folder, id);
  if (!restore.ok) return restore;
  if (restore.value === undefined) return succeed();
  if (restore.value.state !== 'done') {
    return fail(faultOf('data-restore-failed', 'the restore has not been finished', { path: backup.folder }));
  }
  for (const path of restore.value.replaced) {
    const removed = await files.removeTree(asideName(path, id));
    if (!removed.ok) return removed;
  }
  return files.remove(restoreRecordPath(backup.folder, id));
}

function failed(cause: Fault): Result<never> {
  if (cause.code === 'cancelled' || cause.code === 'data-restore-failed') return fail(cause);
  const where = cause.path === undefined ? {} : { path: cause.path };
  return fail(faultOf('data-restore-failed', cause.detail, { ...where, operation: 'restore', cause }));
}
