import { posix } from 'node:path';
import type { FileEntry } from './delta-manifest.ts';
import type { Sketch } from './sketch.ts';

/** A file with the sketch of its content. */
export interface SketchedFile {
  readonly entry: FileEntry;
  readonly sketch: Sketch;
}

/** What speaks for an old file as the source of a new one, in shared hashes of their sketches. */
const SAME_STEM = 8;
const SAME_FOLDER = 1;
/** Less than this is chance. */
const LEAST = 3;
/** A hash that more files share tells nothing: a licence, a header. */
const COMMON = 64;

/**
 * For each new file the old one that resembles it most, found by what their contents share, by names that differ only in a
 * digest or a number, and by size among equals. Files without a likeness are missing in the answer.
 */
export function matchFiles(
  olds: readonly SketchedFile[],
  news: readonly SketchedFile[],
): ReadonlyMap<FileEntry, FileEntry> {
  const byHash = groupBy(olds, ({ sketch }) => sketch);
  const byStem = groupBy(olds, ({ entry }) => [stemOf(entry.path)]);
  const matches = new Map<FileEntry, FileEntry>();
  for (const file of news) {
    const scores = new Map<SketchedFile, number>();
    const add = (old: SketchedFile, score: number): unknown => scores.set(old, (scores.get(old) ?? 0) + score);
    for (const hash of file.sketch) for (const old of rare(byHash.get(hash))) add(old, 1);
    for (const old of rare(byStem.get(stemOf(file.entry.path)))) add(old, SAME_STEM);
    const best = bestOf(file.entry, scores);
    if (best !== undefined) matches.set(file.entry, best);
  }
  return matches;
}

function groupBy<Key>(
  files: readonly SketchedFile[],
  keysOf: (file: SketchedFile) => readonly Key[],
): ReadonlyMap<Key, readonly SketchedFile[]> {
  const groups = new Map<Key, SketchedFile[]>();
  for (const file of files) {
    for (const key of keysOf(file)) {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [file]);
      else group.push(file);
    }
  }
  return groups;
}

function rare(files: readonly SketchedFile[] = []): readonly SketchedFile[] {
  return files.length > COMMON ? [] : files;
}

function bestOf(entry: FileEntry, scores: ReadonlyMap<SketchedFile, number>): FileEntry | undefined {
  let best: { readonly entry: FileEntry; readonly score: number; readonly distance: number } | undefined;
  for (const [old, shared] of scores) {
    const score = shared + (posix.dirname(old.entry.path) === posix.dirname(entry.path) ? SAME_FOLDER : 0);
    const distance = Math.abs(old.entry.size - entry.size);
    if (score < LEAST || (best !== undefined && score < best.score)) continue;
    if (best === undefined || score > best.score || distance < best.distance)
      best = { entry: old.entry, score, distance };
  }
  return best?.entry;
}

/** A path without what builds put into names: digests, versions (`app.3f2a9c1b.js` and `app.77d0e2aa.js` are alike). */
function stemOf(path: string): string {
  const name = posix.basename(path);
  const extension = posix.extname(name);
  const stem = name
    .slice(0, name.length - extension.length)
    .replace(/(?:^|[-._])(?=[A-Za-z_-]*[0-9A-Z])[A-Za-z0-9_-]{6,64}$/u, '#')
    .replace(/\d+/gu, '0');
  return `${posix.dirname(path)}/${stem}${extension}`;
}
