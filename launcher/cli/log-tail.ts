import { basename, dirname, join } from 'node:path';
import type { Files, ReadableFile } from '../../platform/files.ts';
import { createLineSplitter, type LineSplitter } from '../../supervisor/output/line-splitter.ts';

/** The end of a log file that is being written to and is set aside now and then as `<name>-<UTC>.log`. */
export interface LogTail {
  /** The last `count` lines there are now, those of earlier files included; later reads go on after them. */
  last(count: number): Promise<readonly string[]>;
  /** What was added since; a file that was set aside is read to its end before the new one begins. */
  added(): Promise<readonly string[]>;
  /** A last line without its end. */
  unfinished(): readonly string[];
  close(): Promise<void>;
}

const PIECE_BYTES = 64 * 1024;
/** How far back the last lines are looked for in each file. */
const TAIL_BYTES = 4 * 1024 * 1024;
/** What one look may give, so that a flood does not fill the memory. */
const LOOK_BYTES = 16 * 1024 * 1024;

interface Reading {
  readonly file: ReadableFile;
  readonly identity: string;
  position: number;
  readonly splitter: LineSplitter;
}

/** The file need not be there yet. */
export function createLogTail(files: Files, path: string): LogTail {
  let reading: Reading | undefined;
  const reopen = async (): Promise<void> => {
    await reading?.file.close();
    reading = await openReading(files, path);
  };
  return {
    async last(count) {
      await reopen();
      const lines = reading === undefined ? [] : await readTail(reading);
      const missing = count - lines.length;
      const earlier = missing > 0 ? await lastOfEarlier(files, path, missing, reading?.identity) : [];
      return [...earlier, ...lines.slice(-count)];
    },
    async added() {
      const lines = reading === undefined ? [] : await readLines(reading, LOOK_BYTES);
      if (!(await isReplaced(files, path, reading))) return lines;
      const rest =
        reading === undefined ? [] : [...(await readLines(reading, LOOK_BYTES)), ...reading.splitter.flush()];
      await reopen();
      return [...lines, ...rest, ...(reading === undefined ? [] : await readLines(reading, LOOK_BYTES))];
    },
    unfinished: () => reading?.splitter.flush() ?? [],
    async close() {
      await reading?.file.close();
      reading = undefined;
    },
  };
}

async function openReading(files: Files, path: string): Promise<Reading | undefined> {
  const file = await files.openReadable(path);
  if (!file.ok) return undefined;
  const facts = await file.value.facts();
  const identity = facts.ok ? `${facts.value.device}:${facts.value.inode}` : '';
  return { file: file.value, identity, position: 0, splitter: createLineSplitter() };
}

async function readTail(reading: Reading): Promise<readonly string[]> {
  const facts = await reading.file.facts();
  reading.position = Math.max(0, (facts.ok ? facts.value.size : 0) - TAIL_BYTES);
  return readLines(reading, TAIL_BYTES);
}

/** The last lines of the files that were set aside, newest file first. */
async function lastOfEarlier(
  files: Files,
  path: string,
  count: number,
  current: string | undefined,
): Promise<readonly string[]> {
  const stem = basename(path, '.log');
  const listed = await files.list(dirname(path));
  const isEarlier = (name: string): boolean =>
    name.startsWith(`${stem}-`) && /^-\d{8}T\d{9}Z\.log$/.test(name.slice(stem.length));
  let lines: readonly string[] = [];
  for (const name of (listed.ok ? listed.value : []).filter(isEarlier).toReversed()) {
    if (lines.length >= count) break;
    const reading = await openReading(files, join(dirname(path), name));
    if (reading === undefined) continue;
    // Just being renamed, it has both names for a moment.
    if (reading.identity !== current) lines = [...(await readTail(reading)), ...reading.splitter.flush(), ...lines];
    await reading.file.close();
  }
  return lines.slice(-count);
}

/** Whole lines from the position on; a line without its end waits for the rest. */
async function readLines(reading: Reading, limit: number): Promise<readonly string[]> {
  const buffer = Buffer.alloc(PIECE_BYTES);
  const lines: string[] = [];
  for (let read = 0; read < limit;) {
    const piece = await reading.file.read(buffer, reading.position);
    if (!piece.ok || piece.value === 0) break;
    reading.position += piece.value;
    read += piece.value;
    for (const line of reading.splitter.add(buffer.subarray(0, piece.value))) lines.push(line);
  }
  return lines;
}

/** Another file has the name now, or the same was cut. */
async function isReplaced(files: Files, path: string, reading: Reading | undefined): Promise<boolean> {
  const facts = await files.facts(path);
  if (!facts.ok || facts.value === undefined) return false;
  if (reading === undefined) return true;
  return `${facts.value.device}:${facts.value.inode}` !== reading.identity || facts.value.size < reading.position;
}
