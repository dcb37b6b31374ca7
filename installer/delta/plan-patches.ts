import type { FileManifest } from '../release.ts';
import type { FileEntry } from './delta-manifest.ts';
import { MEMORY_BYTES } from './old-content.ts';

/** A new content and the old file that it is made of, where one resembles it. */
export interface MatchedContent {
  readonly content: FileEntry;
  readonly source: FileEntry | undefined;
}

/** Contents that are made by one patch, of all its sources together. */
export interface PatchGroup {
  readonly contents: readonly FileEntry[];
  /** In the order of the old manifest. */
  readonly sources: readonly FileEntry[];
}

/** A content beyond it, or one whose source is, has a patch of its own. */
const SMALL_BYTES = MEMORY_BYTES / 2;

/**
 * Puts contents into groups, in their order: small ones together up to 32 MiB of old and of new bytes, so that they share
 * streams and sources; large ones alone.
 */
export function groupContents(old: FileManifest, matched: readonly MatchedContent[]): readonly PatchGroup[] {
  const groups: { contents: FileEntry[]; sources: Set<FileEntry> }[] = [];
  let open: { group: (typeof groups)[number]; oldBytes: number; newBytes: number } | undefined;
  for (const { content, source } of matched) {
    if (content.size > SMALL_BYTES || (source?.size ?? 0) > SMALL_BYTES) {
      groups.push({ contents: [content], sources: new Set(source === undefined ? [] : [source]) });
      continue;
    }
    const more = source === undefined || open?.group.sources.has(source) === true ? 0 : source.size;
    if (open === undefined || open.newBytes + content.size > MEMORY_BYTES || open.oldBytes + more > MEMORY_BYTES) {
      open = { group: { contents: [], sources: new Set() }, oldBytes: 0, newBytes: 0 };
      groups.push(open.group);
    }
    open.group.contents.push(content);
    open.newBytes += content.size;
    if (source === undefined || open.group.sources.has(source)) continue;
    open.group.sources.add(source);
    open.oldBytes += source.size;
  }
  const places = new Map(old.entries.map((entry, place) => [entry.path, place]));
  const placeOf = (entry: FileEntry): number => places.get(entry.path) ?? 0;
  return groups.map(({ contents, sources }) => ({
    contents,
    sources: [...sources].sort((a, b) => placeOf(a) - placeOf(b)),
  }));
}
