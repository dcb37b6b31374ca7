import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { casesOf } from './classes.ts';
import { titleOf } from './points.ts';
import { recordPoints, runCase } from './case-run.ts';
import { makeLauncherProgram } from './launcher-program.ts';
import { tellVerdict } from './matrix.ts';
import { SCENARIOS } from './scenarios.ts';
import { sampleOf } from './seeded.ts';
import { makeBase, onSlots, openSlot } from './slots.ts';
import { hasStrace } from './traced-launcher.ts';

const SAMPLE = 8;
/** Cases wait for pauses of the launcher more than for a core. */
const AT_ONCE = 4;
const SEED = Number(process.env['FAULTS_SEED'] ?? 20_261_122);
/** Some forty seconds on two idle cores; a busy machine may take much longer. */
const LIMIT_MS = 600_000;

/** A journal that refuses a line is tried again only after a minute. */
const WAITS = /\.journal$/;

/** What the matrix once found broken: here always. */
const FOUND = new Set(['update: EROFS at chmod state/manifests #1']);

const canRun = hasStrace();
const NOT_RUN = 'fault sample: not run: needs strace (Linux; apt-get install strace)';
if (!canRun) console.error(NOT_RUN);

test.runIf(!canRun && process.env['CI'] === 'true')('strace is there', () => expect.unreachable(NOT_RUN));

test.skipIf(!canRun)(
  `the launcher is struck at ${SAMPLE} of its system calls during an update (FAULTS_SEED=${SEED}), and every machine is whole`,
  async () => {
    const base = makeBase();
    // Every launcher of the test compiles the same program.
    vi.stubEnv('NODE_COMPILE_CACHE', join(base.path, 'compiled'));
    const program = await makeLauncherProgram(base.path);
    const slots = Array.from({ length: AT_ONCE }, (_, number) => openSlot(base.path, number, program));
    onTestFinished(async () => {
      vi.unstubAllEnvs();
      await Promise.all(slots.map(async (slot) => slot.close()));
      base.remove();
    }, LIMIT_MS);
    const [update, first] = [SCENARIOS.find(({ name }) => name === 'update'), slots[0]];
    if (update === undefined || first === undefined) throw new Error('there is no scenario of an update');
    const points = await recordPoints(await first.stageOf(update));
    expect(points.length).toBeGreaterThan(300);
    const quick = casesOf([{ scenario: update.name, points }], true).filter(
      ({ point, fault }) => fault === 'KILL' || !WAITS.test(point.path),
    );
    const found = quick.filter((planned) => FOUND.has(titleOf(planned)));
    expect(found).toHaveLength(FOUND.size);
    const cases = [...found, ...sampleOf(quick, SAMPLE, SEED)];
    const told = await onSlots(slots, cases, async (slot, planned) => {
      const verdict = await runCase(await slot.stageOf(update), planned);
      return verdict.kind === 'whole' ? 'whole' : `${titleOf(planned)}: ${tellVerdict(verdict)}`;
    });
    expect(told).toEqual(cases.map(() => 'whole'));
  },
  LIMIT_MS,
);
