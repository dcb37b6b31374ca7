import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeTar } from '../bytes/rivals.ts';
import { isInstalled, run } from '../bytes/run.ts';
import { gatherOfficePair, type OfficePair } from '../office-pair.ts';
import { type Cost, costOf } from '../stage/cost.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const MIB = 2 ** 20;
const [MOST_SECONDS, MOST_MIB] = [180, 1_536];

/**
 * What `om-publish add` costs for the second of two versions of LibreOffice, with its delta: time, memory and bytes, beside tar
 * and zstd, which make the same two files with less care (`-19`, and `--patch-from` the tar of the version before).
 */
export async function measurePublish(): Promise<object> {
  for (const program of ['zstd', 'tar'])
    if (!(await isInstalled(program))) throw new Error(`not run: needs ${program} (apt-get install zstd tar)`);
  const work = mkdtempSync(path.join(tmpdir(), 'om-launcher-publish-'));
  try {
    const pair = await gatherOfficePair(work);
    const ours = await publish(pair, work);
    const rival = await compress(pair, work);
    const figures = {
      ...sizeOf(pair.newFolder),
      seconds: seconds(ours.add),
      rssMiB: Math.round(ours.add.childPeakMiB),
      withoutDeltaSeconds: seconds(ours.first),
      verifySeconds: seconds(ours.verify),
      packBytes: ours.packBytes,
      deltaBytes: ours.deltaBytes,
      zstd: { seconds: seconds(rival.cost), packBytes: rival.packBytes, deltaBytes: rival.deltaBytes },
      wallVsZstd: round(ours.add.wallMs / rival.cost.wallMs),
    };
    for (const bar of missedBars(figures)) {
      console.error(`BAR MISSED: ${bar}`);
      process.exitCode = 1;
    }
    return figures;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function publish({ oldFolder, newFolder }: OfficePair, work: string) {
  const [repository, keys] = [path.join(work, 'repository'), path.join(work, 'keys')];
  const say = async (what: string, ...words: readonly string[]): Promise<Cost> => {
    const program = [path.join(ROOT, 'installer/publish/main.ts'), ...words, '--keys', keys];
    const cost = await costOf(() => run(process.execPath, program));
    console.log(`${what}: ${seconds(cost)} s, ${Math.round(cost.childPeakMiB)} MiB`);
    return cost;
  };
  const add = (folder: string, version: string, deltas: string): readonly string[] => [
    ...['add', folder, '--repo', repository, '--product', 'business', '--version', version, '--unencrypted'],
    ...['--platform', 'linux-x64', '--data-format', '1', '--notes-en', version, '--deltas', deltas],
  ];
  await say('init', 'init', repository, '--unencrypted');
  const first = await say('the first release', ...add(oldFolder, '1.0.0', '0'));
  const second = await say('the second, with its delta', ...add(newFolder, '1.0.1', '1'));
  const verify = await say('verify', 'verify', repository);
  const packs = filesBelow(repository).filter((file) => file.endsWith('.pack') && file.includes('1.0.1'));
  const bytesOf = (isDelta: boolean): number =>
    packs.filter((file) => file.includes('delta-') === isDelta).reduce((sum, file) => sum + statSync(file).size, 0);
  return { first, add: second, verify, packBytes: bytesOf(false), deltaBytes: bytesOf(true) };
}

async function compress({ oldFolder, newFolder }: OfficePair, work: string) {
  const [oldTar, newTar] = [path.join(work, 'old.tar'), path.join(work, 'new.tar')];
  const [pack, delta] = [`${newTar}.zst`, `${newTar}.patch`];
  const cost = await costOf(async () => {
    await makeTar(oldFolder, oldTar);
    await makeTar(newFolder, newTar);
    await run('zstd', ['-q', '-19', '-T0', '--long=31', newTar, '-o', pack]);
    await run('zstd', ['-q', '-19', '-T0', '--long=31', `--patch-from=${oldTar}`, newTar, '-o', delta]);
  });
  console.log(`zstd: ${seconds(cost)} s, ${Math.round(cost.childPeakMiB)} MiB`);
  return { cost, packBytes: statSync(pack).size, deltaBytes: statSync(delta).size };
}

function missedBars(figures: { readonly seconds: number; readonly rssMiB: number }): readonly string[] {
  return [
    ...(figures.seconds < MOST_SECONDS ? [] : [`${figures.seconds} s to publish, not under ${MOST_SECONDS}`]),
    ...(figures.rssMiB < MOST_MIB ? [] : [`${figures.rssMiB} MiB of memory, not under ${MOST_MIB}`]),
  ];
}

function sizeOf(folder: string): { readonly files: number; readonly MiB: number } {
  const files = filesBelow(folder);
  return { files: files.length, MiB: Math.round(files.reduce((sum, file) => sum + statSync(file).size, 0) / MIB) };
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

function seconds({ wallMs }: Cost): number {
  return Math.round(wallMs / 100) / 10;
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
