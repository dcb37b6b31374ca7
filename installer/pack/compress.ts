import { constants, createZstdCompress, type ZstdCompress } from 'node:zlib';
import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { createFrameScanner, WINDOW_LOG } from './frame.ts';

const CHUNK_BYTES = 256 * 1024;

export interface Compression {
  /** 1 to 19. */
  readonly level: number;
  /** Bytes that will come, exactly; the frame names them. */
  readonly size: number;
}

/**
 * Compresses pieces to one zstd frame and hands its bytes to `take`, in order.
 *
 * The frame goes through the very scanner that guards the customer's machine. The first fault of `pieces` or `take` is
 * returned; `io-error` when the pieces are not `size` bytes, or the library gives something else than one frame.
 */
export async function compressFrame(
  pieces: AsyncIterable<Result<Uint8Array>>,
  { level, size }: Compression,
  take: (bytes: Uint8Array) => Promise<Result<void>>,
): Promise<Result<void>> {
  const compressor = createZstdCompress({
    pledgedSrcSize: size,
    chunkSize: CHUNK_BYTES,
    params: {
      [constants.ZSTD_c_windowLog]: WINDOW_LOG,
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_checksumFlag]: 0,
    },
  });
  const feeding = feed(compressor, pieces);
  const drained = await drain(compressor, take);
  compressor.destroy();
  const fed = await feeding;
  return fed.ok ? drained : fed;
}

/**
 * Ends the stream only once it has taken every piece: an end that overtakes the last piece makes node:zlib finish twice,
 * and a second, empty frame follows the first.
 */
async function feed(compressor: ZstdCompress, pieces: AsyncIterable<Result<Uint8Array>>): Promise<Result<void>> {
  const closed = new Promise<boolean>((resolve) => compressor.once('close', () => resolve(false)));
  for await (const piece of pieces) {
    if (!piece.ok) {
      compressor.destroy();
      return piece;
    }
    // Why it takes no more is known where it is drained.
    if (!(await Promise.race([write(compressor, piece.value), closed]))) return succeed();
  }
  compressor.end();
  return succeed();
}

/** Resolves when the piece was taken, false when it was not. */
async function write(compressor: ZstdCompress, bytes: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    compressor.write(bytes, (error) => resolve(error === undefined || error === null));
  });
}

async function drain(
  compressor: ZstdCompress,
  take: (bytes: Uint8Array) => Promise<Result<void>>,
): Promise<Result<void>> {
  const scanner = createFrameScanner();
  let problem: string | undefined;
  try {
    for await (const bytes of compressor as AsyncIterable<Uint8Array>) {
      problem ??= scanner.push(bytes);
      const taken = await take(bytes);
      if (!taken.ok) return taken;
    }
  } catch (error) {
    return fail(faultOf('io-error', error instanceof Error ? error.message : 'compression failed'));
  }
  problem ??= scanner.end();
  return problem === undefined ? succeed() : fail(faultOf('io-error', `compression made no single frame: ${problem}`));
}
