import { join } from 'node:path';
import { type DestinationStream, pino } from 'pino';
import type { Clock } from '../../platform/clock.ts';
import type { Files } from '../../platform/files.ts';
import { stampOf } from '../../supervisor/output/output-names.ts';
import type { LogLimits } from '../../supervisor/server-options.ts';

export interface LogFileParts {
  readonly files: Files;
  readonly clock: Clock;
  readonly folder: string;
  readonly limits: Pick<LogLimits, 'fileBytes' | 'ageMs'>;
  readonly onError: (error: Error) => void;
}

type OpenFile = ReturnType<typeof pino.destination>;

/** The file that is being written. */
interface Current {
  file: OpenFile | undefined;
  bytes: number;
  /** Wall clock of its first line, milliseconds. */
  since: number;
  /** Monotonic; no attempt to set it aside before that. */
  notBefore: number;
}

/** Bytes that wait in memory while the file takes nothing; what comes after them is lost to the file. */
const WAITING_LIMIT = 1024 * 1024;
/** After an attempt that failed, milliseconds. */
const TRY_AGAIN_MS = 60_000;
/** A line is read up to here for its time. */
const FIRST_LINE_BYTES = 4_096;

/**
 * `launcher.log`, which gets a name of its own (`launcher-<UTC>.log`) when it is large or old; the budget of the folder counts
 * and removes those.
 *
 * No line is lost or written twice: lines go on into the renamed file until the new one is opened.
 */
export async function openLogFile(parts: LogFileParts): Promise<DestinationStream> {
  const path = join(parts.folder, 'launcher.log');
  const current = await lookAt(parts, path);
  return {
    write(line) {
      if (isDue(parts, current)) void setAside(parts, path, current);
      current.file ??= open(path, parts.onError);
      current.file?.write(line);
      current.bytes += Buffer.byteLength(line);
    },
  };
}

async function lookAt({ files, clock }: LogFileParts, path: string): Promise<Current> {
  const found = await files.facts(path);
  const facts = found.ok ? found.value : undefined;
  // A launcher that died between the two halves of the renaming left both names; all lines are under the other one.
  const halfRenamed = facts?.kind === 'file' && facts.links > 1 && (await files.remove(path)).ok;
  const fresh = { file: undefined, bytes: 0, since: clock.now(), notBefore: -Infinity };
  if (facts?.kind !== 'file' || halfRenamed) return fresh;
  return { ...fresh, bytes: facts.size, since: (await firstTime(files, path)) ?? facts.modifiedMs };
}

async function firstTime(files: Files, path: string): Promise<number | undefined> {
  const opened = await files.openReadable(path);
  if (!opened.ok) return undefined;
  const buffer = Buffer.alloc(FIRST_LINE_BYTES);
  const read = await opened.value.read(buffer, 0);
  await opened.value.close();
  const text = buffer.toString('utf8', 0, read.ok ? read.value : 0);
  const time = Date.parse(/"time":"([^"]{1,40})"/.exec(text)?.[1] ?? '');
  return Number.isNaN(time) ? undefined : time;
}

function isDue({ clock, limits }: LogFileParts, { bytes, since, notBefore }: Current): boolean {
  if (bytes === 0 || clock.monotonic() < notBefore) return false;
  return bytes >= limits.fileBytes || clock.now() - since >= limits.ageMs;
}

async function setAside(
  { files, clock, folder, onError }: LogFileParts,
  path: string,
  current: Current,
): Promise<void> {
  // Until it is known how this attempt ended, there is no other.
  current.notBefore = Infinity;
  const renamed = await files.renameNew(path, join(folder, `launcher-${stampOf(clock.now())}.log`));
  current.notBefore = clock.monotonic() + (renamed.ok ? 0 : TRY_AGAIN_MS);
  if (!renamed.ok) {
    onError(new Error(renamed.fault.detail));
    return;
  }
  const { file } = current;
  Object.assign(current, { file: undefined, bytes: 0, since: clock.now() });
  file?.end();
}

function open(path: string, onError: (error: Error) => void): OpenFile | undefined {
  try {
    const opened = pino.destination({ dest: path, sync: true, append: true, mode: 0o640, maxLength: WAITING_LIMIT });
    opened.on('error', onError);
    return opened;
  } catch (error) {
    onError(error instanceof Error ? error : new Error(String(error)));
    return undefined;
  }
}
