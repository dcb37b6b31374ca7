import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { growthPercent } from './figures.ts';
import { planCycles } from './plan.ts';
import { failuresOf, mayEndSo, type SoakCounts } from './verdict.ts';

const LIMIT_MS = 240_000;
/** A forward update with a kill of the launcher, a broken release, a kill of the server, a rollback. */
const [CYCLES, SEED] = [4, Number(process.env['SOAK_SEED'] ?? 183)];

const isLinux = process.platform === 'linux';
const NOT_RUN = 'soak: not run: needs Linux, for its /proc';
if (!isLinux) console.error(NOT_RUN);
test.runIf(!isLinux && process.env['CI'] === 'true')('this is Linux', () => expect.unreachable(NOT_RUN));

test.skipIf(!isLinux)(
  `a machine that lives through ${CYCLES} orders and kills stays whole, and what is planted on it is found (SOAK_SEED=${SEED})`,
  async () => {
    const args = ['--cycles', String(CYCLES), '--seed', String(SEED), '--control', '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], {
      timeout: LIMIT_MS,
    }).catch((error: unknown) => {
      throw new Error((error as { readonly stdout?: string }).stdout ?? String(error), { cause: error });
    });
    const counts = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as SoakCounts;
    expect(counts, stdout).toMatchObject({ cycles: CYCLES, broken: 0, leftoverProcesses: 0, control: 'found' });
    expect(counts.updates + counts.fallbacks + counts.rollbacks + counts.refused).toBe(CYCLES);
    expect(counts.launcherKills).toBeGreaterThan(0);
    expect(counts.sessions).toBeGreaterThan(0);
  },
  LIMIT_MS,
);

const GOOD: SoakCounts = {
  cycles: 200,
  updates: 100,
  fallbacks: 60,
  rollbacks: 40,
  refused: 0,
  launcherKills: 80,
  serverKills: 60,
  sessions: 1_000,
  untold: 0,
  broken: 0,
  leftoverProcesses: 0,
  leftoverFiles: 0,
  descriptors: { first: 30, last: 30 },
  longestLife: 100,
  rssGrowthPct: 4.9,
  seconds: 1_000,
};

test('whatever is left, broken or grown fails a run', () => {
  expect(failuresOf(GOOD, 200)).toEqual([]);
  const bad: readonly Partial<SoakCounts>[] = [
    { cycles: 199 },
    { broken: 1 },
    { leftoverProcesses: 1 },
    { leftoverFiles: 1 },
    { descriptors: { first: 30, last: 31 } },
    { rssGrowthPct: 5 },
    { rssGrowthPct: null },
    { control: 'not found: a file' },
  ];
  for (const change of bad) expect(failuresOf({ ...GOOD, ...change }, 200), JSON.stringify(change)).toHaveLength(1);
  expect(failuresOf({ ...GOOD, cycles: 4, rssGrowthPct: null }, 4)).toEqual([]);
});

test('growth is that of the rest, not of the warm-up or of one sample', () => {
  const flat = Array.from({ length: 40 }, (_, index) => (index < 5 ? 50 + index : 100));
  expect(growthPercent(flat)).toBe(0);
  expect(growthPercent(flat.with(-1, 300))).toBe(0);
  expect(growthPercent(flat.map((value, index) => value + index))).toBeGreaterThan(20);
  expect(growthPercent(flat.slice(0, 16))).toBeUndefined();
});

test('the same seed plans the same; in the second half nobody kills the launcher', () => {
  const planned = planCycles(200, 7);
  expect(planned).toEqual(planCycles(200, 7));
  expect(planned).not.toEqual(planCycles(200, 8));
  expect(new Set(planned.map(({ kind }) => kind)).size).toBe(5);
  const killed = (cycles: typeof planned): number =>
    cycles.filter(({ kills }) => kills.some(({ who }) => who === 'launcher')).length;
  expect(killed(planned.slice(0, 100))).toBeGreaterThan(50);
  expect(killed(planned.slice(100))).toBe(0);
});

test('an order that nothing disturbed may end in one way alone', () => {
  const [calm, cut] = [{ kills: [] }, { kills: [{ who: 'server' as const, afterMs: 1 }] }];
  const good = { kind: 'update', version: '2', good: true } as const;
  const bad = { ...good, good: false };
  expect(mayEndSo(calm, { goal: good, outcome: 'updated' })).toBe(true);
  expect(mayEndSo(calm, { goal: good, outcome: 'fell-back' })).toBe(false);
  expect(mayEndSo(cut, { goal: good, outcome: 'fell-back' })).toBe(true);
  expect(mayEndSo(calm, { goal: bad, outcome: 'fell-back' })).toBe(true);
  for (const cycle of [calm, cut]) {
    expect(mayEndSo(cycle, { goal: bad, outcome: 'updated' })).toBe(false);
    expect(mayEndSo(cycle, { goal: good, outcome: 'held' })).toBe(false);
  }
  expect(mayEndSo(calm, { goal: { kind: 'rollback' }, outcome: 'rolled-back' })).toBe(true);
});
