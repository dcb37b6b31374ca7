import { join } from 'node:path';
import { type Result, succeed } from '../../platform/result.ts';
import { fileBytes, type OpenFiles } from '../pack/file-bytes.ts';
import { EMPTY_SHA256 } from '../pack/manifest-rules.ts';
import type { FileManifest } from '../release.ts';
import type { FileEntry } from './delta-manifest.ts';
import { matchFiles, type SketchedFile } from './match-files.ts';
import type { MatchedContent } from './plan-patches.ts';
import { createSketcher } from './sketch.ts';

/** Of a larger file only the beginning is sketched. */
const SKETCHED_BYTES = 16 * 1024 * 1024;

/** A release on the publisher's machine. */
export interface ReleaseFolder {
  readonly folder: string;
  readonly manifest: FileManifest;
}

/**
 * The contents that the old release lacks, in the order of their paths, each with the old file that it is made of: the one
 * of the same path, else the one that it resembles most.
 *
 * Errors: those of reading: all old files as soon as one new content has a path of its own.
 */
export async function findSources(
  files: OpenFiles,
  old: ReleaseFolder,
  target: ReleaseFolder,
  signal?: AbortSignal,
): Promise<Result<readonly MatchedContent[]>> {
  const olds = filesOf(old.manifest);
  const paths = new Map(olds.map((entry) => [entry.path, entry]));
  const kept = new Set(olds.map(({ sha256 }) => sha256));
  const contents = firstOfEach(filesOf(target.manifest)).filter(({ sha256 }) => !kept.has(sha256));
  const strangers = contents.filter(({ path }) => !paths.has(path));
  const sketchedOlds = await sketchAll(files, old.folder, strangers.length === 0 ? [] : olds, signal);
  if (!sketchedOlds.ok) return sketchedOlds;
  const sketchedNews = await sketchAll(files, target.folder, strangers, signal);
  if (!sketchedNews.ok) return sketchedNews;
  const alike = matchFiles(sketchedOlds.value, sketchedNews.value);
  return succeed(contents.map((content) => ({ content, source: paths.get(content.path) ?? alike.get(content) })));
}

function filesOf(manifest: FileManifest): readonly FileEntry[] {
  return manifest.entries.filter((entry) => entry.kind === 'file').filter(({ sha256 }) => sha256 !== EMPTY_SHA256);
}

function firstOfEach(entries: readonly FileEntry[]): readonly FileEntry[] {
  const seen = new Set<string>();
  return entries.filter(({ sha256 }) => !seen.has(sha256) && seen.add(sha256));
}

async function sketchAll(
  files: OpenFiles,
  folder: string,
  entries: readonly FileEntry[],
  signal: AbortSignal | undefined,
): Promise<Result<readonly SketchedFile[]>> {
  const sketched: SketchedFile[] = [];
  for (const entry of entries) {
    const sketcher = createSketcher();
    for await (const piece of fileBytes(
      files,
      join(folder, entry.path),
      Math.min(entry.size, SKETCHED_BYTES),
      signal,
    )) {
      if (!piece.ok) return piece;
      sketcher.add(piece.value);
    }
    sketched.push({ entry, sketch: sketcher.sketch() });
  }
  return succeed(sketched);
}
