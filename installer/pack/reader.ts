import { createHash } from 'node:crypto';
import type { Files, ReadableFile } from '../../platform/files.ts';
import { type Fault, faultOf } from '../../platform/fault.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';
import type { FileManifest, PackObject } from '../release.ts';
import { decompressFrame } from './decompress.ts';
import { rangeBytes } from './file-bytes.ts';
import { createFrameScanner } from './frame.ts';
import { packLength } from './manifest-rules.ts';
import { type ContentSink, createSplitter } from './splitter.ts';

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
  const { contents } = source.object;
  const splitter = createSplitter({ contents, sizes: source.sizes, refuse: (...why) => refuse(source, ...why) }, sink);
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

/** The object's bytes, exactly `length` of them. */
async function* compressedBytes(source: ObjectSource): AsyncGenerator<Result<Uint8Array>> {
  const { object, file, signal } = source;
  let done = 0;
  for await (const piece of rangeBytes(file, object, signal)) {
    yield piece;
    if (!piece.ok) return;
    done += piece.value.length;
  }
  if (done < object.length) yield refuse(source, 'archive-invalid', 'ends before its length');
}

function located(fault: Fault, source: ObjectSource): Result<never> {
  return fail({ ...fault, path: fault.path ?? source.packFile });
}

function refuse(source: ObjectSource, code: Fault['code'], what: string): Result<never> {
  const detail = `the object at byte ${String(source.object.offset)} of the pack ${what}`;
  return fail(faultOf(code, detail, { path: source.packFile }));
}
