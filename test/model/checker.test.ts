import { expect, test } from 'vitest';
import { succeed } from '../../platform/result.ts';
import type { Files } from '../../platform/files.ts';
import type { Steps } from '../../installer/update/step.ts';
import { firstBroken, storyOf } from './check-runs.ts';
import { runModel, type RunOptions } from './run.ts';
import { ORDERS_FOLDER, type Property } from './virtual-machine.ts';

const LIMIT_MS = 120_000;
/** A defect that so many runs do not show would not be found by the others either. */
const RUNS = 400;

const done = async () => Promise.resolve(succeed());

function withSteps(change: (steps: Steps) => Partial<Steps>): RunOptions {
  return { defect: { steps: (steps) => ({ ...steps, ...change(steps) }) } };
}

function withFiles(change: (files: Files) => Partial<Files>): RunOptions {
  return { defect: { files: (files) => ({ ...files, ...change(files) }) } };
}

/** Launchers and disks with one thing wrong, and what of it must be seen. */
const DEFECTS: readonly (readonly [string, readonly Property[], RunOptions])[] = [
  ['a disk that says it has forced to disk and has not', ['bundle', 'data', 'journal', 'rest'], { honestDisk: false }],
  ['names are never forced to disk', ['bundle', 'data', 'journal', 'rest'], withFiles(() => ({ syncFolder: done }))],
  [
    'the journal is not forced to disk',
    ['journal', 'half-run', 'bundle', 'commit', 'data', 'rest'],
    withFiles((files) => ({
      appendDurably: async (path, content, mode) => {
        if (!path.startsWith(ORDERS_FOLDER)) return files.appendDurably(path, content, mode);
        const opened = await files.openWritable(path, { mode: mode ?? 0o600, start: 'end' });
        return opened.ok ? opened.value.write(Buffer.from(content)) : opened;
      },
    })),
  ],
  [
    // Undoing the swap and the look before the old version starts each put it back alone: one of the two is not missed.
    'nobody puts the old version back',
    ['bundle'],
    withSteps(({ swap, stop }) => ({
      swap: { ...swap, undo: done },
      stop: { ...stop, undo: async ({ tools }) => Promise.resolve((tools.server.resume(), succeed())) },
    })),
  ],
  [
    'undoing the backup does nothing',
    ['data', 'rest'],
    withSteps(({ backUp }) => ({ backUp: { ...backUp, undo: done } })),
  ],
  [
    'nobody waits for the users',
    ['users'],
    withSteps(({ drain }) => ({
      drain: { ...drain, run: async () => Promise.resolve(succeed({ waitedMs: 0, baseline: { ready: true } })) },
    })),
  ],
  [
    'the commit is not written down',
    ['journal', 'bundle', 'rest'],
    withSteps(() => ({
      commit: { run: async ({ tools }) => Promise.resolve((tools.server.resume(), succeed({ live: '' }))) },
    })),
  ],
  [
    'nothing is cleaned up',
    ['rest'],
    withSteps(() => ({ cleanUp: { run: async () => Promise.resolve(succeed({ removed: [] })) } })),
  ],
  [
    'a stop that stops nothing',
    ['one-server', 'bundle', 'rest'],
    {
      defect: {
        server: (server) => ({
          ...server,
          stop: async () => Promise.resolve(succeed({ rung: 'order', exit: { kind: 'gone' }, tookMs: 1 })),
        }),
      },
    },
  ],
];

test.each(DEFECTS)('%s is found', { timeout: LIMIT_MS }, async (_, properties, options) => {
  const report = await firstBroken(1, RUNS, options);
  expect(
    report?.violations.some(({ property }) => properties.includes(property)),
    storyOf(report),
  ).toBe(true);
});

test('a seed replays exactly', async () => {
  for (const seed of [7, 436, 481, 2193]) {
    const [one, other] = [await runModel(seed), await runModel(seed)];
    expect(one.moves.length).toBeGreaterThan(10);
    expect(other).toEqual(one);
  }
});
