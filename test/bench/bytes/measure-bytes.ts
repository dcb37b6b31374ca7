import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
import { fetchPair, type FetchedPair, PAIRS } from './pairs.ts';
import { installedRivals, makeTar, type Rival, type Versions } from './rivals.ts';

const platform = openPlatform();
const cache = path.resolve(import.meta.dirname, '../../../.cache/bench');

/** Bytes to fetch; `full` is our whole pack with its manifest, `ours` what the client takes: the smaller of delta and full. */
type Figures = Readonly<Record<string, number>>;

/** Bytes that an update of real packages costs, beside the tools that Debian has for it. */
export async function measureBytes({ only, rivals: wanted }: BenchOptions): Promise<object> {
  const rivals = (await installedRivals()).filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  mkdirSync(cache, { recursive: true });
  const measured: { name: string; kind: string; versions: readonly [string, string]; figures: Figures }[] = [];
  for (const pair of PAIRS.filter(({ name }) => only.length === 0 || only.includes(name))) {
    const fetched = await fetchPair(cache, pair);
    const figures = await measurePair(fetched, rivals);
    console.log(`${pair.name}: ${JSON.stringify(figures)}`);
    measured.push({ name: pair.name, kind: pair.kind, versions: [fetched.from, fetched.to], figures });
  }
  const figuresOf = (kind: string): readonly Figures[] =>
    measured.filter((pair) => pair.kind === kind).map(({ figures }) => figures);
  return {
    pairs: Object.fromEntries(measured.map(({ name, figures }) => [name, figures])),
    versions: Object.fromEntries(measured.map(({ name, versions }) => [name, versions])),
    geomean: compareAll(figuresOf('large')),
    geomeanOfOthers: compareAll(figuresOf('other')),
  };
}

async function measurePair(pair: FetchedPair, rivals: readonly Rival[]): Promise<Figures> {
  const work = mkdtempSync(path.join(tmpdir(), 'om-launcher-bench-'));
  try {
    const versions = { ...pair, oldTar: path.join(work, 'old.tar'), newTar: path.join(work, 'new.tar'), work };
    const figures: Record<string, number> = await measureOurs(versions, work);
    await makeTar(versions.oldFolder, versions.oldTar);
    await makeTar(versions.newFolder, versions.newTar);
    for (const rival of rivals) figures[rival.name] = await measureRival(pair, rival, versions);
    return figures;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** What a tool makes of two versions never changes: it is kept beside them, for these tools take minutes. */
async function measureRival(pair: FetchedPair, rival: Rival, versions: Versions): Promise<number> {
  const kept = path.join(
    cache,
    `${[rival.name, pair.from, pair.to].join('_').replaceAll(/[^A-Za-z0-9.-]/gu, '_')}.bytes`,
  );
  if (existsSync(kept)) return Number(readFileSync(kept, 'utf8'));
  const own = path.join(versions.work, rival.name);
  mkdirSync(own);
  const bytes = await rival.measure({ ...versions, work: own });
  rmSync(own, { recursive: true });
  writeFileSync(kept, String(bytes));
  return bytes;
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
