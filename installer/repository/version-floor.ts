import { join } from 'node:path';
import { Type, type Static } from '@sinclair/typebox';
import { faultOf } from '../../platform/fault.ts';
import { readOrSetAside, type RecordParts } from '../../platform/record-file.ts';
import { fail, succeed, type Result } from '../../platform/result.ts';

const FILE_NAME = 'version-floor.json';
const SIZE_LIMIT = 256 * 1024;
const DAY_MS = 86_400_000;
/** The clock may be set back by this much between two refreshes: time zones set wrong, daylight saving. */
const CLOCK_TOLERANCE_MS = DAY_MS;

const Version = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

const FloorRecord = Type.Object({
  schema: Type.Literal(1),
  /** The highest versions that were verified here, whatever happened to the metadata since. */
  root: Version,
  timestamp: Version,
  snapshot: Version,
  /** By file name in the snapshot: `targets.json`, `<product>-<channel>.json`. */
  targets: Type.Record(Type.String({ maxLength: 128 }), Version),
  /** The keys that signed timestamp and snapshot: a rotation is the way back after a fast-forward attack (TUF 1.0 §5.3.11). */
  timestampKeys: Type.String({ maxLength: 8_192 }),
  snapshotKeys: Type.String({ maxLength: 8_192 }),
  /** SHA-256 of the root from which trust began: with another one, the chain is walked from there. */
  anchor: Type.String({ maxLength: 64 }),
  /** When a refresh last succeeded; the clock has no business before it. */
  verifiedAtMs: Type.Integer({ minimum: 0 }),
});

export type VersionFloor = Static<typeof FloorRecord>;

export const NO_FLOOR: VersionFloor = {
  schema: 1,
  root: 0,
  timestamp: 0,
  snapshot: 0,
  targets: {},
  timestampKeys: '',
  snapshotKeys: '',
  anchor: '',
  verifiedAtMs: 0,
};

export interface FloorFile {
  /** `newer-schema` from a newer launcher; a corrupt floor is set aside and told, and the metadata still protects. */
  read(): Promise<Result<VersionFloor>>;
  write(floor: VersionFloor): Promise<Result<void>>;
}

/** Keeps the floor beside the trusted metadata, not with it: it survives their loss. */
export function createFloorFile(parts: RecordParts, stateFolder: string): FloorFile {
  const { files } = parts;
  const path = join(stateFolder, FILE_NAME);
  return {
    read: async () => {
      const found = await readOrSetAside(parts, { path, schema: FloorRecord, limit: SIZE_LIMIT });
      return found.ok ? succeed(found.value ?? NO_FLOOR) : found;
    },
    write: async (floor) => {
      const made = await files.makeFolder(stateFolder, 0o700);
      return made.ok ? files.writeDurably(path, JSON.stringify(floor), 0o600) : made;
    },
  };
}

/** What holds under the present root: the floor of a role whose keys have been rotated begins anew (TUF 1.0 §5.3.11). */
export function effectiveFloor(
  floor: VersionFloor,
  keys: { readonly timestamp: string; readonly snapshot: string },
): VersionFloor {
  return {
    ...floor,
    timestamp: floor.timestampKeys === keys.timestamp ? floor.timestamp : 0,
    snapshot: floor.snapshotKeys === keys.snapshot ? floor.snapshot : 0,
    targets: floor.snapshotKeys === keys.snapshot ? floor.targets : {},
  };
}

/** Errors: `metadata-rollback`. */
export function checkFloor(role: string, version: number, floor: number): Result<void> {
  if (version >= floor) return succeed();
  return fail(
    faultOf('metadata-rollback', `${role} has version ${version}, but version ${floor} has been seen here before`, {
      values: { role, version, floor },
    }),
  );
}

/** A clock that stands before what has surely been cannot judge what is expired. Errors: `clock-wrong`. */
export function checkClock(nowMs: number, earliestMs: number): Result<void> {
  if (nowMs >= earliestMs - CLOCK_TOLERANCE_MS) return succeed();
  const [now, earliest] = [nowMs, earliestMs].map((instant) => new Date(instant).toISOString());
  return fail(
    faultOf('clock-wrong', `the clock says ${now ?? ''}, which is before ${earliest ?? ''}`, {
      values: { now: now ?? '', earliest: earliest ?? '' },
    }),
  );
}
