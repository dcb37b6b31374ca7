import { join } from 'node:path';
import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { readIfPresent } from '../../platform/record-file.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';

/** A folder of a hundred thousand files needs about 30 MB. */
const RECORD_LIMIT_BYTES = 256 * 1024 * 1024;

const Ownership = { owner: Type.Integer(), group: Type.Integer() };

/** One entry of a data path; `path` is relative to it and empty for the data path itself. */
const RecordEntry = Type.Union([
  Type.Object({ kind: Type.Literal('folder'), path: Type.String(), mode: Type.Integer(), ...Ownership }),
  Type.Object({
    kind: Type.Literal('file'),
    path: Type.String(),
    size: Type.Integer(),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    /** Of the source when it was copied: size, times and inode. */
    fingerprint: Type.String(),
  }),
  Type.Object({ kind: Type.Literal('link'), path: Type.String(), target: Type.String() }),
]);
export type RecordEntry = Static<typeof RecordEntry>;

const RecordRoot = Type.Object({
  /** Absolute path of the data file or folder. */
  source: Type.String(),
  /** Name of its copy in the backup's folder. */
  copy: Type.String({ pattern: '^[0-9]+-[^/\\\\]*$' }),
  entries: Type.Array(RecordEntry),
});
export type RecordRoot = Static<typeof RecordRoot>;

/** `manifest.json` of a backup. */
const BackupRecord = Type.Object({
  schema: Type.Literal(1),
  id: Type.String(),
  state: Type.Union([Type.Literal('provisional'), Type.Literal('final')]),
  startedAt: Type.Integer(),
  roots: Type.Array(RecordRoot),
});
export type BackupRecord = Static<typeof BackupRecord>;

/** `restore-<id>.json`: written once everything is ready beside the data, before the first data file gives way. */
const RestoreRecord = Type.Object({
  schema: Type.Literal(1),
  id: Type.String(),
  state: Type.Union([Type.Literal('swapping'), Type.Literal('done')]),
  /** What lay there and is set aside. */
  replaced: Type.Array(Type.String()),
});
export type RestoreRecord = Static<typeof RestoreRecord>;

/** `backups.json`: the only list by which backups are ever deleted. */
const BackupList = Type.Object({
  schema: Type.Literal(1),
  backups: Type.Array(
    Type.Object({ id: Type.String(), startedAt: Type.Integer(), state: BackupRecord.properties.state }),
  ),
});
export type BackupList = Static<typeof BackupList>;

/** A backup's or restore's id is a file name on every OS and never leads anywhere. */
export function checkId(id: string): Result<void> {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(id) && !id.endsWith('.')) return succeed();
  return fail(
    faultOf('request-invalid', 'the id may hold letters, digits, points and hyphens only', { values: { id } }),
  );
}

export const backupFolder = (folder: string, id: string): string => join(folder, id);
export const copyPathOf = (backup: string, root: RecordRoot, entry = ''): string =>
  join(backup, 'data', root.copy, entry);

export const readBackupRecord = (files: Files, backup: string): Promise<Result<BackupRecord | undefined>> =>
  read(files, join(backup, 'manifest.json'), BackupRecord);
export const writeBackupRecord = (files: Files, backup: string, record: BackupRecord): Promise<Result<void>> =>
  files.writeDurably(join(backup, 'manifest.json'), `${JSON.stringify(record)}\n`, 0o600);

export const readRestoreRecord = (
  files: Files,
  backup: string,
  id: string,
): Promise<Result<RestoreRecord | undefined>> => read(files, restoreRecordPath(backup, id), RestoreRecord);
export const writeRestoreRecord = (files: Files, backup: string, record: RestoreRecord): Promise<Result<void>> =>
  files.writeDurably(restoreRecordPath(backup, record.id), `${JSON.stringify(record)}\n`, 0o600);
export const restoreRecordPath = (backup: string, id: string): string => join(backup, `restore-${id}.json`);

export const backupListPath = (folder: string): string => join(folder, 'backups.json');
export const readBackupList = (files: Files, folder: string): Promise<Result<BackupList | undefined>> =>
  read(files, backupListPath(folder), BackupList);
export const writeBackupList = (files: Files, folder: string, list: BackupList): Promise<Result<void>> =>
  files.writeDurably(backupListPath(folder), `${JSON.stringify(list)}\n`, 0o600);

/** As `readIfPresent`, up to the size of the largest record. */
const read = <Schema extends TSchema>(
  files: Files,
  path: string,
  schema: Schema,
): Promise<Result<Static<Schema> | undefined>> => readIfPresent(files, { path, schema, limit: RECORD_LIMIT_BYTES });
