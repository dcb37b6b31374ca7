import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { decodeManifestFile } from '../pack/manifest.ts';
import { readPack } from '../pack/reader.ts';
import type { FileManifest, Release, SignedFile } from '../release.ts';
import { MANIFEST_LIMIT, targetFile } from '../repository/layout.ts';
import { createPlaces } from '../staging/places.ts';

/** A release's manifest, and where its full pack lies. */
export interface PackedRelease {
  readonly manifest: FileManifest;
  readonly packFile: string;
}

/** Finds a published release's files; the manifest is verified, the pack is by whoever reads it. Errors: those of `readSigned`. */
export async function openPublished(
  files: Files,
  repository: string,
  release: Pick<Release, 'manifest' | 'pack'>,
): Promise<Result<PackedRelease>> {
  const bytes = await readSigned(files, repository, release.manifest);
  const manifest = bytes.ok ? decodeManifestFile(bytes.value) : bytes;
  return manifest.ok
    ? succeed({ manifest: manifest.value, packFile: join(repository, targetFile(release.pack)) })
    : manifest;
}

/** Reads a small signed file of the repository into memory. Errors: `digest-mismatch`, `too-large`, `not-found`, the disk's. */
export async function readSigned(files: Files, repository: string, target: SignedFile): Promise<Result<Buffer>> {
  const path = join(repository, targetFile(target));
  const bytes = await files.readBytes(path, MANIFEST_LIMIT);
  if (!bytes.ok) return bytes;
  const digest = createHash('sha256').update(bytes.value).digest('hex');
  return digest === target.sha256
    ? bytes
    : fail(faultOf('digest-mismatch', 'the file has other bytes than were signed', { path }));
}

/**
 * Unpacks the files of a release into a new private folder, to make or to try deltas: no links, nothing made durable.
 *
 * Every content is verified on the way. Errors: those of `readPack`, the disk's.
 */
export async function unpackFiles(
  files: Files,
  release: PackedRelease,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<Result<void>> {
  const { manifest, packFile } = release;
  const made = await files.makeNewFolder(folder, 0o700);
  if (!made.ok) return made;
  for (const entry of manifest.entries) {
    const below = entry.kind === 'folder' ? await files.makeNewFolder(join(folder, entry.path), 0o700) : succeed();
    if (!below.ok) return below;
  }
  const { sink } = createPlaces(files, folder, manifest, () => undefined);
  return readPack({ files, packFile, manifest, signal }, sink);
}
