import { createHash } from 'node:crypto';
import type { Files, ReadableFile } from '../../platform/files.ts';
import { type Fault, faultOf } from '../../platform/fault.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';
import type { FileManifest, PackObject } from '../release.ts';
import { decompressFrame } from './decompress.ts';
import { rangeBytes } from './file-bytes.ts';
import { createFrameScanner } from './frame.ts';
import { inFlight } from './in-flight.ts';
import { type ContentSink, createSplitter } from './splitter.ts';

export interface PackSource {
  readonly files: Files;
  readonly packFile: string;
  readonly manifest: FileManifest;
  readonly signal?: AbortSignal | undefined;
}

/** Objects of at most this size are read at the same time: their windows are small, and their files are many. */
const SMALL_OBJECT_BYTES = 1024 * 1024;
const SMALL_OBJECTS_IN_FLIGHT = 4;

/**
 * Reads a pack from its first byte to its last and hands every content to the sink once, several at the same time.
 *
 * The manifest must have been decoded. Of each object the compressed bytes are digested before they are decompressed, the
 * output is capped at the declared size, and each content is digested while it is written.
 * Errors: `archive-invalid` (length, frame), `digest-mismatch`, `cancelled`, and what the disk says.
 */
export async function readPack(source: PackSource, sink: ContentSink): Promise<Result<void>> {
  return readObjects(source, source.manifest.objects, sink);
}

/** As `readPack`, from a file that holds nothing but these objects of the manifest, back to back. */
export async function readObjects(
  source: PackSource,
  objects: readonly PackObject[],
  sink: ContentSink,
): Promise<Result<void>> {
  const opened = await source.files.openReadable(source.packFile);
  if (!opened.ok) return opened;
  try {
    const placed = placeObjects(objects);
    const length = await checkLength(opened.value, source, placed.length);
    if (!length.ok) return length;
    const sizes = contentSizes(source.manifest);
    for (const group of groupSmall(placed.objects)) {
      const read = await readGroup({ ...source, file: opened.value, sizes }, group, sink);
      if (!read.ok) return read;
    }
    return succeed();
  } finally {
    await opened.value.close();
  }
}

function placeObjects(objects: readonly PackObject[]): {
  readonly objects: readonly PackObject[];
  readonly length: number;
} {
  let offset = 0;
  const placed = objects.map((object) => {
    const at = { ...object, offset };
    offset += object.length;
    return at;
  });
  return { objects: placed, length: offset };
}

/** Neighbours that are small together; a large one alone. */
function groupSmall(objects: readonly PackObject[]): readonly (readonly PackObject[])[] {
  const groups: PackObject[][] = [];
  let open: PackObject[] | undefined;
  for (const object of objects) {
    if (object.size > SMALL_OBJECT_BYTES) {
      groups.push([object]);
      open = undefined;
    } else if (open === undefined) groups.push((open = [object]));
    else open.push(object);
  }
  return groups;
}

async function readGroup(
  source: Omit<ObjectSource, 'object'>,
  group: readonly PackObject[],
  sink: ContentSink,
): Promise<Result<void>> {
  return inFlight(SMALL_OBJECTS_IN_FLIGHT, group, (object) => readObject({ ...source, object }, sink));
}

async function checkLength(file: ReadableFile, source: PackSource, wanted: number): Promise<Result<void>> {
  const facts = await file.facts();
  if (!facts.ok) return facts;
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
