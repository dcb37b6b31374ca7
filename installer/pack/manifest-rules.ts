import { createHash } from 'node:crypto';
import type { FileManifest, ManifestEntry, PackObject } from '../release.ts';
import { linkProblem } from './link-rules.ts';
import { collisionKey, parentOf, pathProblem } from './path-rules.ts';

/** The digest of no bytes at all: empty files are in no object. */
export const EMPTY_SHA256 = createHash('sha256').digest('hex');

/** A bundle's owner must be able to read its files and to replace what lies in its folders, or no update could. */
const FILE_RIGHTS = 0o400;
const FOLDER_RIGHTS = 0o700;

export interface ManifestProblem {
  /** The path of the entry at fault, where it is one. */
  readonly entry?: string;
  readonly why: string;
}

/** What is wrong with a manifest of the right shape: unsafe paths and links first, then contents that do not add up. */
export function manifestProblem(manifest: FileManifest): ManifestProblem | undefined {
  const byPath = new Map<string, ManifestEntry>();
  return (
    treeProblem(manifest.entries, byPath) ??
    linksProblem(manifest.entries, byPath) ??
    contentsProblem(manifest.entries, manifest.objects) ??
    rootProblem(manifest)
  );
}

/** Every path is safe and unique, and its folder was declared before it (which also keeps entries out of links and files). */
function treeProblem(
  entries: readonly ManifestEntry[],
  byPath: Map<string, ManifestEntry>,
): ManifestProblem | undefined {
  const seen = new Set<string>();
  for (const entry of entries) {
    const why = pathProblem(entry.path) ?? parentProblem(entry.path, byPath) ?? rightsProblem(entry);
    if (why !== undefined) return { entry: entry.path, why };
    const key = collisionKey(entry.path);
    if (seen.has(key)) return { entry: entry.path, why: 'two entries have this path on some volumes' };
    seen.add(key);
    byPath.set(entry.path, entry);
  }
  return undefined;
}

function parentProblem(path: string, byPath: ReadonlyMap<string, ManifestEntry>): string | undefined {
  const parent = parentOf(path);
  if (parent === '') return undefined;
  const entry = byPath.get(parent);
  if (entry === undefined) return 'its folder is not declared before it';
  return entry.kind === 'folder' ? undefined : `it lies below a ${entry.kind}`;
}

function rightsProblem(entry: ManifestEntry): string | undefined {
  switch (entry.kind) {
    case 'file':
      return (entry.mode & FILE_RIGHTS) === FILE_RIGHTS ? undefined : 'its owner may not read it';
    case 'folder':
      return (entry.mode & FOLDER_RIGHTS) === FOLDER_RIGHTS ? undefined : 'its owner may not change it';
    case 'link':
      return undefined;
  }
}

function linksProblem(
  entries: readonly ManifestEntry[],
  byPath: ReadonlyMap<string, ManifestEntry>,
): ManifestProblem | undefined {
  for (const entry of entries) {
    if (entry.kind !== 'link') continue;
    const why = linkProblem(entry, byPath);
    if (why !== undefined) return { entry: entry.path, why };
  }
  return undefined;
}

/** Every content is in the pack exactly once and is wanted by a file; sizes and offsets leave no room for anything else. */
function contentsProblem(
  entries: readonly ManifestEntry[],
  objects: readonly PackObject[],
): ManifestProblem | undefined {
  const sizes = new Map<string, number>();
  for (const entry of entries) {
    if (entry.kind !== 'file') continue;
    if ((entry.size === 0) !== (entry.sha256 === EMPTY_SHA256))
      return { entry: entry.path, why: 'its size and its digest contradict each other' };
    if ((sizes.get(entry.sha256) ?? entry.size) !== entry.size)
      return { entry: entry.path, why: 'the same content has two sizes' };
    sizes.set(entry.sha256, entry.size);
  }
  sizes.delete(EMPTY_SHA256);
  const problem = objectsProblem(objects, sizes);
  if (problem !== undefined) return { why: problem };
  return sizes.size === 0 ? undefined : { why: `the pack lacks ${String(sizes.size)} contents: manifest incomplete` };
}

/** Takes each content that it meets out of `sizes`: what is met twice, or was never wanted, is missing there. */
function objectsProblem(objects: readonly PackObject[], sizes: Map<string, number>): string | undefined {
  let offset = 0;
  for (const [index, object] of objects.entries()) {
    const name = `object ${String(index)}`;
    if (object.offset !== offset) return `${name} does not begin where the one before it ends`;
    offset += object.length;
    let size = 0;
    for (const sha256 of object.contents) {
      const contentSize = sizes.get(sha256);
      if (contentSize === undefined) return `${name} holds a content that no file wants or that was there before`;
      sizes.delete(sha256);
      size += contentSize;
    }
    if (size !== object.size) return `${name} declares ${String(object.size)} bytes for contents of ${String(size)}`;
  }
  return Number.isSafeInteger(offset) ? undefined : 'the pack is too large';
}

function rootProblem(manifest: FileManifest): ManifestProblem | undefined {
  const mode = manifest.rootMode ?? FOLDER_RIGHTS;
  return (mode & FOLDER_RIGHTS) === FOLDER_RIGHTS ? undefined : { why: "the bundle's owner may not change it" };
}

/** Bytes of the pack that a manifest describes. */
export function packLength(manifest: FileManifest): number {
  const last = manifest.objects.at(-1);
  return last === undefined ? 0 : last.offset + last.length;
}

/** Bytes of the unpacked bundle; copies of the same content count each. */
export function unpackedBytes(manifest: FileManifest): number {
  return manifest.entries.reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.size : 0), 0);
}
