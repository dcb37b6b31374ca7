import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { prepareStage, recordPoints, runCase, runWithoutSync, type Stage } from './case-run.ts';
import { isSync } from './calls.ts';
import { classesOf, killOf, type PointClass, type Recorded } from './classes.ts';
import { endProcessesBelow } from './end-processes.ts';
import { openFaultSite } from './fault-site.ts';
import { FILE_SYSTEMS, type FileSystem, imageGround } from './image-ground.ts';
import type { LauncherProgram } from './launcher-program.ts';
import { type MatrixRun, tell, tellVerdict } from './matrix.ts';
import { type Case, titleOf } from './points.ts';
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

/** Disks of one kind that are cut side by side: a cut waits for disks and pauses more than for processors. */
const DISKS_EACH = 6;

/** Cuts the power right after a kill, on real file systems, and lets the machine come up again. */
export async function runPowerCuts(run: MatrixRun, options: PowerOptions): Promise<Control> {
  if (options.cuts === 0) return 'not run: no cuts were asked for';
  const controls = await Promise.all(FILE_SYSTEMS.map(async (fileSystem) => runOn(fileSystem, run, options)));
  const [failed, ...others] = controls;
  return others.every((control) => control === failed)
    ? (failed ?? 'not run: ended')
    : (controls.find((control) => control !== 'failed') ?? 'passed');
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
      run.say(`power cuts on ${fileSystem}: not run: needs mount (root, loop devices, xfsprogs, e2fsprogs)`);
      return 'not run: needs mount';
    }
    try {
      // The control waits long for a server that will not come up: the other disks go on meanwhile.
      const controlled = recordings.length > 0 ? undefined : runControl(fileSystem, first, run);
      recordings.push({
        scenario: scenario.name,
        points: await recordPoints(controlled === undefined ? first : (others[0] ?? first)),
      });
      const waiting = cutsOf(fileSystem, recordings, scenario, options).values();
      await Promise.all([
        Promise.resolve(controlled).then(async (found) => {
          control = found ?? control;
          await cutAll(run, fileSystem, first, waiting);
        }),
        ...others.map(async (its) => cutAll(run, fileSystem, its, waiting)),
      ]);
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
): Promise<readonly Stage[]> {
  const opened = await Promise.all(
    Array.from({ length: DISKS_EACH }, async (_, disk) =>
      openPowerStage(join(base, `${fileSystem}-${scenario.name}-${disk}`), program, fileSystem, scenario),
    ),
  );
  return opened.filter((stage) => stage !== undefined);
}

/** The classes that no scenario before had. */
function cutsOf(
  fileSystem: FileSystem,
  recordings: readonly Recorded[],
  { name }: Scenario,
  { cuts, seed }: PowerOptions,
): readonly Case[] {
  const fresh = classesOf(recordings).filter(({ scenario }) => scenario === name);
  const kills = (fileSystem === 'xfs' ? beforeSyncs(fresh) : fresh).map(killOf);
  return cuts === undefined
    ? kills
    : sampleOf(kills, Math.ceil(cuts / FILE_SYSTEMS.length / CUT_SCENARIOS.length), seed);
}

/**
 * xfs brings nothing to its log by itself within seconds: wherever the power goes between two syncs, the disk is what the first
 * of them left. One cut before each stands for all; ext4 with a journal that is written each second is cut everywhere.
 */
function beforeSyncs(classes: readonly PointClass[]): readonly PointClass[] {
  return classes.filter(
    ({ members }, index) => index === classes.length - 1 || members.some(({ call }) => isSync(call)),
  );
}

async function cutAll(run: MatrixRun, fileSystem: FileSystem, stage: Stage, waiting: Iterable<Case>): Promise<void> {
  for (const planned of waiting) {
    if (run.signal.aborted) return;
    const title = `power cut on ${fileSystem}, ${titleOf(planned)}`;
    if (!run.results.has(title)) tell(run, stage, 'cuts', title, await runCase(stage, planned, 'once'));
  }
}

async function openPowerStage(
  base: string,
  program: LauncherProgram,
  fileSystem: FileSystem,
  scenario: Scenario,
): Promise<Stage | undefined> {
  mkdirSync(base, { recursive: true });
  const ground = await imageGround(base, fileSystem);
  if (ground === undefined) return undefined;
  const faultSite = await openFaultSite(ground, program);
  const stage: Stage = {
    scenario,
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

async function runControl(fileSystem: FileSystem, stage: Stage, { say }: MatrixRun): Promise<'failed' | 'passed'> {
  const verdict = await runWithoutSync(stage);
  say(`control on ${fileSystem}, without any fsync: ${tellVerdict(verdict)}`);
  return verdict.kind === 'broken' ? 'failed' : 'passed';
}
