import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { ReadableFile } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { fileBytes, type OpenFiles } from '../pack/file-bytes.ts';
import type { FileEntry } from './delta-manifest.ts';

/** Several old files are read into memory together up to this many bytes; a larger one is read where it lies. */
export const MEMORY_BYTES = 32 * 1024 * 1024;

/** Of a file that is read where it lies, 64 blocks are kept: 16 MiB. */
const BLOCK_BYTES = 256 * 1024;
const BLOCKS = 64;

/** The old files of a patch, back to back, as one content. */
export interface OldContent {
  readonly size: number;
  /** Fills `target` from `position` on; whoever asks stays below `size`. At once when the bytes are at hand. */
  read(position: number, target: Uint8Array): Promise<Result<void>> | Result<void>;
  close(): Promise<void>;
}

/**
 * Opens old files after reading each once to compare its digest with its entry.
 *
 * Errors: `digest-mismatch` (with the path) when a file is not what its release says, `cancelled`, the disk's.
 */
export async function openOldContent(
  files: OpenFiles,
  folder: string,
  sources: readonly FileEntry[],
  signal?: AbortSignal,
): Promise<Result<OldContent>> {
  const size = sources.reduce((sum, source) => sum + source.size, 0);
  const [first] = sources;
  if (size <= MEMORY_BYTES || first === undefined) return loadAll(files, folder, sources, signal);
  if (sources.length === 1) return openLarge(files, folder, first, signal);
  return fail(faultOf('archive-invalid', 'a patch has several old files that are too large for memory together'));
}

async function loadAll(
  files: OpenFiles,
  folder: string,
  sources: readonly FileEntry[],
  signal: AbortSignal | undefined,
): Promise<Result<OldContent>> {
  const loaded = await loadContents(files, folder, sources, signal);
  if (!loaded.ok) return loaded;
  const content = loaded.value;
  return succeed({
    size: content.length,
    read(position, target) {
      target.set(content.subarray(position, position + target.length));
      return succeed();
    },
    close: () => Promise.resolve(),
  });
}

/** Reads files back to back into memory and compares the digest of each with its entry. */
export async function loadContents(
  files: OpenFiles,
  folder: string,
  entries: readonly FileEntry[],
  signal: AbortSignal | undefined,
): Promise<Result<Uint8Array>> {
  const content = new Uint8Array(entries.reduce((sum, entry) => sum + entry.size, 0));
  let at = 0;
  for (const entry of entries) {
    const loaded = await digestWhole(files, folder, entry, signal, (piece) => {
      content.set(piece, at);
      at += piece.length;
    });
    if (!loaded.ok) return loaded;
  }
  return succeed(content);
}

/** Hands over exactly the bytes of the entry, or says that the file is another one. */
async function digestWhole(
  files: OpenFiles,
  folder: string,
  source: FileEntry,
  signal: AbortSignal | undefined,
  take: (piece: Uint8Array) => void,
): Promise<Result<void>> {
  const path = join(folder, source.path);
  const hash = createHash('sha256');
  for await (const piece of fileBytes(files, path, source.size, signal)) {
    if (!piece.ok) return piece;
    hash.update(piece.value);
    take(piece.value);
  }
  return hash.digest('hex') === source.sha256 ? succeed() : differs(path);
}

function differs(path: string): Result<never> {
  return fail(faultOf('digest-mismatch', 'the file is not what its release says', { path }));
}

async function openLarge(
  files: OpenFiles,
  folder: string,
  source: FileEntry,
  signal: AbortSignal | undefined,
): Promise<Result<OldContent>> {
  const digested = await digestWhole(files, folder, source, signal, () => undefined);
  if (!digested.ok) return digested;
  const path = join(folder, source.path);
  const opened = await files.openReadable(path);
  return opened.ok ? succeed(blockwise(opened.value, path, source.size)) : opened;
}

/** Keeps the blocks that were read last: most instructions go on near the one before. */
function blockwise(file: ReadableFile, path: string, size: number): OldContent {
  const blocks = new Map<number, Uint8Array<ArrayBuffer>>();

  async function load(number: number): Promise<Result<Uint8Array>> {
    const oldest = blocks.size < BLOCKS ? undefined : blocks.keys().next().value;
    const reused = oldest === undefined ? undefined : blocks.get(oldest);
    if (oldest !== undefined) blocks.delete(oldest);
    const start = number * BLOCK_BYTES;
    // The whole buffer, of which the last block of the file is only a part.
    const buffer = reused?.buffer ?? new ArrayBuffer(BLOCK_BYTES);
    const block = new Uint8Array(buffer, 0, Math.min(BLOCK_BYTES, size - start));
    for (let done = 0; done < block.length;) {
      const read = await file.read(block.subarray(done), start + done);
      if (!read.ok) return read;
      if (read.value === 0) return differs(path);
      done += read.value;
    }
    blocks.set(number, block);
    return succeed(block);
  }

  async function readSlowly(position: number, target: Uint8Array): Promise<Result<void>> {
    for (let done = 0; done < target.length;) {
      const number = Math.floor((position + done) / BLOCK_BYTES);
      const kept = blocks.get(number);
      const block = kept === undefined ? await load(number) : succeed(kept);
      if (!block.ok) return block;
      const from = position + done - number * BLOCK_BYTES;
      const part = block.value.subarray(from, from + target.length - done);
      // Whoever asks for more than there is must not wait for ever.
      if (part.length === 0) return differs(path);
      target.set(part, done);
      done += part.length;
    }
    return succeed();
  }

  return {
    size,
    read(position, target) {
      const number = Math.floor(position / BLOCK_BYTES);
      const from = position - number * BLOCK_BYTES;
      const block = blocks.get(number);
      if (block === undefined || from + target.length > block.length) return readSlowly(position, target);
      target.set(block.subarray(from, from + target.length));
      return succeed();
    },
    close: () => file.close(),
  };
}
