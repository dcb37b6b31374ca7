import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Static, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import type { Files } from '../../platform/files.ts';
import type { Log } from '../../platform/log.ts';
import type { Result } from '../../platform/result.ts';
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

/** Keeps it in the state folder; unreadable = empty. The machine's id is the same in this process even if it cannot be written. */
export function openScheduleRecords(files: Files, log: Log, stateFolder: string): ScheduleRecords {
  const path = join(stateFolder, FILE_NAME);
  let known: ScheduleRecord | undefined;
  const write = async (record: ScheduleRecord): Promise<Result<void>> => {
    known = record;
    const made = await files.makeFolder(stateFolder, 0o700);
    const written = made.ok ? await files.writeDurably(path, `${JSON.stringify(record)}\n`, 0o600) : made;
    if (!written.ok) log.warn('the record of the schedule cannot be written', { path, code: written.fault.code });
    return written;
  };
  const read = async (): Promise<ScheduleRecord> => {
    if (known !== undefined) return known;
    const text = await files.readText(path, RECORD_LIMIT);
    const found = text.ok ? decode(text.value) : undefined;
    if (found !== undefined) {
      known = found;
      return found;
    }
    if (text.ok) log.warn('the record of the schedule cannot be read and begins anew', { path });
    const made: ScheduleRecord = { schema: 1, machineId: randomBytes(16).toString('hex'), ...emptyTries() };
    await write(made);
    return made;
  };
  return {
    machineId: async () => (await read()).machineId,
    tries: async () => read(),
    write: async ({ releases, failures, lastFailureAt }) =>
      write({ ...(await read()), releases: releases.map((one) => ({ ...one })), failures, lastFailureAt }),
  };
}

function emptyTries(): Pick<ScheduleRecord, 'releases' | 'failures' | 'lastFailureAt'> {
  return { ...NO_TRIES, releases: [] };
}

function decode(text: string): ScheduleRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(ScheduleRecord, value) ? value : undefined;
  } catch {
    return undefined;
  }
}
