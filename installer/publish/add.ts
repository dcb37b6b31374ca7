import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { faultOf } from '../../platform/fault.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';
import { encodeManifest } from '../pack/manifest.ts';
import { unpackedBytes } from '../pack/manifest-rules.ts';
import { packBundle } from '../pack/writer.ts';
import type { FileManifest, Release, SignedFile } from '../release.ts';
import { delegatedRoleName, manifestTarget, packTarget } from '../repository/layout.ts';
import { decodeTargetCustom } from '../repository/target-custom.ts';
import { chooseOlds, placeDeltas } from './add-deltas.ts';
import { buildDeltas, type DeltaOutcome } from './build-deltas.ts';
import { type ReleaseDescription, descriptionProblem } from './description.ts';
import { type KeyStoreOptions, createKeyStore } from './keys.ts';
import type { PublishProgress } from './progress.ts';
import { type PublishDependencies, loadOwn, placeTarget, publishAlone, writeMetadata } from './publication.ts';
import { customOf, metadataWithRelease, without } from './release-metadata.ts';
import { sha256Of, tufInstant } from './signed-metadata.ts';
import type { TrustedRepository } from './trusted.ts';
import { listTrusted } from './verify.ts';

export interface AddRequest {
  readonly repository: string;
  readonly keys: KeyStoreOptions;
  /** The bundle, ready to be put in place: its content becomes the release. */
  readonly folder: string;
  readonly description: ReleaseDescription;
  /** 1 (fast) to 19 (small). */
  readonly compressionLevel?: number | undefined;
  /** From how many versions before it deltas are published together with the release; none when absent. */
  readonly deltas?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: PublishProgress) => void) | undefined;
}

export interface AddedRelease {
  readonly release: Release;
  /** False when the very same release was there already. */
  readonly changed: boolean;
}

/**
 * Publishes a folder as a release: packs it, places the files, signs the metadata, and makes it visible with one rename.
 *
 * The first release of a product and channel makes their delegated role, for which the targets key must be at hand.
 * Errors: `request-invalid`, `already-exists` (other content or other words under this version), `update-running`,
 * those of packing, of the keys and of `loadTrusted`.
 */
export async function addRelease(
  dependencies: PublishDependencies,
  request: AddRequest,
): Promise<Result<AddedRelease>> {
  const problem = descriptionProblem(request.description);
  if (problem !== undefined) return fail(faultOf('request-invalid', problem));
  return publishAlone(dependencies, request.repository, (workFolder) => addAlone(dependencies, request, workFolder));
}

async function addAlone(
  dependencies: PublishDependencies,
  request: AddRequest,
  workFolder: string,
): Promise<Result<AddedRelease>> {
  const { files } = dependencies;
  const keys = createKeyStore(files, request.keys);
  const trusted = await loadOwn(files, request.repository, keys);
  if (!trusted.ok) return trusted;
  const built = await buildFiles(dependencies, request, workFolder);
  if (!built.ok) return built;
  const release = describe(dependencies.clock.now(), request.description, built.value);
  const published = publishedRelease(trusted.value, release);
  if (published !== undefined) return settlePublished(published, release);
  const deltas = await buildDeltasTo(dependencies, request, trusted.value, release, built.value, workFolder);
  if (!deltas.ok) return deltas;
  for (const [target, from] of built.value.places) {
    const placed = await placeTarget(files, request.repository, target, from);
    if (!placed.ok) return placed;
  }
  const added = await placeDeltas(files, request.repository, deltas.value);
  if (!added.ok) return added;
  const contents = await metadataWithRelease(dependencies.clock, keys, trusted.value, release, added.value);
  if (!contents.ok) return contents;
  const written = await writeMetadata(files, request.repository, contents.value);
  if (!written.ok) return written;
  return succeed({ release: added.value.length === 0 ? release : { ...release, deltas: added.value }, changed: true });
}

/** Before the release is visible, so that no machine fetches the full pack for want of a delta that comes a minute later. */
async function buildDeltasTo(
  { files }: PublishDependencies,
  request: AddRequest,
  trusted: TrustedRepository,
  release: Release,
  built: BuiltFiles,
  workFolder: string,
): Promise<Result<readonly DeltaOutcome[]>> {
  const olds = chooseOlds(listTrusted(trusted).releases, release, request.deltas ?? 0);
  if (!olds.ok) return olds;
  const { repository, compressionLevel, signal, onProgress } = request;
  const packFile = built.places.find(([target]) => target === built.packFile)?.[1] ?? '';
  return buildDeltas(files, {
    repository,
    olds: olds.value,
    address: release,
    target: { manifest: built.manifest, packFile },
    fullBytes: release.pack.length + release.manifest.length,
    workFolder,
    compressionLevel,
    signal,
    onProgress,
  });
}

interface BuiltFiles {
  readonly manifest: FileManifest;
  readonly manifestFile: SignedFile;
  readonly packFile: SignedFile;
  /** Each file of the release and where it lies now. */
  readonly places: readonly (readonly [SignedFile, string])[];
}

async function buildFiles(
  dependencies: PublishDependencies,
  request: AddRequest,
  workFolder: string,
): Promise<Result<BuiltFiles>> {
  const { folder, description, compressionLevel, signal } = request;
  const packPath = join(workFolder, 'pack');
  const onProgress = (doneBytes: number, totalBytes: number): void =>
    request.onProgress?.({ part: 'pack', doneBytes, totalBytes });
  const packing = { folder, version: description.version, packFile: packPath, compressionLevel, signal, onProgress };
  const packed = await packBundle(dependencies.files, packing);
  if (!packed.ok) return packed;
  const bytes = encodeManifest(packed.value.manifest);
  const manifestPath = join(workFolder, 'manifest');
  const written = await dependencies.files.writeDurably(manifestPath, bytes, 0o644);
  if (!written.ok) return written;
  const manifestFile = { path: manifestTarget(description), length: bytes.length, sha256: sha256Of(bytes) };
  const { length, sha256, manifest } = packed.value;
  const packFile = { path: packTarget(description), length, sha256 };
  const places = [
    [packFile, packPath],
    [manifestFile, manifestPath],
  ] as const;
  return succeed({ manifest, manifestFile, packFile, places });
}

function describe(now: number, description: ReleaseDescription, built: BuiltFiles): Release {
  return {
    ...description,
    unpackedBytes: unpackedBytes(built.manifest),
    files: built.manifest.entries.filter((entry) => entry.kind === 'file').length,
    publishedAt: tufInstant(now),
    manifest: built.manifestFile,
    pack: built.packFile,
  };
}

function publishedRelease(trusted: TrustedRepository, release: Release): Release | undefined {
  const role = trusted.delegated.get(delegatedRoleName(release.product, release.channel));
  const target = role?.metadata.signed.targets[release.manifest.path];
  if (target === undefined) return undefined;
  const decoded = decodeTargetCustom(target);
  return decoded.ok ? decoded.value : undefined;
}

/** A version means one thing for ever: machines that have it would never see another content under the same name. */
function settlePublished(published: Release, release: Release): Result<AddedRelease> {
  // Roll-out and withdrawal are changed by their own commands; to add it again takes neither back.
  const { publishedAt, rollout, withdrawn } = published;
  const same = {
    ...without(release, 'rollout'),
    publishedAt,
    ...(rollout === undefined ? {} : { rollout }),
    ...(withdrawn === undefined ? {} : { withdrawn }),
  };
  if (isDeepStrictEqual(customOf(published), customOf(same)) && sameManifest(published, release))
    return succeed({ release: published, changed: false });
  const what = sameManifest(published, release) ? 'another description' : 'other content';
  return fail(
    faultOf('already-exists', `version ${release.version} is published with ${what}`, {
      values: { target: release.manifest.path },
    }),
  );
}

function sameManifest(one: Release, other: Release): boolean {
  return one.manifest.sha256 === other.manifest.sha256;
}
