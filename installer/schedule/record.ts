import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Static, Type } from '@sinclair/typebox';
import { readOrSetAside, type RecordParts } from '../../platform/record-file.ts';
import { type Result, succeed } from '../../platform/result.ts';
import { NO_TRIES, type Tries } from './marks.ts';

const FILE_NAME = 'schedule.json';
const RECORD_LIMIT = 256 * 1024;

const ScheduleRecord = Type.Object({
  schema: Type.Literal(1),
  /** Random, made once: says where this machine stands in roll-outs, and when its checks are. */
  machineId: Type.String({ pattern: '^[0-9a-f]{32}$' }),
  releases: Type.Array(
    Type.Object({
      manifestSha256: Type.String(),
      version: Type.String(),
      tries: Type.Integer({ minimum: 0 }),
      lastAt: Type.Number(),
      code: Type.String(),
    }),
    { maxItems: 256 },
  ),
  failures: Type.Integer({ minimum: 0 }),
  lastFailureAt: Type.Number(),
});
type ScheduleRecord = Static<typeof ScheduleRecord>;

/** What the schedule remembers over restarts of the launcher; lost, a release may be tried again, and nothing worse. */
export interface ScheduleRecords {
  machineId(): Promise<string>;
  tries(): Promise<Tries>;
  write(tries: Tries): Promise<Result<void>>;
}

/**
 * Keeps it in the state folder; damaged = empty. The machine's id is the same in this process even if it cannot be written.
 *
 * A record that the disk does not give, or of a newer launcher, stays as it is: until it can be read, an empty one serves in memory.
 */
export function openScheduleRecords(parts: RecordParts, stateFolder: string): ScheduleRecords {
  const { files, log } = parts;
  const path = join(stateFolder, FILE_NAME);
  const made: ScheduleRecord = { schema: 1, machineId: randomBytes(16).toString('hex'), ...emptyTries() };
  let known: ScheduleRecord | undefined;
  const write = async (record: ScheduleRecord): Promise<Result<void>> => {
    known = record;
    const folder = await files.makeFolder(stateFolder, 0o700);
    const written = folder.ok ? await files.writeDurably(path, `${JSON.stringify(record)}\n`, 0o600) : folder;
    if (!written.ok) log.warn('the record of the schedule cannot be written', { path, code: written.fault.code });
    return written;
  };
  const read = async (): Promise<Result<ScheduleRecord>> => {
    if (known !== undefined) return succeed(known);
    const found = await readOrSetAside(parts, { path, schema: ScheduleRecord, limit: RECORD_LIMIT });
    if (!found.ok) {
      log.warn('the record of the schedule cannot be read; it is left as it is', { path, code: found.fault.code });
      return found;
    }
    known = found.value;
    if (known === undefined) await write(made);
    return succeed(known ?? made);
  };
  const readOrMake = async (): Promise<ScheduleRecord> => {
    const found = await read();
    return found.ok ? found.value : made;
  };
  return {
    machineId: async () => (await readOrMake()).machineId,
    tries: readOrMake,
    async write({ releases, failures, lastFailureAt }) {
      const found = await read();
      return found.ok
        ? write({ ...found.value, releases: releases.map((one) => ({ ...one })), failures, lastFailureAt })
        : found;
    },
  };
}

function emptyTries(): Pick<ScheduleRecord, 'releases' | 'failures' | 'lastFailureAt'> {
  return { ...NO_TRIES, releases: [] };
}
