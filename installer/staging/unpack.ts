import { dirname, join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';
import { type CompareDependencies, type Comparison, compareBundle, isIdentical } from '../integrity/compare.ts';
import { EMPTY_SHA256, unpackedBytes } from '../pack/manifest-rules.ts';
import { type ContentSink, readPack } from '../pack/reader.ts';
import type { FileManifest, ManifestEntry } from '../release.ts';

/** While it is being filled nobody else may look into the staged bundle, let alone swap a file in it. */
const STAGING_MODE = 0o700;
const WRITING_MODE = 0o600;

/** Paths named in a fault before it says "and others". */
const NAMED_PATHS = 5;

export interface UnpackRequest {
  /** Decoded, and verified against signed metadata. */
  readonly manifest: FileManifest;
  readonly packFile: string;
  /** Absolute; must not exist yet, its parent must. */
  readonly folder: string;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of the unpacked bundle written so far and in all. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
}

export interface UnpackedRelease {
  readonly files: number;
  /** Bytes. */
  readonly unpackedBytes: number;
}

/**
 * Unpacks a release into a new folder, proves the result against the manifest by reading it again, and makes it durable.
 *
 * Every entry has its final mode afterwards, except the folder itself: it stays closed to other accounts (0o700) until
 * `openStagedBundle`. When it fails, the folder is gone again; beginning anew is always right.
 * Errors: `already-exists`, `archive-invalid`, `digest-mismatch`, `cancelled`, `disk-full`, …
 */
export async function unpackRelease(
  dependencies: CompareDependencies,
  request: UnpackRequest,
): Promise<Result<UnpackedRelease>> {
  const created = await dependencies.files.makeNewFolder(request.folder, STAGING_MODE);
  if (!created.ok) return created;
  const filled = await fill(dependencies, request);
  if (filled.ok) return succeed(measure(request.manifest));
  await dependencies.files.removeTree(request.folder);
  return filled;
}

async function fill(dependencies: CompareDependencies, request: UnpackRequest): Promise<Result<void>> {
  const { files } = dependencies;
  const acts = [
    () => files.setMode(request.folder, STAGING_MODE),
    () => makeFolders(files, request),
    () => writeContents(files, request),
    () => makeLinks(files, request),
    () => closeFolders(files, request),
    () => prove(dependencies, request),
    () => files.syncTree(request.folder),
    () => files.syncFolder(dirname(request.folder)),
  ];
  for (const act of acts) {
    if (request.signal?.aborted === true) return fail(faultOf('cancelled', 'unpacking was cancelled'));
    const done = await act();
    if (!done.ok) return done;
  }
  return succeed();
}

async function makeFolders(files: Files, request: UnpackRequest): Promise<Result<void>> {
  return each(request.manifest.entries, 'folder', (entry) =>
    files.makeNewFolder(join(request.folder, entry.path), STAGING_MODE),
  );
}

async function writeContents(files: Files, request: UnpackRequest): Promise<Result<void>> {
  const places = placesByContent(request.manifest);
  const total = unpackedBytes(request.manifest);
  let done = 0;
  const wrote = (bytes: number): void => {
    done += bytes;
    request.onProgress?.(done, total);
  };
  const empty = await writeEmptyFiles(files, request, places.get(EMPTY_SHA256) ?? []);
  if (!empty.ok) return empty;
  const { packFile, manifest, signal } = request;
  return readPack({ files, packFile, manifest, signal }, contentSink(files, request, places, wrote));
}

type FileEntry = Extract<ManifestEntry, { kind: 'file' }>;

/** The files that have each content; the first is written, the others are copied from it. */
function placesByContent(manifest: FileManifest): ReadonlyMap<string, readonly FileEntry[]> {
  const places = new Map<string, FileEntry[]>();
  for (const entry of manifest.entries) {
    if (entry.kind !== 'file') continue;
    const known = places.get(entry.sha256);
    if (known === undefined) places.set(entry.sha256, [entry]);
    else known.push(entry);
  }
  return places;
}

async function writeEmptyFiles(
  files: Files,
  request: UnpackRequest,
  places: readonly FileEntry[],
): Promise<Result<void>> {
  return each(places, 'file', async (entry) => {
    const path = join(request.folder, entry.path);
    const opened = await files.openWritable(path, { mode: WRITING_MODE, start: 'empty' });
    if (!opened.ok) return opened;
    const closed = await opened.value.close();
    return closed.ok ? files.setMode(path, entry.mode) : closed;
  });
}

function contentSink(
  files: Files,
  request: UnpackRequest,
  places: ReadonlyMap<string, readonly FileEntry[]>,
  wrote: (bytes: number) => void,
): ContentSink {
  return {
    async open(sha256) {
      const [first, ...copies] = places.get(sha256) ?? [];
      if (first === undefined) return fail(faultOf('archive-invalid', 'the pack holds a content that no file wants'));
      const path = join(request.folder, first.path);
      const opened = await files.openWritable(path, { mode: WRITING_MODE, start: 'empty' });
      if (!opened.ok) return opened;
      return succeed({
        async write(bytes: Uint8Array) {
          const written = await opened.value.write(bytes);
          if (written.ok) wrote(bytes.length);
          return written;
        },
        async close(whole: boolean) {
          const closed = await opened.value.close();
          if (!closed.ok || !whole) return closed;
          const copied = await copyTo(files, request, path, copies, wrote);
          return copied.ok ? files.setMode(path, first.mode) : copied;
        },
      });
    },
  };
}

function copyTo(
  files: Files,
  request: UnpackRequest,
  from: string,
  copies: readonly FileEntry[],
  wrote: (bytes: number) => void,
): Promise<Result<void>> {
  return each(copies, 'file', async (entry) => {
    const path = join(request.folder, entry.path);
    const copied = await files.copyFile(from, path);
    if (!copied.ok) return copied;
    wrote(entry.size);
    return files.setMode(path, entry.mode);
  });
}

/** After all files, so that nothing is ever written through a link. */
async function makeLinks(files: Files, request: UnpackRequest): Promise<Result<void>> {
  return each(request.manifest.entries, 'link', (entry) =>
    files.makeLink(entry.target, join(request.folder, entry.path)),
  );
}

/** Inner folders first: a folder may lose the rights that its children's modes still need. */
async function closeFolders(files: Files, request: UnpackRequest): Promise<Result<void>> {
  return each(request.manifest.entries.toReversed(), 'folder', (entry) =>
    files.setMode(join(request.folder, entry.path), entry.mode),
  );
}

async function prove(dependencies: CompareDependencies, request: UnpackRequest): Promise<Result<void>> {
  const { folder, manifest, signal } = request;
  const compared = await compareBundle(dependencies, { bundle: folder, manifest, signal });
  if (!compared.ok) return compared;
  if (isIdentical(compared.value)) return succeed();
  return fail(faultOf('digest-mismatch', `the unpacked files differ: ${namePaths(compared.value)}`, { path: folder }));
}

function namePaths(comparison: Comparison): string {
  const paths = [...comparison.changed.map((change) => change.path), ...comparison.missing, ...comparison.added];
  const named = paths.slice(0, NAMED_PATHS).join(', ');
  return paths.length > NAMED_PATHS ? `${named} and ${String(paths.length - NAMED_PATHS)} others` : named;
}

async function each<Kind extends ManifestEntry['kind']>(
  entries: readonly ManifestEntry[],
  kind: Kind,
  act: (entry: Extract<ManifestEntry, { kind: Kind }>) => Promise<Result<void>>,
): Promise<Result<void>> {
  for (const entry of entries) {
    if (!isKind(entry, kind)) continue;
    const done = await act(entry);
    if (!done.ok) return done;
  }
  return succeed();
}

function isKind<Kind extends ManifestEntry['kind']>(
  entry: ManifestEntry,
  kind: Kind,
): entry is Extract<ManifestEntry, { kind: Kind }> {
  return entry.kind === kind;
}

function measure(manifest: FileManifest): UnpackedRelease {
  const files = manifest.entries.filter((entry) => entry.kind === 'file').length;
  return { files, unpackedBytes: unpackedBytes(manifest) };
}
