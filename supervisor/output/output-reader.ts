import { isDeepStrictEqual } from 'node:util';
import type { Files, ReadableFile } from '../../platform/files.ts';
import { createLineSplitter } from './line-splitter.ts';
import { lookAtOutput } from './output-folder.ts';
import { type OutputPiece, type OutputPosition, piecesAfter } from './output-pieces.ts';

/** The server's output of all runs as one stream of lines, whatever files it is in; no launcher has to be there. */
export interface OutputReader {
  /** The last `count` whole lines there are now; later reads go on after them. */
  last(count: number): Promise<readonly string[]>;
  /** What was added since, at most some megabytes at a time: empty only when there is nothing more. */
  added(): Promise<readonly string[]>;
  /** A last line without its end. */
  unfinished(): readonly string[];
}

const STEP_BYTES = 256 * 1024;
/** What one look may give, so that a flood does not fill the memory. */
const LOOK_BYTES = 4 * 1024 * 1024;
/** How far back the last lines are looked for. */
const BACK_BYTES = 64 * 1024 * 1024;
const TRIES = 5;
const NEWLINE = 0x0a;

interface Chunk {
  readonly run: number;
  readonly from: number;
  readonly bytes: Buffer;
}

/** Follows `folder` by the number of the run and the position in its output, not by names. */
export function createOutputReader(files: Files, folder: string): OutputReader {
  let position: OutputPosition | undefined;
  let splitter = createLineSplitter();
  const take = (chunks: readonly Chunk[]): readonly string[] =>
    chunks.flatMap(({ run, from, bytes }) => {
      // Bytes of another run, or behind a gap, do not continue a line.
      const goesOn = position?.run === run && position.position === from;
      const broken = goesOn ? [] : splitter.flush();
      position = { run, position: from + bytes.length };
      return [...broken, ...splitter.add(bytes)];
    });
  return {
    async last(count) {
      splitter = createLineSplitter();
      position = undefined;
      const chunks = await stable(
        files,
        folder,
        () => undefined,
        (pieces) => readBack(files, pieces, count),
      );
      return take(chunks).slice(-count);
    },
    async added() {
      const chunks = await stable(
        files,
        folder,
        () => position,
        (pieces) => readOn(files, pieces),
      );
      return take(chunks);
    },
    unfinished: () => splitter.flush(),
  };
}

/** Reads, and reads again when what was read was cut off or renamed meanwhile: it could be zeros, or be there twice. */
async function stable(
  files: Files,
  folder: string,
  position: () => OutputPosition | undefined,
  read: (pieces: readonly OutputPiece[]) => Promise<readonly Chunk[] | undefined>,
): Promise<readonly Chunk[]> {
  const look = () => lookAtOutput(files, folder, 0);
  for (let tries = 0; tries < TRIES; tries += 1) {
    const before = await look();
    if (!before.ok) return [];
    const chunks = await read(piecesAfter(folder, before.value, position()));
    const after = await look();
    if (chunks && after.ok && isDeepStrictEqual(before.value, after.value)) return chunks;
  }
  return [];
}

async function readOn(files: Files, pieces: readonly OutputPiece[]): Promise<readonly Chunk[] | undefined> {
  const chunks: Chunk[] = [];
  let left = LOOK_BYTES;
  for (const piece of pieces) {
    const opened = await files.openReadable(piece.path);
    if (!opened.ok) return undefined;
    try {
      for (let from = await beginOf(opened.value, piece); left > 0;) {
        const bytes = await readAt(opened.value, from - piece.start, Math.min(STEP_BYTES, left));
        if (bytes.length === 0) break;
        chunks.push({ run: piece.run, from, bytes });
        from += bytes.length;
        left -= bytes.length;
      }
    } finally {
      await opened.value.close();
    }
    if (left <= 0) break;
  }
  return chunks;
}

/** A file that is shorter than what was read of it was emptied by somebody, and is read anew. */
async function beginOf(file: ReadableFile, { from, start, current }: OutputPiece): Promise<number> {
  const facts = await file.facts();
  return current && facts.ok && start + facts.value.size < from ? start : from;
}

/** From the end backwards until there are enough lines. */
async function readBack(
  files: Files,
  pieces: readonly OutputPiece[],
  count: number,
): Promise<readonly Chunk[] | undefined> {
  const chunks: Chunk[] = [];
  let left = BACK_BYTES;
  // One newline more than lines, so that the first of them is whole.
  let newlines = 0;
  for (const piece of pieces.toReversed()) {
    const opened = await files.openReadable(piece.path);
    if (!opened.ok) return undefined;
    try {
      const facts = await opened.value.facts();
      for (
        let to = piece.start + (facts.ok ? facts.value.size : 0);
        to > piece.from && newlines <= count && left > 0;
      ) {
        const from = Math.max(piece.from, to - STEP_BYTES);
        const bytes = await readAt(opened.value, from - piece.start, to - from);
        chunks.unshift({ run: piece.run, from, bytes });
        newlines += newlinesIn(bytes);
        left -= bytes.length;
        to = from;
      }
    } finally {
      await opened.value.close();
    }
    if (newlines > count || left <= 0) break;
  }
  return chunks;
}

function newlinesIn(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}

async function readAt(file: ReadableFile, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  const read = await file.read(buffer, position);
  return buffer.subarray(0, read.ok ? read.value : 0);
}
