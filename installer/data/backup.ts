import { basename, join } from 'node:path';
import { type Fault, faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { copyRoot, type DataDependencies, indexRecord, type Pass } from './copy-root.ts';
import { fingerprintOf } from './digest-cache.ts';
import { backupFolder, type BackupRecord, checkId, readBackupRecord, writeBackupRecord } from './record.ts';
import { noteBackup, pruneBackups } from './retention.ts';
import { findRoots } from './roots.ts';

export interface DataBackupRequest {
  /** Data files and folders, absolute. The companions of a `.4DD` go along. */
  readonly paths: readonly string[];
  /** Where backups are kept; each in a folder of its id. */
  readonly folder: string;
  /** Finished backups to keep, this one included; at least 1. */
  readonly keep: number;
  readonly id: string;
  /** `provisional` while the server runs: copies what holds still. `final` once it has stopped. */
  readonly pass: 'provisional' | 'final';
  readonly signal?: AbortSignal;
}

export interface DataBackup {
  readonly id: string;
  /** Of this backup, absolute. */
  readonly folder: string;
  readonly state: 'provisional' | 'final';
  readonly startedAt: number;
  readonly files: number;
  readonly bytes: number;
  /** Bytes that this pass had to copy; the rest was there from an earlier one. */
  readonly copiedBytes: number;
}

/**
 * Copies the data files before a release converts them. The final pass copies only what changed since the provisional one.
 *
 * Safe to repeat after any interruption with the same id; a finished backup is never touched again, so that a repeated
 * call cannot overwrite it with converted data. Faults: `data-backup-failed` with path and cause, `cancelled`.
 */
export async function backUpData(
  dependencies: DataDependencies,
  request: DataBackupRequest,
): Promise<Result<DataBackup>> {
  const { files, clock } = dependencies;
  const valid = checkId(request.id);
  if (!valid.ok) return valid;
  const folder = backupFolder(request.folder, request.id);
  const earlier = await readBackupRecord(files, folder);
  if (!earlier.ok) return failed(earlier.fault);
  if (earlier.value?.state === 'final') return enlist(files, request, earlier.value, 0);
  const roots = await findRoots(files, request.paths, request.folder);
  if (!roots.ok) return roots;
  const startedAt = earlier.value?.startedAt ?? Math.trunc(clock.now());
  const begun = await begin(files, request, folder, startedAt);
  if (!begun.ok) return failed(begun.fault);
  const pass: Pass = {
    ...dependencies,
    kind: request.pass,
    signal: request.signal,
    folder,
    earlier: indexRecord(earlier.value),
    copiedBytes: 0,
  };
  const record: BackupRecord = { schema: 1, id: request.id, state: 'provisional', startedAt, roots: [] };
  for (const [index, root] of roots.value.entries()) {
    const copied = await copyRoot(pass, root, `${index}-${basename(root.source)}`);
    if (!copied.ok) return failed(copied.fault);
    record.roots.push(copied.value);
    if (request.pass === 'final') continue;
    const noted = await writeBackupRecord(files, folder, record);
    if (!noted.ok) return failed(noted.fault);
  }
  if (request.pass === 'provisional') return succeed(summarise(folder, record, pass.copiedBytes));
  const steady = await proveSteady(files, record);
  if (!steady.ok) return steady;
  const final: BackupRecord = { ...record, state: 'final' };
  const written = await writeBackupRecord(files, folder, final);
  return written.ok ? enlist(files, request, final, pass.copiedBytes) : failed(written.fault);
}

/** The id is on the list before anything is written, so that nothing ever lies there that the list does not know. */
async function begin(
  files: Files,
  request: DataBackupRequest,
  folder: string,
  startedAt: number,
): Promise<Result<void>> {
  const made = await files.makeFolder(request.folder, 0o700);
  if (!made.ok) return made;
  const noted = await noteBackup(files, request.folder, { id: request.id, startedAt, state: 'provisional' });
  if (!noted.ok) return noted;
  return files.makeFolder(join(folder, 'data'), 0o700);
}

/** The whole set must be of one moment: nothing may have changed between its first copy and its last. */
async function proveSteady(files: Files, record: BackupRecord): Promise<Result<void>> {
  for (const root of record.roots) {
    for (const entry of root.entries) {
      if (entry.kind !== 'file') continue;
      const path = join(root.source, entry.path);
      const facts = await files.facts(path);
      if (!facts.ok) return failed(facts.fault);
      if (facts.value !== undefined && fingerprintOf(facts.value) === entry.fingerprint) continue;
      return fail(faultOf('data-backup-failed', 'something still writes to it', { path, operation: 'backup' }));
    }
  }
  return succeed();
}

/** Brings the list up to date, also when a crash came between the manifest and the list, and clears out old backups. */
async function enlist(
  files: Files,
  request: DataBackupRequest,
  record: BackupRecord,
  copiedBytes: number,
): Promise<Result<DataBackup>> {
  const { id, startedAt } = record;
  const noted = await noteBackup(files, request.folder, { id, startedAt, state: 'final' });
  if (!noted.ok) return failed(noted.fault);
  const pruned = await pruneBackups(files, request.folder, { keep: request.keep, current: id });
  if (!pruned.ok) return failed(pruned.fault);
  return succeed(summarise(backupFolder(request.folder, id), record, copiedBytes));
}

function summarise(folder: string, record: BackupRecord, copiedBytes: number): DataBackup {
  const copies = record.roots.flatMap((root) => root.entries.filter((entry) => entry.kind === 'file'));
  const bytes = copies.reduce((sum, { size }) => sum + size, 0);
  return {
    id: record.id,
    folder,
    state: record.state,
    startedAt: record.startedAt,
    files: copies.length,
    bytes,
    copiedBytes,
  };
}

function failed(cause: Fault): Result<never> {
  if (cause.code === 'cancelled' || cause.code === 'data-backup-failed') return fail(cause);
  const where = cause.path === undefined ? {} : { path: cause.path };
  return fail(faultOf('data-backup-failed', cause.detail, { ...where, operation: 'backup', cause }));
}
