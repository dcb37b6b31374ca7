import { type Result, succeed } from '../../platform/result.ts';
import { EMPTY_SHA256 } from '../pack/manifest-rules.ts';
import type { FileManifest } from '../release.ts';
import { CODE_BYTES_LIMIT } from './address-fields.ts';
import { type DeltaManifest, type FileEntry, type Patch, refuseDelta, unpackPlaces } from './delta-manifest.ts';
import { MEMORY_BYTES } from './old-content.ts';
import { manifestDigest } from './rebuild-manifest.ts';

/** What has to be done to make the contents of a release of those of another. */
export interface DeltaPlan {
  /** Contents that stay: each with an old file that has it. */
  readonly copies: readonly FileEntry[];
  readonly patches: readonly PlannedPatch[];
  /** Bytes of the delta's pack. */
  readonly packLength: number;
}

export interface PlannedPatch {
  /** Where its streams begin in the pack. */
  readonly offset: number;
  readonly lengths: Patch['lengths'];
  readonly sha256: string;
  readonly code: boolean;
  readonly sources: readonly FileEntry[];
  readonly contents: readonly FileEntry[];
  /** Bytes of the new contents together. */
  readonly size: number;
}

/**
 * Checks that a delta manifest fits both releases: patches read only old files and make every content that the old release
 * lacks exactly once, so they cannot depend on each other in a circle; the pack has room for nothing else.
 *
 * Errors: `archive-invalid`.
 */
export function planDelta(old: FileManifest, target: FileManifest, delta: DeltaManifest): Result<DeltaPlan> {
  if (delta.from !== old.version || delta.to !== target.version || delta.sha256 !== manifestDigest(target))
    return refuseDelta('is for other releases');
  const kept = new Map(filesOf(old).map((entry) => [entry.sha256, entry]));
  const wanted = new Map(filesOf(target).map((entry) => [entry.sha256, entry]));
  const copies: FileEntry[] = [];
  for (const sha256 of wanted.keys()) {
    const entry = kept.get(sha256);
    if (entry === undefined) continue;
    copies.push(entry);
    wanted.delete(sha256);
  }
  const patches: PlannedPatch[] = [];
  let offset = 0;
  for (const patch of delta.patches) {
    if (patch.code === true && delta.schema === 1)
      return refuseDelta('predicts addresses, which its schema does not know');
    const planned = planPatch(old, target, patch, wanted);
    if (!planned.ok) return planned;
    patches.push({ ...planned.value, offset });
    offset += patch.lengths.reduce((sum, length) => sum + length, 0);
  }
  if (!Number.isSafeInteger(offset)) return refuseDelta('describes a pack that is too large');
  return wanted.size === 0 ? succeed({ copies, patches, packLength: offset }) : refuseDelta('lacks contents');
}

function filesOf(manifest: FileManifest): readonly FileEntry[] {
  return manifest.entries.filter((entry) => entry.kind === 'file').filter((entry) => entry.sha256 !== EMPTY_SHA256);
}

/** Takes each content that it meets out of `wanted`: what is met twice, or was never wanted, is missing there. */
function planPatch(
  old: FileManifest,
  target: FileManifest,
  patch: Patch,
  wanted: Map<string, FileEntry>,
): Result<Omit<PlannedPatch, 'offset'>> {
  const sources: FileEntry[] = [];
  for (const place of unpackPlaces(patch.sources)) {
    const entry = old.entries[place];
    if (entry?.kind !== 'file') return refuseDelta('patches an old entry that is no file');
    sources.push(entry);
  }
  if (sources.length > 1 && bytesOf(sources) > MEMORY_BYTES)
    return refuseDelta('has a patch of several old files that are too large together');
  const contents: FileEntry[] = [];
  for (const place of patch.contents) {
    const entry = target.entries[place];
    if (entry?.kind !== 'file' || !wanted.delete(entry.sha256))
      return refuseDelta('makes a content that is not wanted, or was there before');
    contents.push(entry);
  }
  const [{ lengths, sha256, code = false }, size] = [patch, bytesOf(contents)];
  if (code && Math.max(size, bytesOf(sources)) > CODE_BYTES_LIMIT)
    return refuseDelta('predicts addresses in a content that is too large for that');
  return succeed({ lengths, sha256, code, sources, contents, size });
}

export function bytesOf(entries: readonly FileEntry[]): number {
  return entries.reduce((sum, entry) => sum + entry.size, 0);
}
