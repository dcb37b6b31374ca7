import type { FileFacts, Files, ReadableFile } from '../../platform/files.ts';
import { dirname } from 'node:path';
import { createLineSplitter } from './line-splitter.ts';
import { holeOf, readCatalogue } from './output-folder.ts';

/** Enough for the last lines of any sane program; a longer line is cut. */
const TAIL_BYTES = 256 * 1024;

/** The last lines of one run's output, oldest first, without empty ones; empty when there is none. */
export async function tailOf(files: Files, path: string, lines: number): Promise<readonly string[]> {
  const output = await holdOutput(files, path);
  return output ? readTail(files, output, lines) : [];
}

/** The output of a run up to now: from here on the file may get another name, and the next run may write behind it. */
export interface HeldOutput {
  readonly path: string;
  readonly file: ReadableFile;
  readonly facts: FileFacts;
}

/** Whoever holds it reads it: `readTail` closes the file. Undefined when there is none. */
export async function holdOutput(files: Files, path: string): Promise<HeldOutput | undefined> {
  const opened = await files.openReadable(path);
  if (!opened.ok) return undefined;
  const facts = await opened.value.facts();
  if (facts.ok) return { path, file: opened.value, facts: facts.value };
  await opened.value.close();
  return undefined;
}

/** As `tailOf`. */
export async function readTail(files: Files, output: HeldOutput, lines: number): Promise<readonly string[]> {
  const { path, file, facts } = output;
  try {
    const { size, inode } = facts;
    const { current } = await readCatalogue(files, dirname(path));
    const hole = current?.inode === inode ? current.cut : await holeOf(file, size);
    const start = Math.max(hole, size - TAIL_BYTES, 0);
    const buffer = Buffer.alloc(Math.max(0, size - start));
    const read = await file.read(buffer, start);
    const splitter = createLineSplitter();
    const all = [...splitter.add(buffer.subarray(0, read.ok ? read.value : 0)), ...splitter.flush()];
    // The first line is most likely cut when the output is longer than what was read.
    const whole = all.slice(start > hole && all.length > 1 ? 1 : 0);
    return whole.filter((line) => line.trim() !== '').slice(-lines);
  } finally {
    await file.close();
  }
}
