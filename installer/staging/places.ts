import { join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { EMPTY_SHA256 } from '../pack/manifest-rules.ts';
import type { ContentSink } from '../pack/splitter.ts';
import type { FileManifest, ManifestEntry } from '../release.ts';

const WRITING_MODE = 0o600;

type FileEntry = Extract<ManifestEntry, { kind: 'file' }>;

/** Where the contents of a release belong in a folder that is being filled; each file has its mode afterwards. */
export interface ContentPlaces {
  /** Writes a content to every file that has it. */
  readonly sink: ContentSink;
  /** Copies a content from a file outside to every file that has it; what was copied is for the final proof to say. */
  copyIn(sha256: string, from: string): Promise<Result<void>>;
  writeEmpty(): Promise<Result<void>>;
}

/** Makes the places below `folder`, whose folders must be there; `wrote` is told the bytes of each step. */
export function createPlaces(
  files: Files,
  folder: string,
  manifest: FileManifest,
  wrote: (bytes: number) => void,
): ContentPlaces {
  const places = placesByContent(manifest);
  const pathOf = (entry: FileEntry): string => join(folder, entry.path);

  async function copyTo(from: string, copies: readonly FileEntry[]): Promise<Result<void>> {
    for (const entry of copies) {
      const copied = await files.copyFile(from, pathOf(entry));
      const done = copied.ok ? await files.setMode(pathOf(entry), entry.mode) : copied;
      if (!done.ok) return done;
      wrote(entry.size);
    }
    return succeed();
  }

  async function openFirst(first: FileEntry, copies: readonly FileEntry[]): ReturnType<ContentSink['open']> {
    const opened = await files.openWritable(pathOf(first), { mode: WRITING_MODE, start: 'empty' });
    if (!opened.ok) return opened;
    return succeed({
      async write(bytes) {
        const written = await opened.value.write(bytes);
        if (written.ok) wrote(bytes.length);
        return written;
      },
      async close(whole) {
        const closed = await opened.value.close();
        if (!closed.ok || !whole) return closed;
        const copied = await copyTo(pathOf(first), copies);
        return copied.ok ? files.setMode(pathOf(first), first.mode) : copied;
      },
    });
  }

  return {
    sink: {
      async open(sha256) {
        const [first, ...copies] = places.get(sha256) ?? [];
        if (first === undefined) return fail(faultOf('archive-invalid', 'the pack holds a content that no file wants'));
        return openFirst(first, copies);
      },
    },
    copyIn: (sha256, from) => copyTo(from, places.get(sha256) ?? []),
    async writeEmpty() {
      for (const entry of places.get(EMPTY_SHA256) ?? []) {
        const opened = await files.openWritable(pathOf(entry), { mode: WRITING_MODE, start: 'empty' });
        if (!opened.ok) return opened;
        const closed = await opened.value.close();
        const done = closed.ok ? await files.setMode(pathOf(entry), entry.mode) : closed;
        if (!done.ok) return done;
      }
      return succeed();
    },
  };
}

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
