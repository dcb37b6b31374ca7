import type { Files, ReadableFile } from '../../platform/files.ts';

/** The end of a log file that is being written to, line by line, across rotations. */
export interface LogTail {
  /** The last `count` lines there are now; later reads go on after them. */
  last(count: number): Promise<readonly string[]>;
  /** What was added since; a file that was set aside is read to its end before the new one begins. */
  added(): Promise<readonly string[]>;
  close(): Promise<void>;
}

const PIECE_BYTES = 64 * 1024;
/** How far back the last lines are looked for. */
const TAIL_BYTES = 4 * 1024 * 1024;
/** What one look may give, so that a flood does not fill the memory. */
const LOOK_BYTES = 16 * 1024 * 1024;

interface Reading {
  readonly file: ReadableFile;
  readonly identity: string;
  position: number;
  readonly decoder: InstanceType<typeof TextDecoder>;
  rest: string;
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
      if (reading === undefined) return [];
      const size = await sizeOf(reading.file);
      reading.position = Math.max(0, size - TAIL_BYTES);
      const lines = await readLines(reading, TAIL_BYTES);
      return lines.slice(-count);
    },
    async added() {
      const lines = reading === undefined ? [] : await readLines(reading, LOOK_BYTES);
      if (!(await isReplaced(files, path, reading))) return lines;
      const rest = reading === undefined ? [] : [...(await readLines(reading, LOOK_BYTES)), ...restOf(reading)];
      await reopen();
      return [...lines, ...rest, ...(reading === undefined ? [] : await readLines(reading, LOOK_BYTES))];
    },
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
  return { file: file.value, identity, position: 0, decoder: new TextDecoder(), rest: '' };
}

async function sizeOf(file: ReadableFile): Promise<number> {
  const facts = await file.facts();
  return facts.ok ? facts.value.size : 0;
}

/** Whole lines from the position on; a line without its end waits for the rest. */
async function readLines(reading: Reading, limit: number): Promise<readonly string[]> {
  const buffer = Buffer.alloc(PIECE_BYTES);
  let text = reading.rest;
  for (let read = 0; read < limit;) {
    const piece = await reading.file.read(buffer, reading.position);
    if (!piece.ok || piece.value === 0) break;
    reading.position += piece.value;
    read += piece.value;
    text += reading.decoder.decode(buffer.subarray(0, piece.value), { stream: true });
  }
  const lines = text.split('\n');
  reading.rest = lines.pop() ?? '';
  return lines.map((line) => line.replace(/\r$/, ''));
}

function restOf({ rest }: Reading): readonly string[] {
  return rest === '' ? [] : [rest];
}

/** Another file has the name now, or the same was cut. */
async function isReplaced(files: Files, path: string, reading: Reading | undefined): Promise<boolean> {
  const facts = await files.facts(path);
  if (!facts.ok || facts.value === undefined) return false;
  if (reading === undefined) return true;
  return `${facts.value.device}:${facts.value.inode}` !== reading.identity || facts.value.size < reading.position;
}
