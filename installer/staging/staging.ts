import { dirname } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { CompareDependencies } from '../integrity/compare.ts';
import { decodeManifestFile, encodeManifest } from '../pack/manifest.ts';
import { readPack } from '../pack/reader.ts';
import { DISCARDING_SINK } from '../pack/splitter.ts';
import type { FileManifest } from '../release.ts';
import { MANIFEST_LIMIT } from '../repository/layout.ts';
import type { Staging } from '../update/tools.ts';
import { openStagedBundle } from './open-bundle.ts';
import { unpackRelease } from './unpack.ts';

/** Packs, manifests and staged bundles, as the update's steps use them. */
export function createStaging(dependencies: CompareDependencies): Staging {
  const { files } = dependencies;
  return {
    verifyPack: async (manifest, packFile, signal) => readPack({ files, packFile, manifest, signal }, DISCARDING_SINK),
    async unpack(request, onProgress, signal) {
      const unpacked = await unpackRelease(dependencies, { ...request, onProgress, signal });
      return unpacked.ok ? succeed() : unpacked;
    },
    open: async (folder, manifest) => openStagedBundle(files, folder, manifest),
    async readManifest(path): Promise<Result<FileManifest>> {
      const bytes = await files.readBytes(path, MANIFEST_LIMIT);
      if (!bytes.ok) {
        return bytes;
      }
      const manifest = decodeManifestFile(bytes.value);
      return manifest.ok
        ? manifest
        : fail(faultOf('record-corrupt', 'a kept manifest is damaged', { path, cause: manifest.fault }));
    },
    async writeManifest(path, manifest) {
      const made = await files.makeFolder(dirname(path), 0o700);
      return made.ok ? files.writeDurably(path, encodeManifest(manifest), 0o600) : made;
    },
  };
}
