import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { brokenBy, prepareStage, recordPoints, recover, runCase, type Verdict } from './case-run.ts';
import { classesOf, killOf, type Recorded } from './classes.ts';
import { endProcessesBelow } from './end-processes.ts';
import { openFaultSite } from './fault-site.ts';
import { FILE_SYSTEMS, type FileSystem, imageGround } from './image-ground.ts';
import { type DiskStage, keepDisks, keepUnsynced } from './kept-disks.ts';
import { openDiskStore } from './disk-store.ts';
import type { LauncherProgram } from './launcher-program.ts';
import { type MatrixRun, tell, tellVerdict } from './matrix.ts';
import { type Case, keyOf, titleOf } from './points.ts';
import { type Scenario, SCENARIOS } from './scenarios.ts';
import { sampleOf } from '../kit/seeded.ts';

/** The same run with every fsync switched off must be found broken, or the method proves nothing. */
export type Control =
  'failed' | 'passed' | 'not run: needs mount' | 'not run: no cuts were asked for' | 'not run: ended';

export interface PowerOptions {
  readonly base: string;
  readonly program: LauncherProgram;
  /** On both file systems together, drawn by `seed`; at each class on each of them when absent. */
  readonly cuts?: number;
  readonly seed: number;
}

const CUT_SCENARIOS = SCENARIOS.filter(({ order }) => order !== undefined);

const NEEDS_MOUNT = 'needs mount (root, loop devices, xfsprogs, e2fsprogs)';

/** Disks of one kind that are cut side by side: a cut waits for disks and pauses more than for processors. */
const DISKS_EACH = 6;

/** Cuts the power right after a kill, on real file systems, and lets the machine come up again. */
export async function runPowerCuts(run: MatrixRun, options: PowerOptions): Promise<Control> {
  if (options.cuts === 0) return 'not run: no cuts were asked for';
  const store = await openDiskStore(join(options.base, 'store'));
  if (store === undefined) {
    run.say(`power cuts: not run: ${NEEDS_MOUNT}`);
    return 'not run: needs mount';
  }
  try {
    const onStore = { ...options, base: store.folder };
    const controls = await Promise.all(FILE_SYSTEMS.map(async (fileSystem) => runOn(fileSystem, run, onStore)));
    return controlOf(controls);
  } finally {
    await store.close();
  }
}

function controlOf([failed, ...others]: readonly Control[]): Control {
  return others.every((control) => control === failed)
    ? (failed ?? 'not run: ended')
    : ([failed, ...others].find((control) => control !== undefined && control !== 'failed') ?? 'passed');
}

/** Every scenario in turn, its cuts dealt over the disks. */
async function runOn(fileSystem: FileSystem, run: MatrixRun, options: PowerOptions): Promise<Control> {
  const recordings: Recorded[] = [];
  let control: Control = 'not run: ended';
  for (const scenario of CUT_SCENARIOS) {
    if (run.signal.aborted) return control;
    const stages = await openStages(fileSystem, scenario, options);
    const [first, ...others] = stages;
    if (first === undefined) {
      run.say(`power cuts on ${fileSystem}: not run: ${NEEDS_MOUNT}`);
      return 'not run: needs mount';
    }
    try {
      // The control waits long for a server that will not come up: the other disks go on meanwhile.
      const controlled = recordings.length > 0 ? undefined : runControl(fileSystem, first, run);
      recordings.push({
        scenario: scenario.name,
        points: await recordPoints(controlled === undefined ? first : (others[0] ?? first)),
      });
      const shares = dealt(cutsOf(recordings, scenario, options), stages.length);
      await Promise.all(
        stages.map(async (its, index) => {
          if (its === first) control = (await controlled) ?? control;
          await cutAll(run, fileSystem, its, shares[index] ?? []);
        }),
      );
    } finally {
      for (const { ground } of stages) await ground.close();
    }
  }
  return control;
}

async function openStages(
  fileSystem: FileSystem,
  scenario: Scenario,
  { base, program }: PowerOptions,
): Promise<readonly DiskStage[]> {
  const opened = await Promise.all(
    Array.from({ length: DISKS_EACH }, async (_, disk) =>
      openPowerStage(join(base, `${fileSystem}-${scenario.name}-${disk}`), program, fileSystem, scenario),
    ),
  );
  return opened.filter((stage) => stage !== undefined);
}

/** The classes that no scenario before had. */
function cutsOf(recordings: readonly Recorded[], { name }: Scenario, { cuts, seed }: PowerOptions): readonly Case[] {
  const fresh = classesOf(recordings).filter(({ scenario }) => scenario === name);
  const kills = fresh.map(killOf);
  return cuts === undefined
    ? kills
    : sampleOf(kills, Math.ceil(cuts / FILE_SYSTEMS.length / CUT_SCENARIOS.length), seed);
}

/** Neighbours stay together: nothing may have been written between them, and one recovery then serves for both. */
function dealt(cuts: readonly Case[], disks: number): readonly (readonly Case[])[] {
  const each = Math.ceil(cuts.length / disks);
  return Array.from({ length: disks }, (_, disk) => cuts.slice(disk * each, (disk + 1) * each));
}

/**
 * One run of the launcher serves for many cuts: its disk is kept in front of each call, as the power would leave it, and each kept disk
 * is then brought up. A call whose disk could not be kept has a run of its own, killed there and cut.
 */
async function cutAll(run: MatrixRun, fileSystem: FileSystem, stage: DiskStage, cuts: readonly Case[]): Promise<void> {
  const titled = (planned: Case): string => `power cut on ${fileSystem}, ${titleOf(planned)}`;
  const open = cuts.filter((planned) => !run.results.has(titled(planned)));
  if (open.length === 0) return;
  const disks = await keptDisks(run, fileSystem, stage, open);
  const verdicts = new Map<string, Verdict>();
  for (const planned of open) {
    if (run.signal.aborted) return;
    const disk = disks.get(keyOf(planned.point));
    const verdict =
      disk === undefined ? await runCase(stage, planned, 'once') : (verdicts.get(disk) ?? (await bringUp(stage, disk)));
    if (disk !== undefined) verdicts.set(disk, verdict);
    tell(run, stage, 'cuts', titled(planned), verdict);
  }
}

/** By the key of the call; none when that run went wrong: then each cut has one of its own, which shows what is wrong. */
async function keptDisks(
  run: MatrixRun,
  fileSystem: FileSystem,
  stage: DiskStage,
  cuts: readonly Case[],
): Promise<ReadonlyMap<string, string>> {
  const where = `${fileSystem}, ${stage.scenario.name}`;
  try {
    const points = cuts.map(({ point }) => point);
    const disks = await keepDisks(stage, points);
    const different = new Set(disks.values()).size;
    run.say(`${where}: ${disks.size} of ${cuts.length} disks kept, ${different} different`);
    return disks;
  } catch (error) {
    run.say(`${where}: no disk was kept: ${error instanceof Error ? error.message : String(error)}`);
    return new Map();
  }
}

/** The machine with this disk, after the power is back. */
async function bringUp(stage: DiskStage, disk: string): Promise<Verdict> {
  try {
    await endProcessesBelow(stage.ground.site.folder);
    await stage.disk.restore(disk);
    return await recover(stage, 'once');
  } catch (error) {
    return brokenBy(error);
  }
}

async function openPowerStage(
  base: string,
  program: LauncherProgram,
  fileSystem: FileSystem,
  scenario: Scenario,
): Promise<DiskStage | undefined> {
  mkdirSync(base, { recursive: true });
  const ground = await imageGround(base, fileSystem);
  if (ground === undefined) return undefined;
  const faultSite = await openFaultSite(ground, program);
  const stage: DiskStage = {
    scenario,
    disk: ground,
    ground: faultSite,
    traceFolder: base,
    async afterKill() {
      await ground.cutPower();
      await endProcessesBelow(ground.root);
      await ground.powerUp();
    },
  };
  await prepareStage(stage);
  return stage;
}

/** The same run with every fsync switched off, cut at its end. */
async function runControl(fileSystem: FileSystem, stage: DiskStage, { say }: MatrixRun): Promise<'failed' | 'passed'> {
  const verdict = await bringUp(stage, await keepUnsynced(stage));
  say(`control on ${fileSystem}, without any fsync: ${tellVerdict(verdict)}`);
  return verdict.kind === 'broken' ? 'failed' : 'passed';
}
