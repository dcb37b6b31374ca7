import { dirname, join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';
import { type CompareDependencies, type Comparison, compareBundle, isIdentical } from '../integrity/compare.ts';
import { unpackedBytes } from '../pack/manifest-rules.ts';
import { readPack } from '../pack/reader.ts';
import type { FileManifest, ManifestEntry } from '../release.ts';
import { type ContentPlaces, createPlaces } from './places.ts';

/** While it is being filled nobody else may look into the staged bundle, let alone swap a file in it. */
const STAGING_MODE = 0o700;

/** Paths named in a fault before it says "and others". */
const NAMED_PATHS = 5;

export interface StageRequest {
  /** Decoded, and verified against signed metadata. */
  readonly manifest: FileManifest;
  /** Absolute; must not exist yet, its parent must. */
  readonly folder: string;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of the unpacked bundle written so far and in all. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
}

export interface UnpackRequest extends StageRequest {
  readonly packFile: string;
}

export interface UnpackedRelease {
  readonly files: number;
  /** Bytes. */
  readonly unpackedBytes: number;
}

/** Unpacks a release from its full pack. Errors: those of `stageBundle` and `readPack`. */
export async function unpackRelease(
  dependencies: CompareDependencies,
  request: UnpackRequest,
): Promise<Result<UnpackedRelease>> {
  const { packFile, manifest, signal } = request;
  const { files } = dependencies;
  return stageBundle(dependencies, request, ({ sink }) => readPack({ files, packFile, manifest, signal }, sink));
}

/**
 * Makes a release in a new folder of the contents that `supply` puts into their places, proves the result against the
 * manifest by reading it again, and makes it durable.
 *
 * Every entry has its final mode afterwards, except the folder itself: it stays closed to other accounts (0o700) until
 * `openStagedBundle`. When it fails, the folder is gone again; beginning anew is always right.
 * Errors: `already-exists`, `archive-invalid`, `digest-mismatch`, `cancelled`, `disk-full`, …
 */
export async function stageBundle(
  dependencies: CompareDependencies,
  request: StageRequest,
  supply: (places: ContentPlaces) => Promise<Result<void>>,
): Promise<Result<UnpackedRelease>> {
  const created = await dependencies.files.makeNewFolder(request.folder, STAGING_MODE);
  if (!created.ok) return created;
  const filled = await fill(dependencies, request, supply);
  if (filled.ok) return succeed(measure(request.manifest));
  await dependencies.files.removeTree(request.folder);
  return filled;
}

async function fill(
  dependencies: CompareDependencies,
  request: StageRequest,
  supply: (places: ContentPlaces) => Promise<Result<void>>,
): Promise<Result<void>> {
  const { files } = dependencies;
  const acts = [
    () => files.setMode(request.folder, STAGING_MODE),
    () => makeFolders(files, request),
    () => writeContents(files, request, supply),
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

async function makeFolders(files: Files, request: StageRequest): Promise<Result<void>> {
  return each(request.manifest.entries, 'folder', (entry) =>
    files.makeNewFolder(join(request.folder, entry.path), STAGING_MODE),
  );
}

async function writeContents(
  files: Files,
  request: StageRequest,
  supply: (places: ContentPlaces) => Promise<Result<void>>,
): Promise<Result<void>> {
  const total = unpackedBytes(request.manifest);
  let done = 0;
  const places = createPlaces(files, request.folder, request.manifest, (bytes) => {
    done += bytes;
    request.onProgress?.(done, total);
  });
  const empty = await places.writeEmpty();
  return empty.ok ? supply(places) : empty;
}

/** After all files, so that nothing is ever written through a link. */
async function makeLinks(files: Files, request: StageRequest): Promise<Result<void>> {
  return each(request.manifest.entries, 'link', (entry) =>
    files.makeLink(entry.target, join(request.folder, entry.path)),
  );
}

/** Inner folders first: a folder may lose the rights that its children's modes still need. */
async function closeFolders(files: Files, request: StageRequest): Promise<Result<void>> {
  return each(request.manifest.entries.toReversed(), 'folder', (entry) =>
    files.setMode(join(request.folder, entry.path), entry.mode),
  );
}

async function prove(dependencies: CompareDependencies, request: StageRequest): Promise<Result<void>> {
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
