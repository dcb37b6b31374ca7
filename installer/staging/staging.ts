import { dirname } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { decodeDeltaManifestFile, encodeDeltaManifest } from '../delta/delta-manifest.ts';
import type { CompareDependencies } from '../integrity/compare.ts';
import { decodeManifestFile, encodeManifest } from '../pack/manifest.ts';
import { MANIFEST_LIMIT } from '../repository/layout.ts';
import { stageTransfer } from '../transfer/stage-transfer.ts';
import type { Staging, StageWork } from '../update/tools.ts';
import { openStagedBundle } from './open-bundle.ts';

/** Manifests and staged bundles, as the update's steps use them; all in this process. */
export function createStaging(dependencies: CompareDependencies): Staging {
  const { files } = dependencies;
  const read = async <Value>(path: string, decode: (bytes: Uint8Array) => Result<Value>): Promise<Result<Value>> => {
    const bytes = await files.readBytes(path, MANIFEST_LIMIT);
    if (!bytes.ok) {
      return bytes;
    }
    const manifest = decode(bytes.value);
    return manifest.ok
      ? manifest
      : fail(faultOf('record-corrupt', 'a kept manifest is damaged', { path, cause: manifest.fault }));
  };
  const write = async (path: string, bytes: Uint8Array): Promise<Result<void>> => {
    const made = await files.makeFolder(dirname(path), 0o700);
    return made.ok ? files.writeDurably(path, bytes, 0o600) : made;
  };
  const staging: Staging = {
    stage: async (work, onProgress, signal) => stageWork(dependencies, staging, work, onProgress, signal),
    open: async (folder, manifest) => openStagedBundle(files, folder, manifest),
    readManifest: async (path) => read(path, decodeManifestFile),
    writeManifest: async (path, manifest) => write(path, encodeManifest(manifest)),
    readDeltaManifest: async (path) => read(path, decodeDeltaManifestFile),
    writeDeltaManifest: async (path, manifest) => write(path, encodeDeltaManifest(manifest)),
  };
  return staging;
}

type Manifests = Pick<Staging, 'readManifest' | 'readDeltaManifest'>;

async function stageWork(
  dependencies: CompareDependencies,
  manifests: Manifests,
  work: StageWork,
  onProgress: (doneBytes: number, totalBytes: number) => void,
  signal: AbortSignal,
): Promise<Result<void>> {
  const manifest = await manifests.readManifest(work.manifest);
  const delta = work.delta === undefined ? succeed(undefined) : await readDelta(manifests, work.delta);
  if (!manifest.ok || !delta.ok) {
    return manifest.ok ? (delta as Result<never>) : manifest;
  }
  const { folder, transfer, packFolder, bundle } = work;
  const request = { manifest: manifest.value, folder, transfer, packFolder, bundle, onProgress, signal };
  const staged = await stageTransfer(dependencies, { ...request, delta: delta.value });
  return staged.ok ? succeed() : staged;
}

async function readDelta(manifests: Manifests, { oldManifest, manifest }: NonNullable<StageWork['delta']>) {
  const old = await manifests.readManifest(oldManifest);
  const delta = old.ok ? await manifests.readDeltaManifest(manifest) : old;
  return old.ok && delta.ok ? succeed({ oldManifest: old.value, manifest: delta.value }) : (delta as Result<never>);
}
