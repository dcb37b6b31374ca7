import { createHash } from 'node:crypto';
import { type Result, succeed } from '../../platform/result.ts';
import { comparePaths } from '../pack/bundle-tree.ts';
import { decodeManifest } from '../pack/manifest.ts';
import type { FileManifest, ManifestEntry, PackObject } from '../release.ts';
import { type DeltaManifest, type FileEntry, packPlaces, refuseDelta, unpackPlaces } from './delta-manifest.ts';

/** The changes of the entries and objects, as a delta manifest carries them. */
export type ManifestChanges = Pick<
  DeltaManifest,
  'from' | 'to' | 'sha256' | 'rootMode' | 'removed' | 'changed' | 'added' | 'objects'
>;

/**
 * Makes the new release's file manifest of the old one's and a delta manifest, so that only changed entries are fetched.
 *
 * Its digest is compared with the one in the delta manifest, and it passes the decoder of every file manifest.
 * Errors: `archive-invalid` (also when the delta was made from another release than `old`).
 */
export function rebuildManifest(old: FileManifest, delta: ManifestChanges): Result<FileManifest> {
  if (delta.from !== old.version) return refuseDelta(`is for version ${delta.from}, not ${old.version}`);
  const entries = rebuildEntries(old, delta);
  if (!entries.ok) return entries;
  const objects = rebuildObjects(old, delta, entries.value);
  if (!objects.ok) return objects;
  const manifest = decodeManifest({
    schema: 1,
    version: delta.to,
    ...(delta.rootMode === undefined ? {} : { rootMode: delta.rootMode }),
    entries: entries.value,
    objects: objects.value,
  });
  if (!manifest.ok) return manifest;
  return manifestDigest(manifest.value) === delta.sha256 ? manifest : refuseDelta('does not make what it declares');
}

function rebuildEntries(old: FileManifest, delta: ManifestChanges): Result<readonly ManifestEntry[]> {
  const { changed } = delta;
  const [removed, places] = [unpackPlaces(delta.removed), unpackPlaces(changed.places)];
  if (changed.sizes.length !== places.length || changed.digests.length !== places.length)
    return refuseDelta('has lists of different lengths');
  const entries: (ManifestEntry | undefined)[] = [...old.entries];
  for (const place of removed) {
    if (entries[place] === undefined) return refuseDelta('removes an entry that is not there');
    entries[place] = undefined;
  }
  for (const [index, place] of places.entries()) {
    const [entry, size, sha256] = [entries[place], changed.sizes[index], changed.digests[index]];
    if (entry?.kind !== 'file' || size === undefined || sha256 === undefined)
      return refuseDelta('changes an entry that is no file');
    entries[place] = { kind: 'file', path: entry.path, mode: entry.mode, size, sha256 };
  }
  const kept = entries.filter((entry) => entry !== undefined);
  return succeed([...kept, ...delta.added].sort((a, b) => comparePaths(a.path, b.path)));
}

function rebuildObjects(
  old: FileManifest,
  delta: ManifestChanges,
  entries: readonly ManifestEntry[],
): Result<readonly PackObject[]> {
  const objects: PackObject[] = [];
  let offset = 0;
  for (const item of delta.objects) {
    const object = typeof item === 'number' ? old.objects[item] : newObject(item, entries);
    if (object === undefined) return refuseDelta('names an object or a content that is not there');
    objects.push({ ...object, offset });
    offset += object.length;
  }
  return succeed(objects);
}

type NewObject = Exclude<DeltaManifest['objects'][number], number>;

function newObject(item: NewObject, entries: readonly ManifestEntry[]): Omit<PackObject, 'offset'> | undefined {
  const contents: string[] = [];
  let [place, size] = [0, 0];
  for (const distance of item.contents) {
    place += distance;
    const entry = entries[place];
    if (entry?.kind !== 'file') return undefined;
    contents.push(entry.sha256);
    size += entry.size;
  }
  return { length: item.length, sha256: item.sha256, size, contents };
}

/** What `rebuildManifest` needs besides the old manifest to make the new one. */
export function manifestChanges(old: FileManifest, target: FileManifest): ManifestChanges {
  const before = new Map(old.entries.map((entry, place) => [entry.path, { entry, place }]));
  const [removed, changed, added]: [number[], { place: number; entry: FileEntry }[], ManifestEntry[]] = [[], [], []];
  for (const entry of target.entries) {
    const known = before.get(entry.path);
    before.delete(entry.path);
    if (known !== undefined && entryText(known.entry) === entryText(entry)) continue;
    if (known?.entry.kind === 'file' && entry.kind === 'file' && known.entry.mode === entry.mode)
      changed.push({ place: known.place, entry });
    else {
      if (known !== undefined) removed.push(known.place);
      added.push(entry);
    }
  }
  removed.push(...[...before.values()].map(({ place }) => place));
  changed.sort((a, b) => a.place - b.place);
  return {
    from: old.version,
    to: target.version,
    sha256: manifestDigest(target),
    ...(target.rootMode === undefined ? {} : { rootMode: target.rootMode }),
    removed: packPlaces(removed.sort((a, b) => a - b)),
    changed: {
      places: packPlaces(changed.map(({ place }) => place)),
      sizes: changed.map(({ entry }) => entry.size),
      digests: changed.map(({ entry }) => entry.sha256),
    },
    added,
    objects: objectChanges(old, target),
  };
}

function objectChanges(old: FileManifest, target: FileManifest): DeltaManifest['objects'] {
  const known = new Map(old.objects.map((object, place) => [object.sha256, place]));
  const places = placesByDigest(target);
  return target.objects.map(({ length, sha256, contents }) => {
    const place = known.get(sha256);
    if (place !== undefined) return place;
    const at = contents.map((content) => places.get(content) ?? 0);
    return { length, sha256, contents: at.map((next, index) => next - (at[index - 1] ?? 0)) };
  });
}

/** The first entry that has each content. */
export function placesByDigest(manifest: FileManifest): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (const [place, entry] of manifest.entries.entries())
    if (entry.kind === 'file' && !places.has(entry.sha256)) places.set(entry.sha256, place);
  return places;
}

/** SHA-256 of a file manifest with its members in one fixed order: equal for equal manifests, however they were written. */
export function manifestDigest(manifest: FileManifest): string {
  const hash = createHash('sha256').update(JSON.stringify([1, manifest.version, manifest.rootMode ?? null]));
  for (const entry of manifest.entries) hash.update(entryText(entry));
  for (const { offset, length, sha256, size, contents } of manifest.objects)
    hash.update(JSON.stringify([offset, length, sha256, size, contents]));
  return hash.digest('hex');
}

function entryText(entry: ManifestEntry): string {
  switch (entry.kind) {
    case 'file':
      return JSON.stringify([entry.kind, entry.path, entry.mode, entry.size, entry.sha256]);
    case 'folder':
      return JSON.stringify([entry.kind, entry.path, entry.mode]);
    case 'link':
      return JSON.stringify([entry.kind, entry.path, entry.target]);
  }
}
