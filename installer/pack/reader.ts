import { createHash } from 'node:crypto';
import type { Files, ReadableFile } from '../../platform/files.ts';
import { type Fault, faultOf } from '../../platform/fault.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';
import type { FileManifest, PackObject } from '../release.ts';
import { decompressFrame } from './decompress.ts';
import { createFrameScanner } from './frame.ts';
import { packLength } from './manifest-rules.ts';

/** Bytes read from the pack at once. */
const CHUNK_BYTES = 256 * 1024;

/** Takes the bytes of one content, in order. */
export interface ContentWriter {
  write(bytes: Uint8Array): Promise<Result<void>>;
  /** `whole`: all bytes came and their digest is the declared one; otherwise the content is to be thrown away. */
  close(whole: boolean): Promise<Result<void>>;
}

/** Where the contents of a pack go. */
export interface ContentSink {
  open(sha256: string): Promise<Result<ContentWriter>>;
}

export interface PackSource {
  readonly files: Files;
  readonly packFile: string;
  readonly manifest: FileManifest;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a pack from its first byte to its last and hands every content to the sink once.
 *
 * The manifest must have been decoded. Of each object the compressed bytes are digested before they are decompressed, the
 * output is capped at the declared size, and each content is digested while it is written.
 * Errors: `archive-invalid` (length, frame), `digest-mismatch`, `cancelled`, and what the disk says.
 */
export async function readPack(source: PackSource, sink: ContentSink): Promise<Result<void>> {
  const opened = await source.files.openReadable(source.packFile);
  if (!opened.ok) return opened;
  try {
    const length = await checkLength(opened.value, source);
    if (!length.ok) return length;
    const sizes = contentSizes(source.manifest);
    for (const object of source.manifest.objects) {
      const read = await readObject({ ...source, file: opened.value, object, sizes }, sink);
      if (!read.ok) return read;
    }
    return succeed();
  } finally {
    await opened.value.close();
  }
}

async function checkLength(file: ReadableFile, source: PackSource): Promise<Result<void>> {
  const facts = await file.facts();
  if (!facts.ok) return facts;
  const wanted = packLength(source.manifest);
  if (facts.value.kind === 'file' && facts.value.size === wanted) return succeed();
  const detail = `the pack has ${String(facts.value.size)} bytes, its manifest describes ${String(wanted)}`;
  return fail(faultOf('archive-invalid', detail, { path: source.packFile }));
}

function contentSizes(manifest: FileManifest): ReadonlyMap<string, number> {
  return new Map(manifest.entries.flatMap((entry) => (entry.kind === 'file' ? [[entry.sha256, entry.size]] : [])));
}

interface ObjectSource extends PackSource {
  readonly file: ReadableFile;
  readonly object: PackObject;
  readonly sizes: ReadonlyMap<string, number>;
}

async function readObject(source: ObjectSource, sink: ContentSink): Promise<Result<void>> {
  const checked = await checkCompressed(source);
  if (!checked.ok) return checked;
  const splitter = createSplitter(source, sink);
  for await (const piece of decompressFrame(compressedBytes(source))) {
    const taken = piece.ok ? await splitter.take(piece.value) : located(piece.fault, source);
    if (taken.ok) continue;
    await splitter.abandon();
    return taken;
  }
  const ended = splitter.end();
  if (!ended.ok) await splitter.abandon();
  return ended;
}

async function checkCompressed(source: ObjectSource): Promise<Result<void>> {
  const hash = createHash('sha256');
  const scanner = createFrameScanner();
  let frame: string | undefined;
  for await (const chunk of compressedBytes(source)) {
    if (!chunk.ok) return chunk;
    hash.update(chunk.value);
    frame ??= scanner.push(chunk.value);
  }
  if (hash.digest('hex') !== source.object.sha256) return refuse(source, 'digest-mismatch', 'is not what was signed');
  frame ??= scanner.end();
  return frame === undefined ? succeed() : refuse(source, 'archive-invalid', `is no single zstd frame: ${frame}`);
}

/** The object's bytes, exactly `length` of them; the buffer is used again for each chunk once the taker asks for the next. */
async function* compressedBytes(source: ObjectSource): AsyncGenerator<Result<Uint8Array>> {
  const { object, file } = source;
  let done = 0;
  while (done < object.length) {
    if (source.signal?.aborted === true) {
      yield fail(faultOf('cancelled', 'reading the pack was cancelled'));
      return;
    }
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, object.length - done));
    const read = await file.read(buffer, object.offset + done);
    if (!read.ok || read.value === 0) {
      yield read.ok ? refuse(source, 'archive-invalid', 'ends before its length') : read;
      return;
    }
    done += read.value;
    yield succeed(buffer.subarray(0, read.value));
  }
}

interface Splitter {
  take(bytes: Uint8Array): Promise<Result<void>>;
  end(): Result<void>;
  /** Closes what is open; its content is incomplete or wrong. */
  abandon(): Promise<void>;
}

/** Cuts an object's bytes into its contents and checks each; refuses the first byte beyond the declared size. */
function createSplitter(source: ObjectSource, sink: ContentSink): Splitter {
  let next = 0;
  let current: { sha256: string; left: number; hash: ReturnType<typeof createHash>; writer: ContentWriter } | undefined;

  async function open(): Promise<Result<void>> {
    const sha256 = source.object.contents[next];
    if (sha256 === undefined) return refuse(source, 'archive-invalid', 'unpacks to more than its declared size');
    next += 1;
    const writer = await sink.open(sha256);
    if (!writer.ok) return writer;
    current = { sha256, left: source.sizes.get(sha256) ?? 0, hash: createHash('sha256'), writer: writer.value };
    return succeed();
  }

  async function finish(): Promise<Result<void>> {
    if (current === undefined || current.left > 0) return succeed();
    const { hash, sha256, writer } = current;
    if (hash.digest('hex') !== sha256) return refuse(source, 'digest-mismatch', 'unpacks to other contents');
    current = undefined;
    return writer.close(true);
  }

  return {
    async take(bytes) {
      let rest = bytes;
      while (rest.length > 0) {
        const opened = current === undefined ? await open() : succeed();
        if (!opened.ok || current === undefined) return opened;
        const part = rest.subarray(0, current.left);
        rest = rest.subarray(part.length);
        current.hash.update(part);
        current.left -= part.length;
        const written = await current.writer.write(part);
        const finished = written.ok ? await finish() : written;
        if (!finished.ok) return finished;
      }
      return succeed();
    },
    end() {
      const whole = current === undefined && next === source.object.contents.length;
      return whole ? succeed() : refuse(source, 'archive-invalid', 'unpacks to less than its declared size');
    },
    async abandon() {
      await current?.writer.close(false);
      current = undefined;
    },
  };
}

function located(fault: Fault, source: ObjectSource): Result<never> {
  return fail({ ...fault, path: fault.path ?? source.packFile });
}

function refuse(source: ObjectSource, code: Fault['code'], what: string): Result<never> {
  const detail = `the object at byte ${String(source.object.offset)} of the pack ${what}`;
  return fail(faultOf(code, detail, { path: source.packFile }));
}
