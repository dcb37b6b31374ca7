import { join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files, ReadableFile } from '../../platform/files.ts';
import { fail, succeed, type Result } from '../../platform/result.ts';
import type { RangeRead, RangeWish, RepositoryReader } from './repository-reader.ts';
import { cancelled } from './retry-ladder.ts';

const PIECE_BYTES = 1024 * 1024;

/** Reads a repository that lies in a folder (a disk, a share, a stick); the same checks as over the network follow. */
export function createFolderReader(files: Files, folder: string): RepositoryReader {
  return {
    readJson: async (path, limit) => {
      const read = await files.readBytes(join(folder, ...path.split('/')), limit);
      if (read.ok || read.fault.code !== 'too-large') return read;
      return fail(
        faultOf('body-too-long', `the file is longer than the ${limit} bytes allowed`, { cause: read.fault }),
      );
    },
    openRange: async (path, wish) => {
      const opened = await files.openReadable(join(folder, ...path.split('/')));
      const short = opened.ok ? await findShort(opened.value, wish.length) : opened;
      if (opened.ok && !short.ok) await opened.value.close();
      return opened.ok && short.ok ? succeed(readRange(opened.value, 0, wish)) : (short as Result<never>);
    },
    close: () => Promise.resolve(),
  };
}

/** On a disk, a file that is too short is another file, and no transfer that was cut: waiting brings nothing. */
async function findShort(file: ReadableFile, signedLength: number): Promise<Result<void>> {
  const facts = await file.facts();
  if (!facts.ok) return facts;
  if (facts.value.size >= signedLength) return succeed();
  const detail = `the file has ${facts.value.size} of the signed ${signedLength} bytes`;
  return fail(faultOf('digest-mismatch', detail));
}

/** The bytes of an open file from `offset + wish.from` on; one more than signed is let through, so that it is noticed. */
export function readRange(file: ReadableFile, offset: number, wish: RangeWish, endOfFile = Infinity): RangeRead {
  const end = Math.min(endOfFile, wish.until === undefined ? Infinity : offset + wish.until);
  let open = true;
  const discard = async (): Promise<void> => {
    if (open) await file.close();
    open = false;
  };
  return { start: wish.from, body: pieces(file, offset + wish.from, end, wish.signal, discard), discard };
}

async function* pieces(
  file: ReadableFile,
  from: number,
  end: number,
  signal: AbortSignal | undefined,
  discard: () => Promise<void>,
): AsyncGenerator<Result<Uint8Array>> {
  try {
    for (let position = from; position < end;) {
      if (signal?.aborted === true) {
        yield fail(cancelled());
        return;
      }
      const buffer = new Uint8Array(Math.min(PIECE_BYTES, end - position));
      const read = await file.read(buffer, position);
      if (!read.ok) yield read;
      if (!read.ok || read.value === 0) return;
      position += read.value;
      yield succeed(buffer.subarray(0, read.value));
    }
  } finally {
    await discard();
  }
}
