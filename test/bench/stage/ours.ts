import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createDeltaPack } from '../../../installer/delta/create-delta-pack.ts';
import { encodeDeltaManifest } from '../../../installer/delta/delta-manifest.ts';
import { planDelta } from '../../../installer/delta/plan-delta.ts';
import { encodeManifest } from '../../../installer/pack/manifest.ts';
import { packBundle } from '../../../installer/pack/writer.ts';
import type { FileManifest } from '../../../installer/release.ts';
import { DELTA_PACK_NAME, PACK_NAME } from '../../../installer/repository/layout.ts';
import { createStaging } from '../../../installer/staging/staging.ts';
import { createStagingProcess } from '../../../installer/staging/staging-process.ts';
import { findInstalled } from '../../../installer/transfer/installed-contents.ts';
import { planTransfer } from '../../../installer/transfer/plan-transfer.ts';
import type { StageWork } from '../../../installer/update/tools.ts';
import { openPlatform } from '../../../platform/current.ts';
import type { Result } from '../../../platform/result.ts';
import { run } from '../bytes/run.ts';

const BUILD = path.resolve(import.meta.dirname, '../../../scripts/build.ts');
const platform = openPlatform();

/** The single executable, as customers have it: from the sources Node would strip types for half a second first. */
export async function buildLauncher(folder: string): Promise<string> {
  await run(process.execPath, [BUILD, '--output', folder]);
  return path.join(folder, 'om-launcher');
}

/** What lies on a customer's disk when the release has been fetched. */
export interface Fetched {
  readonly work: Omit<StageWork, 'folder'>;
  readonly pack: { readonly file: string; readonly sha256: string };
}

/** As a full pack at zstd level 1: unpacking costs the same at each level. */
export async function fetchFull(folder: string, work: string): Promise<Fetched> {
  const packFile = path.join(work, PACK_NAME);
  const packed = demand(await packBundle(platform.files, { folder, version: 'new', packFile, compressionLevel: 1 }));
  const manifest = writeManifest(work, 'new', packed.manifest);
  const transfer = { kind: 'full', bytes: packed.length } as const;
  return {
    work: { manifest, transfer, packFolder: work, bundle: path.join(work, 'none') },
    pack: { file: packFile, sha256: packed.sha256 },
  };
}

/** As a delta from the installed version, planned as the download step plans it. */
export async function fetchDelta(oldFolder: string, newFolder: string, work: string): Promise<Fetched> {
  mkdirSync(work, { recursive: true });
  const pack = async (folder: string, version: string): Promise<FileManifest> =>
    demand(
      await packBundle(platform.files, { folder, version, packFile: path.join(work, version), compressionLevel: 1 }),
    ).manifest;
  const [old, target] = [await pack(oldFolder, 'old'), await pack(newFolder, 'new')];
  const packFile = path.join(work, DELTA_PACK_NAME);
  const sides = { old: { folder: oldFolder, manifest: old }, target: { folder: newFolder, manifest: target } };
  const delta = demand(await createDeltaPack(platform.files, { ...sides, packFile }));
  const plan = demand(planDelta(old, target, delta.manifest));
  const signed = { path: DELTA_PACK_NAME, length: delta.length, sha256: delta.sha256 };
  const published = { from: 'old', pack: signed, manifest: signed };
  const sizes = new Set(
    [...old.entries, ...target.entries].flatMap((entry) => (entry.kind === 'file' ? [entry.size] : [])),
  );
  const installed = demand(await findInstalled(platform.files, oldFolder, sizes, new AbortController().signal));
  const transfer = planTransfer({ manifest: target, installed, delta: { published, plan } });
  if (transfer.kind !== 'delta') throw new Error(`the way chosen is ${transfer.kind}, not the delta`);
  const manifest = path.join(work, 'delta.manifest');
  writeFileSync(manifest, encodeDeltaManifest(delta.manifest));
  return {
    work: {
      manifest: writeManifest(work, 'new', target),
      transfer,
      packFolder: work,
      bundle: oldFolder,
      delta: { oldManifest: writeManifest(work, 'old', old), manifest },
    },
    pack: { file: packFile, sha256: delta.sha256 },
  };
}

/** The steps `verify` and `stage`: the pack read once more, then the staging process of this launcher. */
export async function stageByLauncher(
  launcher: string,
  fetched: Fetched,
  folder: string,
  priority: 'idle' | 'normal',
): Promise<void> {
  const digest = demand(await platform.files.digest(fetched.pack.file));
  if (digest !== fetched.pack.sha256) throw new Error('the pack is not the one that was made');
  const machine = { ...platform.machine, self: [launcher] };
  const staging = createStagingProcess({ ...platform, machine }, createStaging(platform), priority);
  demand(await staging.stage({ ...fetched.work, folder }, () => undefined, new AbortController().signal));
}

function writeManifest(work: string, name: string, manifest: FileManifest): string {
  const file = path.join(work, `${name}.manifest`);
  writeFileSync(file, encodeManifest(manifest));
  return file;
}

function demand<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(`${result.fault.code}: ${result.fault.detail}`);
  return result.value;
}
