import { faultOf } from '../../platform/fault.ts';
import type { Files, ReadableFile } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';

const CHUNK_BYTES = 256 * 1024;

/** All that reading contents asks of the disk. */
export type OpenFiles = Pick<Files, 'openReadable'>;

/** At most `size` bytes of a file: one that has grown meanwhile fails by its digest, not by filling what is made of it. */
export async function* fileBytes(
  files: OpenFiles,
  path: string,
  size: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Result<Uint8Array>> {
  const opened = await files.openReadable(path);
  if (!opened.ok) {
    yield opened;
    return;
  }
  try {
    yield* rangeBytes(opened.value, { offset: 0, length: size }, signal);
  } finally {
    await opened.value.close();
  }
}

/** The bytes of a range, fewer where the file ends before it; a fault is the last element. */
export async function* rangeBytes(
  file: ReadableFile,
  range: { readonly offset: number; readonly length: number },
  signal: AbortSignal | undefined,
): AsyncGenerator<Result<Uint8Array>> {
  for (let done = 0; done < range.length;) {
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, range.length - done));
    const read =
      signal?.aborted === true
        ? fail(faultOf('cancelled', 'reading was cancelled'))
        : await file.read(buffer, range.offset + done);
    if (!read.ok) {
      yield read;
      return;
    }
    if (read.value === 0) return;
    done += read.value;
    yield succeed(buffer.subarray(0, read.value));
  }
}
