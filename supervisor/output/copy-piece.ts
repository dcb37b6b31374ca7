import type { Files, ReadableFile, WritableFile } from '../../platform/files.ts';
import { type Result, succeed } from '../../platform/result.ts';

const STEP_BYTES = 256 * 1024;
const LOOK_BACK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;
const PIECE_MODE = 0o640;

/**
 * Where a piece of at most `limit` bytes from `from` on ends: behind its last line, or, when the piece is one line without
 * an end, at the limit. `from` itself when there is no whole line yet and the limit is not reached.
 */
export async function endOfPiece(file: ReadableFile, from: number, size: number, limit: number): Promise<number> {
  const most = Math.min(from + limit, size);
  const buffer = Buffer.alloc(LOOK_BACK_BYTES);
  for (let end = most; end > from;) {
    const start = Math.max(from, end - LOOK_BACK_BYTES);
    const read = await file.read(buffer.subarray(0, end - start), start);
    if (!read.ok) return from;
    const newline = buffer.subarray(0, read.value).lastIndexOf(NEWLINE);
    if (newline >= 0) return start + newline + 1;
    end = start;
  }
  return most === from + limit ? most : from;
}

/** Copies `[from, to)` into a new file that is on disk when this returns; `abandoned` when somebody is in a hurry. */
export async function copyPiece(
  files: Files,
  file: ReadableFile,
  piece: { readonly from: number; readonly to: number; readonly target: string },
  isAbandoned: () => boolean,
): Promise<Result<'copied' | 'abandoned'>> {
  const opened = await files.openWritable(piece.target, { mode: PIECE_MODE, start: 'empty' });
  if (!opened.ok) return opened;
  const copied = await copyBytes(file, opened.value, piece.from, piece.to, isAbandoned);
  const synced = copied.ok && copied.value === 'copied' ? await opened.value.sync() : succeed();
  const closed = await opened.value.close();
  const done = !copied.ok ? copied : !synced.ok ? synced : !closed.ok ? closed : copied;
  if (!done.ok || done.value === 'abandoned') await files.remove(piece.target);
  return done;
}

async function copyBytes(
  from: ReadableFile,
  to: WritableFile,
  start: number,
  end: number,
  isAbandoned: () => boolean,
): Promise<Result<'copied' | 'abandoned'>> {
  const buffer = Buffer.allocUnsafe(Math.min(STEP_BYTES, end - start));
  for (let position = start; position < end;) {
    if (isAbandoned()) return succeed('abandoned');
    const read = await from.read(buffer.subarray(0, Math.min(buffer.length, end - position)), position);
    if (!read.ok) return read;
    // Somebody emptied the file meanwhile.
    if (read.value === 0) return succeed('abandoned');
    const written = await to.write(buffer.subarray(0, read.value));
    if (!written.ok) return written;
    position += read.value;
  }
  return succeed('copied');
}
