import { join } from 'node:path';
import type { Files } from '../../platform/files.ts';
import { type Result, succeed } from '../../platform/result.ts';
import { createDeltaPack } from '../delta/create-delta-pack.ts';
import { encodeDeltaManifest } from '../delta/delta-manifest.ts';
import type { ReleaseFolder } from '../delta/find-sources.ts';
import type { Release, ReleaseDelta, SignedFile } from '../release.ts';
import { deltaManifestTarget, deltaPackTarget, type ReleaseAddress } from '../repository/layout.ts';
import type { PublishProgress } from './progress.ts';
import { openPublished, type PackedRelease, unpackFiles } from './published-release.ts';
import { sha256Of } from './signed-metadata.ts';

/** A delta beyond this share of the full pack is not published: it saves little and may fail where the full pack cannot. */
const WORTHWHILE_SHARE = 0.9;

export interface DeltaBuild {
  readonly repository: string;
  /** Releases to come from. */
  readonly olds: readonly Release[];
  readonly address: ReleaseAddress;
  readonly target: PackedRelease;
  /** Bytes of the target's full pack and manifest together. */
  readonly fullBytes: number;
  /** Empty and private. */
  readonly workFolder: string;
  readonly compressionLevel?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: PublishProgress) => void) | undefined;
}

export type DeltaOutcome =
  | {
      readonly kind: 'built';
      readonly delta: ReleaseDelta;
      /** Each file of the delta and where it lies now. */
      readonly places: readonly (readonly [SignedFile, string])[];
    }
  /** The full pack alone will do. */
  | { readonly kind: 'not-worthwhile'; readonly from: string; readonly why: string };

/**
 * Makes the deltas from older releases to one, out of the packs that are published: the same releases always give the same
 * bytes, on whatever machine.
 *
 * Errors: those of `openPublished`, `unpackFiles` and `createDeltaPack`.
 */
export async function buildDeltas(files: Files, build: DeltaBuild): Promise<Result<readonly DeltaOutcome[]>> {
  if (build.olds.length === 0) return succeed([]);
  const target = await unpackInto(files, build, build.target, 'new');
  if (!target.ok) return target;
  const outcomes: DeltaOutcome[] = [];
  for (const old of build.olds) {
    const outcome = await buildDelta(files, build, old, target.value);
    if (!outcome.ok) return outcome;
    outcomes.push(outcome.value);
  }
  const removed = await files.removeTree(target.value.folder);
  return removed.ok ? succeed(outcomes) : removed;
}

async function buildDelta(
  files: Files,
  build: DeltaBuild,
  oldRelease: Release,
  target: ReleaseFolder,
): Promise<Result<DeltaOutcome>> {
  const packed = await openPublished(files, build.repository, oldRelease);
  const old = packed.ok ? await unpackInto(files, build, packed.value, 'old') : packed;
  if (!old.ok) return old;
  const { version: from } = oldRelease;
  const packFile = join(build.workFolder, `delta-${from}.pack`);
  const { compressionLevel, signal } = build;
  const onProgress = (doneBytes: number, totalBytes: number): void =>
    build.onProgress?.({ part: `delta from ${from}`, doneBytes, totalBytes });
  const made = await createDeltaPack(files, { old: old.value, target, packFile, compressionLevel, signal, onProgress });
  const removed = await files.removeTree(old.value.folder);
  if (!made.ok && made.fault.code === 'too-large')
    return succeed({ kind: 'not-worthwhile', from, why: made.fault.detail });
  if (!made.ok || !removed.ok) return made.ok ? (removed as Result<never>) : made;
  const manifest = encodeDeltaManifest(made.value.manifest);
  const bytes = made.value.length + manifest.length;
  if (bytes > WORTHWHILE_SHARE * build.fullBytes) {
    const why = `it would take ${bytes} bytes, the full pack takes ${build.fullBytes}`;
    return succeed({ kind: 'not-worthwhile', from, why });
  }
  const manifestPath = join(build.workFolder, `delta-${from}.json.zst`);
  const written = await files.writeDurably(manifestPath, manifest, 0o644);
  if (!written.ok) return written;
  const { length, sha256 } = made.value;
  const delta: ReleaseDelta = {
    from,
    manifest: {
      path: deltaManifestTarget(build.address, from),
      length: manifest.length,
      sha256: sha256Of(manifest),
    },
    pack: { path: deltaPackTarget(build.address, from), length, sha256 },
  };
  const places = [
    [delta.pack, packFile],
    [delta.manifest, manifestPath],
  ] as const;
  return succeed({ kind: 'built', delta, places });
}

async function unpackInto(
  files: Files,
  build: DeltaBuild,
  release: PackedRelease,
  name: string,
): Promise<Result<ReleaseFolder>> {
  const folder = join(build.workFolder, name);
  const unpacked = await unpackFiles(files, release, folder, build.signal);
  return unpacked.ok ? succeed({ folder, manifest: release.manifest }) : unpacked;
}
