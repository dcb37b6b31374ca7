import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BenchOptions } from '../bench.ts';
import { fetchPair, PAIRS } from '../bytes/pairs.ts';
import { isInstalled } from '../bytes/run.ts';
import { costOf } from './cost.ts';
import { fetchDelta, fetchFull, stageByLauncher } from './ours.ts';
import { makeShellRelease, stageByShell, unpackByShell } from './rivals.ts';
import { throughputDuring } from './throughput.ts';
import { writeTree } from './tree.ts';

const GB = 1_000_000_000;
const CACHE = path.resolve(import.meta.dirname, '../../../.cache/bench');
/** A real pair whose delta is made in seconds. */
const PAIR = 'typescript';
const ROUNDS = 3;

/**
 * Staging by the launcher's own process beside a shell: `--scale 0.05` makes the synthetic releases of 1 and 3 GB that much
 * smaller, for a try. Nothing is fetched: both begin with what lies on disk after the download.
 */
export async function measureStage({ scale = 1 }: BenchOptions): Promise<object> {
  for (const program of ['bash', 'zstd', 'tar', 'sha256sum'])
    if (!(await isInstalled(program)))
      throw new Error(`not run: needs ${program} (apt-get install zstd coreutils tar)`);
  const work = mkdtempSync(path.join(tmpdir(), 'om-launcher-stage-'));
  try {
    const one = await measureFull(path.join(work, 'one'), GB * scale);
    const delta = await measureDelta(path.join(work, 'delta'));
    const three = await measurePeak(path.join(work, 'three'), 3 * GB * scale);
    const bars = { ...one, deltaWallVsShell: delta, rssMiB3GB: round(three) };
    if (missesBar(bars)) process.exitCode = 1;
    return { ...bars, scale };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

interface Bars {
  readonly fullCpuVsVerifiedShell: number;
  readonly deltaWallVsShell: number;
  readonly rssMiB1GB: number;
  readonly rssMiB3GB: number;
  readonly serverThroughputWhileStaging: number;
}

/** Says on the error output which bars are missed. */
function missesBar(bars: Bars): boolean {
  const missed = Object.entries({
    'more than 1.1 × the processor time of the shell': bars.fullCpuVsVerifiedShell > 1.1,
    'a delta takes more than 1.2 × the wall time of the shell': bars.deltaWallVsShell > 1.2,
    'more than 150 MiB': Math.max(bars.rssMiB1GB, bars.rssMiB3GB) > 150,
    'memory grows by more than 5 % from 1 to 3 GB': bars.rssMiB3GB > 1.05 * bars.rssMiB1GB,
    'the server gets less than 0.95 of its work done': bars.serverThroughputWhileStaging < 0.95,
  }).flatMap(([bar, isMissed]) => (isMissed ? [bar] : []));
  for (const bar of missed) console.error(`BAR MISSED: ${bar}`);
  return missed.length > 0;
}

async function measureFull(work: string, bytes: number): Promise<Omit<Bars, 'deltaWallVsShell' | 'rssMiB3GB'>> {
  const source = path.join(work, 'source');
  writeTree(source, bytes, 1);
  const [fetched, shell] = [await fetchFull(source, work), await makeShellRelease(source, work)];
  const [ours, theirs, peaks]: [number[], number[], number[]] = [[], [], []];
  const target = path.join(work, 'staged');
  for (let round = 0; round < ROUNDS; round += 1) {
    const own = await costOf(() => stageByLauncher(fetched, target, 'normal'));
    rmSync(target, { recursive: true });
    const other = await costOf(() => stageByShell(shell, target));
    rmSync(target, { recursive: true });
    console.log(`full: ours ${told(own)}; shell ${told(other)}`);
    [ours, theirs, peaks].forEach((list, at) => list.push([own.cpuMs, other.cpuMs, own.childPeakMiB][at] ?? NaN));
  }
  const throughput = await throughputDuring(() => stageByLauncher(fetched, target, 'idle'));
  rmSync(work, { recursive: true });
  return {
    fullCpuVsVerifiedShell: round(median(ours) / median(theirs)),
    rssMiB1GB: round(Math.max(...peaks)),
    serverThroughputWhileStaging: round(throughput),
  };
}

async function measureDelta(work: string): Promise<number> {
  const pair = PAIRS.find(({ name }) => name === PAIR);
  if (pair === undefined) throw new Error(`there is no pair ${PAIR}`);
  mkdirSync(CACHE, { recursive: true });
  const { oldFolder, newFolder } = await fetchPair(CACHE, pair);
  const [fetched, shell] = [await fetchDelta(oldFolder, newFolder, work), await makeShellRelease(newFolder, work)];
  const [ours, theirs]: [number[], number[]] = [[], []];
  const target = path.join(work, 'staged');
  for (let round = 0; round < ROUNDS; round += 1) {
    const own = await costOf(() => stageByLauncher(fetched, target, 'normal'));
    rmSync(target, { recursive: true });
    const other = await costOf(() => unpackByShell(shell, target));
    rmSync(target, { recursive: true });
    console.log(`delta: ours ${told(own)}; shell ${told(other)}`);
    ours.push(own.wallMs);
    theirs.push(other.wallMs);
  }
  return round(median(ours) / median(theirs));
}

async function measurePeak(work: string, bytes: number): Promise<number> {
  const source = path.join(work, 'source');
  writeTree(source, bytes, 2);
  const fetched = await fetchFull(source, work);
  rmSync(source, { recursive: true });
  const cost = await costOf(() => stageByLauncher(fetched, path.join(work, 'staged'), 'normal'));
  console.log(`the larger one: ours ${told(cost)}`);
  return cost.childPeakMiB;
}

function told({ wallMs, cpuMs, childPeakMiB }: Awaited<ReturnType<typeof costOf>>): string {
  return `${Math.round(wallMs)} ms, ${Math.round(cpuMs)} ms of processor, ${Math.round(childPeakMiB)} MiB at most`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
