import { createHash } from 'node:crypto';
import { type Fault, faultOf } from '../../platform/fault.ts';
import type { ReadableFile } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { decompressFrame } from '../pack/decompress.ts';
import { rangeBytes, type OpenFiles } from '../pack/file-bytes.ts';
import { createFrameScanner } from '../pack/frame.ts';
import { type ContentSink, createSplitter } from '../pack/splitter.ts';
import { applyDifference, type PatchFeeds } from './apply.ts';
import { type ByteFeed, createByteFeed } from './byte-feed.ts';
import { openOldContent } from './old-content.ts';
import type { DeltaPlan, PlannedPatch } from './plan-delta.ts';

export interface DeltaSource {
  readonly files: OpenFiles;
  /** The delta's pack. */
  readonly packFile: string;
  /** The old release as it lies on this machine. */
  readonly oldFolder: string;
  readonly plan: DeltaPlan;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Applies every patch of a delta's pack and hands each new content to the sink once.
 *
 * Of each patch the compressed bytes are digested before they are decompressed; old files are digested before they are used;
 * output stops at the declared sizes, and each content is digested while it is written. Memory is bounded by 32 MiB of old
 * files, four windows of 8 MiB, 9 MiB to predict addresses and some buffers, whatever the releases' sizes.
 * Errors: `archive-invalid`, `digest-mismatch` (with the path of an old file that is not what its release says), `cancelled`,
 * and what the disk says.
 */
export async function readDelta(source: DeltaSource, sink: ContentSink): Promise<Result<void>> {
  const opened = await source.files.openReadable(source.packFile);
  if (!opened.ok) return opened;
  try {
    const facts = await opened.value.facts();
    if (!facts.ok) return facts;
    if (facts.value.size !== source.plan.packLength) {
      const detail = `the delta has ${facts.value.size} bytes, its manifest describes ${source.plan.packLength}`;
      return fail(faultOf('archive-invalid', detail, { path: source.packFile }));
    }
    for (const patch of source.plan.patches) {
      const read = await readPatch({ ...source, file: opened.value, patch }, sink);
      if (!read.ok) return read.fault.path === undefined ? fail({ ...read.fault, path: source.packFile }) : read;
    }
    return succeed();
  } finally {
    await opened.value.close();
  }
}

interface PatchSource extends DeltaSource {
  readonly file: ReadableFile;
  readonly patch: PlannedPatch;
}

async function readPatch(source: PatchSource, sink: ContentSink): Promise<Result<void>> {
  const checked = await checkCompressed(source);
  if (!checked.ok) return checked;
  const { files, oldFolder, patch, signal } = source;
  const old = await openOldContent(files, oldFolder, patch.sources, signal);
  if (!old.ok) return old;
  const feeds = openFeeds(source);
  const sizes = new Map(patch.contents.map(({ sha256, size }) => [sha256, size]));
  const contents = patch.contents.map(({ sha256 }) => sha256);
  const splitter = createSplitter({ contents, sizes, refuse: (...why) => refuse(source, ...why) }, sink);
  const applied = await applyDifference({
    old: old.value,
    feeds,
    size: patch.size,
    code: patch.code,
    take: (bytes) => splitter.take(bytes),
  });
  const ended = applied.ok ? splitter.end() : applied;
  if (!ended.ok) await splitter.abandon();
  await Promise.all([feeds.control, feeds.gaps, feeds.changes, feeds.literals].map((feed) => feed.close()));
  await old.value.close();
  return ended;
}

async function checkCompressed(source: PatchSource): Promise<Result<void>> {
  const hash = createHash('sha256');
  let [frame, read]: [string | undefined, number] = [undefined, 0];
  for (const range of rangesOf(source.patch)) {
    if (range.length === 0) continue;
    const scanner = createFrameScanner();
    for await (const piece of rangeBytes(source.file, range, source.signal)) {
      if (!piece.ok) return piece;
      hash.update(piece.value);
      read += piece.value.length;
      frame ??= scanner.push(piece.value);
    }
    frame ??= scanner.end();
  }
  const wanted = source.patch.lengths.reduce((sum, length) => sum + length, 0);
  if (read < wanted) return refuse(source, 'archive-invalid', 'ends before its length');
  if (hash.digest('hex') !== source.patch.sha256) return refuse(source, 'digest-mismatch', 'is not what was signed');
  return frame === undefined ? succeed() : refuse(source, 'archive-invalid', `has a stream that is no frame: ${frame}`);
}

interface Range {
  readonly offset: number;
  readonly length: number;
}

/** Control, gaps, changes and literals, back to back. */
function rangesOf({ offset, lengths }: PlannedPatch): readonly [Range, Range, Range, Range] {
  const [control, gaps, changes, literals] = lengths;
  return [
    { offset, length: control },
    { offset: offset + control, length: gaps },
    { offset: offset + control + gaps, length: changes },
    { offset: offset + control + gaps + changes, length: literals },
  ];
}

function openFeeds(source: PatchSource): PatchFeeds {
  const [control, gaps, changes, literals] = rangesOf(source.patch);
  const open = (range: Range): ByteFeed => createByteFeed(streamBytes(source, range));
  return { control: open(control), gaps: open(gaps), changes: open(changes), literals: open(literals) };
}

async function* streamBytes(source: PatchSource, range: Range): AsyncGenerator<Result<Uint8Array>> {
  if (range.length > 0) yield* decompressFrame(rangeBytes(source.file, range, source.signal));
}

function refuse(source: PatchSource, code: Fault['code'], what: string): Result<never> {
  const detail = `the patch at byte ${source.patch.offset} of the delta ${what}`;
  return fail(faultOf(code, detail, { path: source.packFile }));
}
