import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { prepareStage, recordPoints, runCase, runWithoutSync, type Stage } from './case-run.ts';
import { endProcessesBelow } from './end-processes.ts';
import { openFaultSite } from './fault-site.ts';
import { FILE_SYSTEMS, type FileSystem, imageGround } from './image-ground.ts';
import type { LauncherProgram } from './launcher-program.ts';
import { type Say, type Tally, tallyOf, tellVerdict } from './matrix.ts';
import { type Case, titleOf } from './points.ts';
import { type Scenario, SCENARIOS } from './scenarios.ts';
import { sampleOf } from './seeded.ts';

export interface PowerReport {
  readonly tally: Tally;
  /** The same run with every fsync switched off must be found broken, or the method proves nothing. */
  readonly control: 'failed' | 'passed' | 'not run: needs mount' | 'not run: no cuts were asked for';
}

export interface PowerOptions {
  readonly cuts: number;
  readonly seed: number;
}

const CUT_SCENARIOS = SCENARIOS.filter(({ order }) => order !== undefined);

/** Cuts the power right after a kill, on real file systems, and lets the machine come up again. */
export async function runPowerCuts(
  base: string,
  program: LauncherProgram,
  options: PowerOptions,
  say: Say,
): Promise<PowerReport> {
  if (options.cuts === 0) return { tally: tallyOf([]), control: 'not run: no cuts were asked for' };
  const verdicts: Parameters<typeof tallyOf>[0][number][] = [];
  let control: PowerReport['control'] = 'not run: needs mount';
  const grounds = FILE_SYSTEMS.flatMap((fileSystem) => CUT_SCENARIOS.map((scenario) => ({ fileSystem, scenario })));
  for (const [index, { fileSystem, scenario }] of grounds.entries()) {
    const stage = await openPowerStage(join(base, `power-${index}`), program, fileSystem, scenario);
    if (stage === undefined) {
      say(`power cuts on ${fileSystem}: not run: needs mount (root, loop devices, xfsprogs, e2fsprogs)`);
      continue;
    }
    try {
      if (index === 0) control = await runControl(stage, say);
      for (const planned of await chooseCuts(stage, Math.ceil(options.cuts / grounds.length), options.seed)) {
        const verdict = await runCase(stage, planned);
        const title = `power cut on ${fileSystem}, ${titleOf(planned)}`;
        say(`${title}: ${tellVerdict(verdict)}`);
        verdicts.push({ title, verdict });
      }
    } finally {
      await stage.ground.close();
    }
  }
  return { tally: tallyOf(verdicts), control };
}

async function openPowerStage(
  base: string,
  program: LauncherProgram,
  fileSystem: FileSystem,
  scenario: Scenario,
): Promise<Stage | undefined> {
  mkdirSync(base, { recursive: true });
  const ground = imageGround(base, fileSystem);
  if (ground === undefined) return undefined;
  const faultSite = await openFaultSite(ground, program);
  const stage: Stage = {
    scenario,
    ground: faultSite,
    traceFolder: base,
    async afterKill() {
      ground.cutPower();
      await endProcessesBelow(ground.root);
      ground.powerUp();
    },
  };
  await prepareStage(stage);
  return stage;
}

async function chooseCuts(stage: Stage, count: number, seed: number): Promise<readonly Case[]> {
  const points = sampleOf(await recordPoints(stage), count, seed);
  return points.map((point) => ({ scenario: stage.scenario.name, point, fault: 'KILL' }));
}

async function runControl(stage: Stage, say: Say): Promise<'failed' | 'passed'> {
  const verdict = await runWithoutSync(stage);
  say(`control, without any fsync: ${tellVerdict(verdict)}`);
  return verdict.kind === 'broken' ? 'failed' : 'passed';
}
