import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createDeltaPack } from '../../../installer/delta/create-delta-pack.ts';
import { encodeDeltaManifest } from '../../../installer/delta/delta-manifest.ts';
import { stageFromDelta } from '../../../installer/delta/stage-from-delta.ts';
import { encodeManifest } from '../../../installer/pack/manifest.ts';
import { packBundle } from '../../../installer/pack/writer.ts';
import { openPlatform } from '../../../platform/current.ts';
import type { Result } from '../../../platform/result.ts';
import type { BenchOptions } from '../bench.ts';
import { fetchPackage, type Pair, PAIRS } from './pairs.ts';
import { installedRivals, makeTar, type Versions } from './rivals.ts';

const platform = openPlatform();
const cache = path.resolve(import.meta.dirname, '../../../.cache/bench');

/** Bytes to fetch; `full` is our whole pack with its manifest, `ours` what the client takes: the smaller of delta and full. */
type Figures = Readonly<Record<string, number>>;

/** Bytes that an update of real packages costs, beside the tools that Debian has for it. */
export async function measureBytes({ only }: BenchOptions): Promise<object> {
  const rivals = await installedRivals();
  const pairs: Record<string, Figures> = {};
  for (const pair of PAIRS.filter(({ name }) => only.length === 0 || only.includes(name))) {
    const work = mkdtempSync(path.join(tmpdir(), 'om-launcher-bench-'));
    try {
      const versions = await prepare(pair, work);
      const figures: Record<string, number> = await measureOurs(versions, work);
      for (const rival of rivals) {
        const own = path.join(work, rival.name);
        mkdirSync(own);
        figures[rival.name] = await rival.measure({ ...versions, work: own });
        rmSync(own, { recursive: true });
      }
      console.log(`${pair.name}: ${JSON.stringify(figures)}`);
      pairs[pair.name] = figures;
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  return { pairs, geomean: compareAll(Object.values(pairs)) };
}

async function prepare(pair: Pair, work: string): Promise<Versions> {
  mkdirSync(cache, { recursive: true });
  const oldFolder = await fetchPackage(cache, pair.from);
  const newFolder = await fetchPackage(cache, pair.to);
  const [oldTar, newTar] = [path.join(work, 'old.tar'), path.join(work, 'new.tar')];
  await makeTar(oldFolder, oldTar);
  await makeTar(newFolder, newTar);
  return { oldFolder, newFolder, oldTar, newTar, work };
}

/** Also applies the delta: figures of a delta that does not make the release would be worth nothing. */
async function measureOurs({ oldFolder, newFolder }: Versions, work: string): Promise<Record<string, number>> {
  const pack = (folder: string, version: string): ReturnType<typeof packBundle> =>
    packBundle(platform.files, { folder, version, packFile: path.join(work, `${version}.pack`) });
  const old = valueOf(await pack(oldFolder, 'old'));
  const target = valueOf(await pack(newFolder, 'new'));
  const packFile = path.join(work, 'delta.pack');
  const folders = {
    old: { folder: oldFolder, manifest: old.manifest },
    target: { folder: newFolder, manifest: target.manifest },
  };
  const delta = valueOf(await createDeltaPack(platform.files, { ...folders, packFile }));
  const from = { oldFolder, oldManifest: old.manifest, delta: delta.manifest, packFile };
  const folder = path.join(work, 'staged');
  valueOf(await stageFromDelta(platform, { ...from, manifest: target.manifest, folder }));
  rmSync(folder, { recursive: true });
  const full = target.length + encodeManifest(target.manifest).length;
  const manifest = encodeDeltaManifest(delta.manifest).length;
  return { ours: Math.min(delta.length + manifest, full), oursManifest: manifest, full };
}

function valueOf<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(JSON.stringify(result.fault));
  return result.value;
}

function compareAll(pairs: readonly Figures[]): Readonly<Record<string, number>> {
  return {
    vsBsdiff: geometricMean(pairs, 'bsdiff'),
    vsXdelta3: geometricMean(pairs, 'xdelta3'),
    vsZstdPatch: geometricMean(pairs, 'zstdPatch'),
    vsCasync: geometricMean(pairs, 'casync'),
    vsRsync: geometricMean(pairs, 'rsync'),
    vsFull: geometricMean(pairs, 'full'),
  };
}

/** Of our bytes beside another's; NaN, which is null in JSON, when that other was not measured. */
function geometricMean(pairs: readonly Figures[], other: string): number {
  const logarithms = pairs.map((figures) => Math.log((figures['ours'] ?? NaN) / (figures[other] ?? NaN)));
  const mean = logarithms.reduce((sum, logarithm) => sum + logarithm, 0) / logarithms.length;
  return Number(Math.exp(mean).toFixed(3));
}
