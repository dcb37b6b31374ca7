import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BenchOptions } from '../bench.ts';
import { type FetchedPair, fetchPair, PAIRS } from '../bytes/pairs.ts';
import { isInstalled } from '../bytes/run.ts';
import { gatherOfficePair } from '../office-pair.ts';
import { type Cost, costOf } from './cost.ts';
import { buildLauncher, fetchDelta, fetchFull, stageByLauncher } from './ours.ts';
import { makeShellRelease, stageByShell, unpackByShell } from './rivals.ts';
import { throughputDuring } from './throughput.ts';
import { writeTree } from './tree.ts';

const GB = 1_000_000_000;
const CACHE = path.resolve(import.meta.dirname, '../../../.cache/bench');
/** A real pair of 25 MB: of such a delta the start of the process is a good part. */
const SMALL_PAIR = 'typescript';
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
    const launcher = await buildLauncher(path.join(work, 'program'));
    const one = await measureFull(launcher, path.join(work, 'one'), GB * scale);
    const delta = await measureDelta('delta', launcher, await gatherOfficePair(path.join(work, 'office')), work);
    const small = await measureDelta('small delta', launcher, await fetchSmallPair(), work);
    const three = await measurePeak(launcher, path.join(work, 'three'), 3 * GB * scale);
    const bars = { ...one, deltaWallVsShell: delta, rssMiB3GB: round(three) };
    if (missesBar(bars)) process.exitCode = 1;
    return { ...bars, smallDeltaWallVsShell: small, scale };
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

async function measureFull(
  launcher: string,
  work: string,
  bytes: number,
): Promise<Omit<Bars, 'deltaWallVsShell' | 'rssMiB3GB'>> {
  const source = path.join(work, 'source');
  writeTree(source, bytes, 1);
  const [fetched, shell] = [await fetchFull(source, work), await makeShellRelease(source, work)];
  const target = path.join(work, 'staged');
  const { launcher: ours, shell: theirs } = await turnAbout('full', target, {
    launcher: () => stageByLauncher(launcher, fetched, target, 'normal'),
    shell: () => stageByShell(shell, target),
  });
  const throughput = await throughputDuring(() => stageByLauncher(launcher, fetched, target, 'idle'));
  rmSync(work, { recursive: true });
  return {
    fullCpuVsVerifiedShell: round(medianOf(ours, 'cpuMs') / medianOf(theirs, 'cpuMs')),
    rssMiB1GB: round(Math.max(...ours.map(({ childPeakMiB }) => childPeakMiB))),
    serverThroughputWhileStaging: round(throughput),
  };
}

async function fetchSmallPair(): Promise<FetchedPair> {
  const pair = PAIRS.find(({ name }) => name === SMALL_PAIR);
  if (pair === undefined) throw new Error(`there is no pair ${SMALL_PAIR}`);
  mkdirSync(CACHE, { recursive: true });
  return fetchPair(CACHE, pair);
}

type Folders = Pick<FetchedPair, 'oldFolder' | 'newFolder'>;

async function measureDelta(name: string, launcher: string, pair: Folders, base: string): Promise<number> {
  const work = path.join(base, name.replace(' ', '-'));
  const fetched = await fetchDelta(pair.oldFolder, pair.newFolder, work);
  const shell = await makeShellRelease(pair.newFolder, work);
  const target = path.join(work, 'staged');
  const { launcher: ours, shell: theirs } = await turnAbout(name, target, {
    launcher: () => stageByLauncher(launcher, fetched, target, 'normal'),
    shell: () => unpackByShell(shell, target),
  });
  rmSync(work, { recursive: true });
  return round(medianOf(ours, 'wallMs') / medianOf(theirs, 'wallMs'));
}

/** Several rounds of both, one after the other; what either makes at `target` is removed before the next begins. */
async function turnAbout<Side extends string>(
  name: string,
  target: string,
  sides: Readonly<Record<Side, () => Promise<void>>>,
): Promise<Readonly<Record<Side, readonly Cost[]>>> {
  const names = Object.keys(sides) as Side[];
  const costs = Object.fromEntries(names.map((side) => [side, []])) as unknown as Record<Side, Cost[]>;
  for (let round = 0; round < ROUNDS; round += 1)
    for (const side of names) {
      const cost = await costOf(sides[side]);
      rmSync(target, { recursive: true });
      console.log(`${name}: ${side} ${told(cost)}`);
      costs[side].push(cost);
    }
  return costs;
}

async function measurePeak(launcher: string, work: string, bytes: number): Promise<number> {
  const source = path.join(work, 'source');
  writeTree(source, bytes, 2);
  const fetched = await fetchFull(source, work);
  rmSync(source, { recursive: true });
  const cost = await costOf(() => stageByLauncher(launcher, fetched, path.join(work, 'staged'), 'normal'));
  console.log(`the larger one: launcher ${told(cost)}`);
  return cost.childPeakMiB;
}

function told({ wallMs, cpuMs, childPeakMiB }: Cost): string {
  return `${Math.round(wallMs)} ms, ${Math.round(cpuMs)} ms of processor, ${Math.round(childPeakMiB)} MiB at most`;
}

function medianOf(costs: readonly Cost[], figure: keyof Cost): number {
  return costs.map((cost) => cost[figure]).toSorted((a, b) => a - b)[Math.floor(costs.length / 2)] ?? NaN;
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
