import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../installer/update/journal-entry.ts';
import type { Outcome } from '../../installer/update/order.ts';
import type { StepName } from '../../installer/update/pipeline.ts';
import { createRandom } from '../kit/seeded.ts';
import { checkSite, type ExpectedSite } from './kit/check-site.ts';
import { demandValue, openScene, type Scene, serverUp, told } from './kit/scene.ts';
import { processesOf } from './kit/site-processes.ts';

const VERSIONS = ['2026.1.0', '2026.2.0'] as const;
const BROKEN = '2026.9.0';
/** Kills come this long after their line of the journal, at most. */
const LONGEST_OFFSET_MS = 30;

/** One moment at which the launcher is killed. */
type Moment = readonly [kind: JournalEntry['kind'], step: StepName];

const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);
const random = createRandom(SEED);
process.stderr.write(`crash tests: CRASH_SEED=${SEED}\n`);

/** Every step, and the moments between two of them that matter most; on machines side by side, to be quick. */
const UPDATE_MOMENTS: readonly (readonly Moment[])[] = [
  [...begun('preflight', 'download', 'verify', 'stage', 'warn', 'drain'), ...done('download', 'stage', 'drain')],
  [...begun('stop', 'backUp', 'carryOver', 'swap', 'start'), ...done('stop', 'carryOver', 'swap')],
  [...begun('health', 'commit', 'notify', 'cleanUp'), ...done('start', 'health', 'commit', 'notify')],
];

const FALLBACK_MOMENTS: readonly Moment[] = [
  ['undo-began', 'start'],
  ['undo-began', 'swap'],
  ['undo-began', 'backUp'],
  ['undo-began', 'stop'],
];

const ROLLBACK_MOMENTS: readonly Moment[] = [...begun('swap', 'start'), ...done('swap')];

describe('the launcher is killed, and the next one finishes what it began', { timeout: 150_000 }, () => {
  it('at any moment of an update', async () => {
    await Promise.all(
      UPDATE_MOMENTS.map(async (moments) => {
        const run = await openRun();
        for (const moment of moments) await killDuringUpdate(run, moment);
        expect(run.landed).toBeGreaterThan(moments.length / 2);
      }),
    );
  });

  it('during a fallback, during a rollback, twice in a row, and politely', async () => {
    await Promise.all([duringFallback(), duringRollback(), twice(), politely()]);
  });
});

async function duringFallback(): Promise<void> {
  const run = await openRun();
  await run.scene.site.release(BROKEN, { behaviour: { exitsAtOnce: 7 }, dataFormat: '2' });
  for (const moment of FALLBACK_MOMENTS) {
    const before = run.now;
    const end = await killAt(run, BROKEN, moment);
    expect(end, told(run.scene.journal())).toBe('fell-back');
    run.now = { ...before, outcomes: [...before.outcomes, end], restores: (before.restores ?? 0) + 1 };
    await checkAll(run, moment);
  }
}

async function duringRollback(): Promise<void> {
  const run = await openRun();
  for (const moment of ROLLBACK_MOMENTS) {
    await ensureKept(run);
    await killDuringRollback(run, moment);
  }
}

/** The recovery is killed, too, somewhere between its first line and its end. */
async function twice(): Promise<void> {
  const run = await openRun();
  for (const moment of begun('stop', 'swap', 'start')) {
    await killDuringUpdate(run, moment, async () => {
      run.scene.spawnLauncher();
      await sleep(random() * 1_500);
      await run.scene.killLauncher();
    });
  }
}

/** SIGTERM: the server is stopped cleanly, and the order goes on at the next start. */
async function politely(): Promise<void> {
  const run = await openRun();
  for (const moment of begun('stage', 'carryOver', 'health')) {
    await killDuringUpdate(
      run,
      moment,
      async () => {
        expect(await run.scene.launcher().ended).toBe(0);
        expect(processesOf(run.scene.site)).toEqual({ servers: [], others: [] });
      },
      'SIGTERM',
    );
  }
}

function begun(...steps: readonly StepName[]): readonly Moment[] {
  return steps.map((step) => ['began', step]);
}

function done(...steps: readonly StepName[]): readonly Moment[] {
  return steps.map((step) => ['done', step]);
}

/** One machine that goes from one version to the other and back, and what it must look like now. */
interface Run {
  readonly scene: Scene;
  now: ExpectedSite;
  orders: number;
  /** Kills that hit an open order. */
  landed: number;
}

async function openRun(): Promise<Run> {
  const scene = await openScene();
  await scene.site.release(VERSIONS[1]);
  await scene.start();
  return { scene, now: { version: VERSIONS[0], outcomes: [] }, orders: 0, landed: 0 };
}

async function killDuringUpdate(
  run: Run,
  moment: Moment,
  meanwhile?: () => Promise<void>,
  signal?: NodeJS.Signals,
): Promise<void> {
  const before = run.now;
  const target = before.version === VERSIONS[0] ? VERSIONS[1] : VERSIONS[0];
  const end = await killAt(run, target, moment, meanwhile, signal);
  const outcomes = [...before.outcomes, end];
  run.now =
    end === 'updated' ? { ...before, outcomes, version: target, kept: before.version } : { ...before, outcomes };
  const journal = run.scene.journal();
  // Only a start that was cut in half turns back; everything else goes on.
  const cut = !journal.some((entry) => entry.kind === 'done' && entry.step === 'start');
  expect(end, `${moment.join(' ')}: ${told(journal)}`).toBe(cut ? 'fell-back' : 'updated');
  await checkAll(run, moment);
}

async function killDuringRollback(run: Run, moment: Moment): Promise<void> {
  const before = run.now;
  const end = await killAt(run, 'rollback', moment);
  const outcomes = [...before.outcomes, end];
  expect(['rolled-back', 'fell-back'], told(run.scene.journal())).toContain(end);
  const { kept, ...site } = before;
  run.now =
    end === 'rolled-back' && kept !== undefined ? { ...site, outcomes, version: kept } : { ...before, outcomes };
  await checkAll(run, moment);
}

async function ensureKept(run: Run): Promise<void> {
  if (run.now.kept !== undefined) return;
  const target = run.now.version === VERSIONS[0] ? VERSIONS[1] : VERSIONS[0];
  const end = await run.scene.settled(demandValue(await run.scene.api.orderUpdate({ version: target })).id);
  expect(end.state, told(run.scene.journal())).toBe('updated');
  run.now = { ...run.now, version: target, kept: run.now.version, outcomes: [...run.now.outcomes, 'updated'] };
}

/** Every outcome has brought exactly one mail. */
async function checkAll(run: Run, moment: Moment): Promise<void> {
  await checkSite(run.scene.site, { ...run.now, mailCount: run.now.outcomes.length }).catch((error: unknown) => {
    throw new Error(`after a kill at ${moment.join(' ')}: ${told(run.scene.journal())}`, { cause: error });
  });
}

/** Orders, kills the launcher at the moment and starts another; gives how the order ended. */
async function killAt(
  run: Run,
  target: string,
  [kind, step]: Moment,
  meanwhile: () => Promise<void> = () => Promise.resolve(),
  signal: NodeJS.Signals = 'SIGKILL',
): Promise<Outcome> {
  const { scene } = run;
  run.orders += 1;
  const id = `crash-${String(run.orders).padStart(4, '0')}`;
  const order =
    target === 'rollback' ? scene.api.orderRollback({ id }) : scene.api.orderUpdate({ id, version: target });
  demandValue(await order);
  await scene.reached(kind, step, id);
  await sleep(random() * LONGEST_OFFSET_MS);
  await scene.killLauncher(signal);
  run.landed += Number(!scene.journal().some((entry) => entry.kind === 'settled'));
  await meanwhile();
  await scene.startLauncher();
  const end = await scene.settled(id);
  await serverUp(scene.api);
  if (end.state === 'running' || end.state === 'scheduled') throw new Error('the order has not settled');
  return end.state;
}
