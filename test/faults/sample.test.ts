import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { casesOf } from './classes.ts';
import { type Case, steadyPoints, titleOf } from './points.ts';
import { recordPoints, runCase } from './case-run.ts';
import { makeLauncherProgram } from './launcher-program.ts';
import { scenarioNamed, tellVerdict } from './matrix.ts';
import { recoveryAfter, strikeRecovery, type TellPair } from './pairs.ts';
import { sampleOf } from '../kit/seeded.ts';
import { makeBase, onSlots, openSlot, type Slot } from './slots.ts';
import { hasStrace } from './traced-launcher.ts';

const [SAMPLE, FIRSTS, PAIRS_EACH] = [8, 4, 26];
/** A call of a recovery that turns out to depend on chance is left out. */
const PAIRS = 100;
/** Cases wait for pauses of the launcher more than for a core. */
const AT_ONCE = 4;
const SEED = Number(process.env['FAULTS_SEED'] ?? 20_261_122);
/** Some ninety seconds on two idle cores; a busy machine may take much longer. */
const LIMIT_MS = 600_000;

/** A journal that refuses a line is tried again only after a minute. */
const WAITS = /\.journal$/;

/** What the matrix once found broken: here always. */
const FOUND = new Set([
  'update: EROFS at chmod state/manifests #1',
  'update: KILL at write state/orders/20900101T000000000Z-fault-0001.journal #1',
]);

const canRun = hasStrace();
const NOT_RUN = 'fault sample: not run: needs strace (Linux; apt-get install strace)';
if (!canRun) console.error(NOT_RUN);

test.runIf(!canRun && process.env['CI'] === 'true')('strace is there', () => expect.unreachable(NOT_RUN));

const update = scenarioNamed('update');
const base = makeBase();
const never = new AbortController().signal;
let slots: readonly Slot[] = [];
let cases: readonly Case[] = [];

beforeAll(async () => {
  if (!canRun) return;
  // Every launcher of the tests compiles the same program.
  vi.stubEnv('NODE_COMPILE_CACHE', join(base.path, 'compiled'));
  const program = await makeLauncherProgram(base.path);
  slots = Array.from({ length: AT_ONCE }, (_, number) => openSlot(base.path, number, program));
  const [first, second] = await onSlots(slots.slice(0, 2), [1, 2], never, async (slot) =>
    recordPoints(await slot.stageOf(update)),
  );
  const points = steadyPoints(first ?? [], second ?? []).steady;
  expect(points.length).toBeGreaterThan(300);
  cases = casesOf([{ scenario: update.name, points }], true);
}, LIMIT_MS);

afterAll(async () => {
  vi.unstubAllEnvs();
  await Promise.all(slots.map(async (slot) => slot.close()));
  base.remove();
}, LIMIT_MS);

test.skipIf(!canRun)(
  `the launcher is struck at ${SAMPLE} of its system calls during an update (FAULTS_SEED=${SEED}), and every machine is whole`,
  async () => {
    const quick = cases.filter(({ point, fault }) => fault === 'KILL' || !WAITS.test(point.path));
    const found = quick.filter((planned) => FOUND.has(titleOf(planned)));
    expect(found).toHaveLength(FOUND.size);
    const chosen = [...found, ...sampleOf(quick, SAMPLE, SEED)];
    const told = await onSlots(slots, chosen, never, async (slot, planned) => {
      const verdict = await runCase(await slot.stageOf(update), planned);
      return verdict.kind === 'whole' ? 'whole' : `${titleOf(planned)}: ${tellVerdict(verdict)}`;
    });
    expect(told).toEqual(chosen.map(() => 'whole'));
  },
  LIMIT_MS,
);

test.skipIf(!canRun)(
  `the recovery is killed as well, at ${PAIRS} of its system calls at least after ${FIRSTS} kills, and every machine is whole`,
  async () => {
    const kills = cases.filter(({ fault }) => fault === 'KILL');
    const verdicts = await onSlots(slots, sampleOf(kills, FIRSTS, SEED), never, async (slot, first) => {
      const told: string[] = [];
      const stage = await slot.stageOf(update);
      const tell: TellPair = (title, verdict) => {
        told.push(verdict.kind === 'whole' ? 'whole' : `${title}: ${tellVerdict(verdict)}`);
      };
      const points = await recoveryAfter(stage, first, tell);
      await strikeRecovery(stage, first, sampleOf(points ?? [], PAIRS_EACH, SEED), never, tell);
      return told;
    });
    expect(verdicts.flat().filter((verdict) => verdict !== 'whole')).toEqual([]);
    // The first verdict after each kill is that of the recovery which nobody struck.
    expect(verdicts.flat().length - verdicts.length).toBeGreaterThanOrEqual(PAIRS);
  },
  LIMIT_MS,
);
