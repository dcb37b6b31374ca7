import { type Static, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';

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

/** The durable record; reading never fails the caller's start: damaged = empty, with the damaged file set aside. */
export interface InstalledRecords {
  read(): Promise<InstalledRecord>;
  write(record: InstalledRecord): Promise<Result<void>>;
}

export function openInstalledRecords(files: Files, stateFolder: string, now: () => number): InstalledRecords {
  const path = join(stateFolder, 'installed.json');
  return {
    async read() {
      const text = await files.readText(path, RECORD_LIMIT);
      if (!text.ok) {
        return NOTHING;
      }
      const decoded = decode(text.value, path);
      if (!decoded.ok) {
        await files.renameNew(path, `${path}.unreadable-${now()}`);
        return NOTHING;
      }
      return decoded.value;
    },
    async write(record) {
      const made = await files.makeFolder(stateFolder, 0o700);
      return made.ok ? files.writeDurably(path, `${JSON.stringify(record, undefined, 2)}\n`, 0o600) : made;
    },
  };
}

function decode(text: string, path: string): Result<InstalledRecord> {
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(InstalledRecord, value)
      ? succeed(value)
      : fail(faultOf('record-corrupt', 'the record of installed releases has an unknown shape', { path }));
  } catch {
    return fail(faultOf('record-corrupt', 'the record of installed releases is not JSON', { path }));
  }
}
