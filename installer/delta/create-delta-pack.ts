import { createHash, type Hash } from 'node:crypto';
import { faultOf } from '../../platform/fault.ts';
import type { Files, WritableFile } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { compressFrame } from '../pack/compress.ts';
import { DISCARDING_SINK } from '../pack/splitter.ts';
import { DEFAULT_COMPRESSION_LEVEL } from '../pack/writer.ts';
import { decodeDeltaManifest, type DeltaManifest, type FileEntry, packPlaces, type Patch } from './delta-manifest.ts';
import { type Difference, diff } from './diff.ts';
import { findSources, type ReleaseFolder } from './find-sources.ts';
import { loadContents } from './old-content.ts';
import { planDelta } from './plan-delta.ts';
import { groupContents, type PatchGroup } from './plan-patches.ts';
import { readDelta } from './read-delta.ts';
import { manifestChanges, rebuildManifest } from './rebuild-manifest.ts';

/** The largest file that is patched: with its index it takes less than 3 GiB while the delta is made. */
const PATCHED_BYTES_LIMIT = 1024 ** 3;

export interface DeltaRequest {
  readonly old: ReleaseFolder;
  readonly target: ReleaseFolder;
  /** The file to write; it is created, its folder must be there. */
  readonly packFile: string;
  /** 1 to 19. */
  readonly compressionLevel?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of new contents done so far and in all. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
}

export interface DeltaPack {
  readonly manifest: DeltaManifest;
  /** Of the pack. */
  readonly length: number;
  readonly sha256: string;
}

/**
 * Makes the delta from one release to another: the same two folders always give the same bytes.
 *
 * It is read back and applied before it is returned, so what a customer's machine would refuse is never published.
 * Errors: `too-large` (a file beyond 1 GiB has to be patched: publish the full pack alone), `digest-mismatch` (a folder is not
 * what its manifest says), `cancelled`, the disk's.
 */
export async function createDeltaPack(files: Files, request: DeltaRequest): Promise<Result<DeltaPack>> {
  const matched = await findSources(files, request.old, request.target, request.signal);
  if (!matched.ok) return matched;
  const groups = groupContents(request.old.manifest, matched.value);
  const opened = await files.openWritable(request.packFile, { start: 'empty', mode: 0o644 });
  if (!opened.ok) return opened;
  const written = await writePatches(files, request, groups, opened.value);
  const closed = await opened.value.close();
  if (!written.ok) return written;
  if (!closed.ok) return closed;
  const changes = manifestChanges(request.old.manifest, request.target.manifest);
  const { patches } = written.value;
  const schema = patches.some(({ code }) => code) ? 2 : 1;
  const manifest = decodeDeltaManifest({ schema, ...changes, patches });
  if (!manifest.ok) return manifest;
  const proven = await prove(files, request, manifest.value);
  return proven.ok ? succeed({ manifest: manifest.value, ...written.value.pack }) : proven;
}

async function writePatches(
  files: Files,
  request: DeltaRequest,
  groups: readonly PatchGroup[],
  output: WritableFile,
): Promise<Result<{ readonly patches: readonly Patch[]; readonly pack: { length: number; sha256: string } }>> {
  const patches: Patch[] = [];
  const pack = { output, hash: createHash('sha256'), length: 0 };
  const total = groups.flatMap(({ contents }) => contents).reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  for (const group of groups) {
    const difference = await differenceOf(files, request, group);
    if (!difference.ok) return difference;
    const streams = await writeStreams(request, difference.value, pack);
    if (!streams.ok) return streams;
    const code = difference.value.code ? ({ code: true } as const) : {};
    patches.push({ ...placesOf(request, group), ...streams.value, ...code });
    done += group.contents.reduce((sum, { size }) => sum + size, 0);
    request.onProgress?.(done, total);
  }
  const synced = await output.sync();
  return synced.ok ? succeed({ patches, pack: { length: pack.length, sha256: pack.hash.digest('hex') } }) : synced;
}

async function differenceOf(files: Files, request: DeltaRequest, group: PatchGroup): Promise<Result<Difference>> {
  const large = [...group.sources, ...group.contents].find(({ size }) => size > PATCHED_BYTES_LIMIT);
  if (large !== undefined) return fail(faultOf('too-large', 'a file is too large for a patch', { path: large.path }));
  const old = await loadContents(files, request.old.folder, group.sources, request.signal);
  if (!old.ok) return old;
  const target = await loadContents(files, request.target.folder, group.contents, request.signal);
  return target.ok ? succeed(diff(old.value, target.value)) : target;
}

interface OpenPack {
  readonly output: WritableFile;
  readonly hash: Hash;
  length: number;
}

async function writeStreams(
  request: DeltaRequest,
  { control, gaps, changes, literals }: Difference,
  pack: OpenPack,
): Promise<Result<Pick<Patch, 'lengths' | 'sha256'>>> {
  const hash = createHash('sha256');
  const lengths: Patch['lengths'] = [0, 0, 0, 0];
  for (const [index, stream] of [control, gaps, changes, literals].entries()) {
    const before = pack.length;
    const compression = { level: request.compressionLevel ?? DEFAULT_COMPRESSION_LEVEL, size: stream.length };
    if (stream.length === 0) continue;
    const written = await compressFrame(pieceOf(stream), compression, (bytes) => {
      hash.update(bytes);
      pack.hash.update(bytes);
      pack.length += bytes.length;
      return pack.output.write(bytes);
    });
    if (!written.ok) return written;
    lengths[index] = pack.length - before;
  }
  return succeed({ lengths, sha256: hash.digest('hex') });
}

async function* pieceOf(bytes: Uint8Array): AsyncGenerator<Result<Uint8Array>> {
  yield await Promise.resolve(succeed(bytes));
}

function placesOf(request: DeltaRequest, group: PatchGroup): Pick<Patch, 'sources' | 'contents'> {
  const oldPlaces = new Map(request.old.manifest.entries.map((entry, place) => [entry.path, place]));
  const newPlaces = new Map(request.target.manifest.entries.map((entry, place) => [entry.path, place]));
  const of = (places: ReadonlyMap<string, number>, entries: readonly FileEntry[]): number[] =>
    entries.map(({ path }) => places.get(path) ?? 0);
  return { sources: packPlaces(of(oldPlaces, group.sources)), contents: of(newPlaces, group.contents) };
}

async function prove(files: Files, request: DeltaRequest, delta: DeltaManifest): Promise<Result<void>> {
  const rebuilt = rebuildManifest(request.old.manifest, delta);
  if (!rebuilt.ok) return rebuilt;
  const plan = planDelta(request.old.manifest, rebuilt.value, delta);
  if (!plan.ok) return plan;
  const { packFile, signal, old } = request;
  return readDelta({ files, packFile, oldFolder: old.folder, plan: plan.value, signal }, DISCARDING_SINK);
}
