import { type Static, Type } from '@sinclair/typebox';
import { join } from 'node:path';
import { readOrSetAside, type RecordParts } from '../../platform/record-file.ts';
import { type Result, succeed } from '../../platform/result.ts';

const ReleaseRecord = Type.Object({
  version: Type.String(),
  dataFormat: Type.Optional(Type.String()),
  /** File with the manifest of what the release shipped. */
  manifestFile: Type.Optional(Type.String()),
  /** `folderIdentity` of the bundle's root: it is this folder and no other that was installed. */
  identity: Type.String(),
  installedAt: Type.Number(),
  /** The carry-over report of its update, for "emptier than last time". */
  carryOver: Type.Optional(Type.Unknown()),
  /** The order that put it in place. */
  orderId: Type.Optional(Type.String()),
});

const KeptRecord = Type.Composite([
  ReleaseRecord,
  Type.Object({
    path: Type.String(),
    /** Wall-clock milliseconds; removed by the clean-up after that. */
    keptUntil: Type.Number(),
    /** Data as it was before its successor started, if that changed the format. */
    backupId: Type.Optional(Type.String()),
  }),
]);

const BadRecord = Type.Object({
  version: Type.String(),
  manifestSha256: Type.String(),
  at: Type.Number(),
  code: Type.String(),
});

const InstalledRecord = Type.Object({
  schema: Type.Literal(1),
  live: Type.Optional(ReleaseRecord),
  kept: Type.Array(KeptRecord),
  bad: Type.Array(BadRecord),
});

export type ReleaseRecord = Static<typeof ReleaseRecord>;
export type KeptRecord = Static<typeof KeptRecord>;
/** What is installed on this machine: the live release, those kept for a rollback, those that proved bad. */
export type InstalledRecord = Static<typeof InstalledRecord>;

const RECORD_LIMIT = 4 * 1024 * 1024;
const NOTHING: InstalledRecord = { schema: 1, kept: [], bad: [] };

/**
 * The durable record. Damaged = empty, with the damaged file set aside and told.
 *
 * A fault of `read` means that there may be a record which says something else (a disk that fails, a newer launcher): nothing is
 * written, removed or ordered on the strength of it, and the server runs all the same.
 */
export interface InstalledRecords {
  read(): Promise<Result<InstalledRecord>>;
  write(record: InstalledRecord): Promise<Result<void>>;
}

export function openInstalledRecords(parts: RecordParts, stateFolder: string): InstalledRecords {
  const { files } = parts;
  const path = join(stateFolder, 'installed.json');
  return {
    async read() {
      const found = await readOrSetAside(parts, { path, schema: InstalledRecord, limit: RECORD_LIMIT });
      return found.ok ? succeed(found.value ?? NOTHING) : found;
    },
    async write(record) {
      const made = await files.makeFolder(stateFolder, 0o700);
      return made.ok ? files.writeDurably(path, `${JSON.stringify(record, undefined, 2)}\n`, 0o600) : made;
    },
  };
}
