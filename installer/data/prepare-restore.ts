import { dirname, join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import {
  type BackupRecord,
  copyPathOf,
  type RecordEntry,
  type RecordRoot,
  type RestoreRecord,
  writeRestoreRecord,
} from './record.ts';
import { companionsOf } from './roots.ts';
import { copyVerified } from './verified-copy.ts';

export interface DataRestoreRequest {
  /** Of the backup, absolute. */
  readonly backup: { readonly folder: string };
  /** Of this restore, e.g. the order's; the same id twice is the same restore. */
  readonly id: string;
  readonly signal?: AbortSignal;
}

/** Name of a restored copy until it takes its place; `asideName`: of the replaced data until somebody says that it may go. */
export const asideName = (path: string, id: string): string => `${path}.before-restore-${id}`;
export const readyName = (path: string, id: string): string => `${path}.restoring-${id}`;

/** Copies everything beside the live data, and notes what will have to give way. Nothing live changes. */
export async function prepareRestore(
  files: Files,
  request: DataRestoreRequest,
  record: BackupRecord,
): Promise<Result<RestoreRecord>> {
  const copied = await copyAllBack(files, request, record);
  if (!copied.ok) {
    // Half a copy helps nobody and takes the room that may have been short.
    for (const { source } of record.roots) await files.removeTree(readyName(source, request.id));
    return copied;
  }
  const replaced = await findReplaced(files, record);
  if (!replaced.ok) return replaced;
  const intent: RestoreRecord = { schema: 1, id: request.id, state: 'swapping', replaced: [...replaced.value] };
  const noted = await writeRestoreRecord(files, request.backup.folder, intent);
  return noted.ok ? succeed(intent) : noted;
}

async function copyAllBack(
  files: Files,
  { backup, id, signal }: DataRestoreRequest,
  record: BackupRecord,
): Promise<Result<void>> {
  for (const root of record.roots) {
    const cleared = await files.removeTree(readyName(root.source, id));
    if (!cleared.ok) return cleared;
    for (const entry of root.entries) {
      if (signal?.aborted) return fail(faultOf('cancelled', 'the restore was given up'));
      const copied = await copyBack(files, backup.folder, root, entry, id);
      if (!copied.ok) return copied;
    }
    const closed = await closeFolders(files, root, id);
    if (!closed.ok) return closed;
  }
  return succeed();
}

async function copyBack(
  files: Files,
  backup: string,
  root: RecordRoot,
  entry: RecordEntry,
  id: string,
): Promise<Result<void>> {
  const ready = readyName(root.source, id);
  const to = join(ready, entry.path);
  switch (entry.kind) {
    case 'folder':
      return files.makeFolder(to, 0o700);
    case 'link': {
      const made = await files.makeLink(entry.target, to);
      return made.ok ? files.syncFolder(dirname(to)) : made;
    }
    case 'file': {
      const from = copyPathOf(backup, root, entry.path);
      const copied = await copyVerified(files, { from, to, temporary: `${ready}.unfinished` });
      if (!copied.ok) return copied;
      if (copied.value !== 'unsteady' && copied.value.sha256 === entry.sha256) return succeed();
      const detail = 'the backup is damaged: not the bytes that were saved';
      return fail(faultOf('digest-mismatch', detail, { path: from, operation: 'restore' }));
    }
  }
}

/** Modes and owners of folders come last and inmost first, because a read-only folder takes no files. */
async function closeFolders(files: Files, root: RecordRoot, id: string): Promise<Result<void>> {
  for (const entry of root.entries.toReversed()) {
    if (entry.kind !== 'folder') continue;
    const path = join(readyName(root.source, id), entry.path);
    const owned = await files.setOwner(path, entry.owner, entry.group);
    // Only the super-user gives folders away; for everybody else they stay his own.
    if (!owned.ok && owned.fault.code !== 'no-permission') return owned;
    const closed = await files.setMode(path, entry.mode);
    if (!closed.ok) return closed;
  }
  return succeed();
}

/** The live data, and companions that the new version made (an index of the converted data does not fit the old data). */
async function findReplaced(files: Files, record: BackupRecord): Promise<Result<readonly string[]>> {
  const replaced: string[] = [];
  for (const { source } of record.roots) {
    const companions = await companionsOf(files, source);
    if (!companions.ok) return companions;
    for (const path of [source, ...companions.value]) {
      const facts = await files.facts(path);
      if (!facts.ok) return facts;
      if (facts.value !== undefined && !replaced.includes(path)) replaced.push(path);
    }
  }
  return succeed(replaced);
}
