import { join } from 'node:path';
import { rmSync } from 'node:fs';
import { processesOf } from '../e2e/kit/site-processes.ts';
import { differencesOf } from '../e2e/kit/tree.ts';
import { endProcessesBelow } from './end-processes.ts';
import type { FaultSite } from './fault-site.ts';
import { follow, linesOf, outcomesOf, play, tellJournal } from './play.ts';
import { type Case, type Point, pointsOf, wasHit } from './points.ts';
import type { Scenario } from './scenarios.ts';
import { type Interference, startTraced, type TracedLauncher } from './traced-launcher.ts';
import { Broken, checkMachine, checkSameRest, restOf, treeOf } from './verdict.ts';

/** Where a scenario is played. */
export interface Stage {
  readonly scenario: Scenario;
  readonly ground: FaultSite;
  /** For traces; not on the ground, whose writes are struck. */
  readonly traceFolder: string;
  /** Runs right after a kill: nothing, or the power cut. */
  readonly afterKill?: () => Promise<void>;
}

export type Verdict =
  | { readonly kind: 'whole'; readonly outcome: string }
  | { readonly kind: 'not-hit' }
  | { readonly kind: 'broken'; readonly why: string };

/** A call that another thread overtook is met in the next run. */
export const TRIES = 4;

export function brokenBy(error: unknown): Verdict {
  return { kind: 'broken', why: error instanceof Error ? error.message : String(error) };
}

/** The points of one undisturbed run. */
export async function recordPoints(stage: Stage): Promise<readonly Point[]> {
  await begin(stage);
  const launcher = await trace(stage, { kind: 'none' }, 1);
  const outcome = outcomesOf(stage.ground.site).at(-1);
  await launcher.kill();
  // Its server would go on looking for a launcher beside all the other cases.
  await endProcessesBelow(stage.ground.site.folder);
  if (stage.scenario.ends !== undefined && outcome !== stage.scenario.ends) {
    throw new Error(
      `${stage.scenario.name} ended as ${outcome ?? 'nothing'}: ${tellJournal(stage.ground.site)}; ${launcher.output()}`,
    );
  }
  return pointsOf(launcher.trace(), stage.ground.site.folder, linesOf(stage.ground.site));
}

/** Strikes one point, lets the machine recover, and looks at it. */
export async function runCase(stage: Stage, planned: Case, starts: 'again' | 'once' = 'again'): Promise<Verdict> {
  try {
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      await begin(stage);
      if (await strike(stage, planned, 1)) return await recover(stage, starts);
    }
    return { kind: 'not-hit' };
  } catch (error) {
    return brokenBy(error);
  } finally {
    await endProcessesBelow(stage.ground.site.folder);
  }
}

export async function begin({ scenario, ground }: Stage): Promise<void> {
  await ground.reset();
  if (scenario.adopts === true) await leaveServerRunning(ground);
}

async function leaveServerRunning({ site }: FaultSite): Promise<void> {
  const launcher = site.spawnLauncher();
  await play(site, follow(launcher), undefined);
  launcher.kill('SIGKILL');
  await launcher.ended;
  // Whether that launcher had written it by then would be chance; so the one that takes over always does.
  rmSync(join(site.stateFolder, 'logs/server-output.json'), { force: true });
}

/** Plays the scenario with the strike; true when the planned call was struck. */
export async function strike(
  stage: Stage,
  planned: Case,
  row: number,
  kind: 'run' | 'recovery' = 'run',
): Promise<boolean> {
  const { point, fault } = planned;
  const launcher = await trace(
    stage,
    { kind: 'strike', call: point.call, aim: point.aim, fault, alone: point.alone },
    row,
    kind,
  );
  const endedByItself = launcher.hasEnded();
  try {
    if (fault !== 'KILL') checkLivesOn(stage, launcher);
  } finally {
    await launcher.kill();
  }
  const hit = wasHit(planned, launcher.trace(), stage.ground.site.folder);
  if (fault === 'KILL' && endedByItself && hit) await stage.afterKill?.();
  return hit && (fault !== 'KILL' || endedByItself);
}

/** An error is no reason to end; users must be able to work. */
function checkLivesOn({ ground }: Stage, launcher: TracedLauncher): void {
  if (launcher.hasEnded()) throw new Broken(`the launcher ended: ${launcher.output().slice(-OUTPUT_SHOWN)}`);
  const { servers } = processesOf(ground.site);
  if (servers.length !== 1)
    throw new Broken(`${servers.length} servers run: ${launcher.output().slice(-OUTPUT_SHOWN)}`);
}

export async function trace(
  { scenario, ground, traceFolder }: Stage,
  interference: Interference,
  row: number,
  kind: 'run' | 'recovery' = 'run',
): Promise<TracedLauncher> {
  const { site, program } = ground;
  const traceFile = join(traceFolder, `row-${row}.strace`);
  rmSync(traceFile, { force: true });
  const launcher = startTraced({
    program,
    root: site.folder,
    configFile: site.configFile,
    traceFile,
    interference,
    row,
  });
  try {
    await play(site, launcher, kind === 'run' ? scenario.order : undefined);
    return launcher;
  } catch (error) {
    await launcher.kill();
    throw error;
  }
}

/** A plain start must bring everything in order, and another one (if wanted) must find nothing to do, unless the first one had nothing to do. */
export async function recover({ scenario, ground }: Stage, again: 'again' | 'once' = 'again'): Promise<Verdict> {
  const { site } = ground;
  const before = treeOf(site);
  const rest = await whileLaunched(ground, async () => {
    await checkMachine(site, scenario);
    return restOf(site);
  });
  const idle = again === 'once' || differencesOf(before, rest.tree).length === 0;
  if (!idle) await whileLaunched(ground, async () => checkSameRest(site, rest));
  return { kind: 'whole', outcome: outcomesOf(site).slice(scenario.earlier.length).join() || 'no order' };
}

/** Starts a launcher, waits for rest, looks, and kills it. */
async function whileLaunched<Seen>({ site }: FaultSite, look: () => Seen | Promise<Seen>): Promise<Seen> {
  const launcher = site.spawnLauncher();
  const running = follow(launcher);
  try {
    await play(site, running, undefined);
    if (running.hasEnded())
      throw new Broken(`the launcher does not start any more: ${launcher.output().slice(-OUTPUT_SHOWN)}`);
    return await look();
  } finally {
    launcher.kill('SIGKILL');
    await launcher.ended;
  }
}

/** Characters of a launcher's output in a verdict. */
const OUTPUT_SHOWN = 2_000;

/** Makes the ground ready for the stage's scenario. */
export async function prepareStage({ scenario, ground }: Stage): Promise<void> {
  await scenario.prepare(ground.site);
  await ground.keep();
}
