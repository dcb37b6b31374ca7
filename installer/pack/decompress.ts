import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdDecompress } from 'node:zlib';
import { faultOf } from '../../platform/fault.ts';
import { type Fault } from '../../platform/fault.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';
import { WINDOW_LOG } from './frame.ts';

/** Bytes of decompressed output handed on at once. */
const OUTPUT_BYTES = 256 * 1024;

/**
 * Decompresses one zstd frame as it comes; memory stays at the window (8 MiB) whatever the frame unpacks to, because the
 * taker decides when to stop. A fault of the input, or of the frame (`archive-invalid`), is the last element.
 */
export async function* decompressFrame(input: AsyncIterable<Result<Uint8Array>>): AsyncGenerator<Result<Uint8Array>> {
  const failure: { fault?: Fault } = {};
  const decompressor = createZstdDecompress({
    chunkSize: OUTPUT_BYTES,
    params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG },
  });
  const fed = pipeline(Readable.from(values(input, failure), { objectMode: true }), decompressor).catch(
    () => undefined,
  );
  try {
    for await (const piece of decompressor as AsyncIterable<Uint8Array>) yield succeed(piece);
    if (failure.fault !== undefined) yield fail(failure.fault);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown';
    yield fail(failure.fault ?? faultOf('archive-invalid', `the frame cannot be decompressed: ${why}`));
  } finally {
    decompressor.destroy();
    await fed;
  }
}

/** A stream carries bytes only: a fault ends it early and is kept aside. */
async function* values(
  input: AsyncIterable<Result<Uint8Array>>,
  failure: { fault?: Fault },
): AsyncGenerator<Uint8Array> {
  for await (const piece of input) {
    if (!piece.ok) {
      failure.fault = piece.fault;
      return;
    }
    yield piece.value;
  }
}
