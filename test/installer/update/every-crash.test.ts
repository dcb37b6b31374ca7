import { expect, test } from 'vitest';
import { PIPELINE } from '../../../installer/update/pipeline.ts';
import type { Order } from '../../../installer/update/order.ts';
import { World } from './world.ts';

const ORDER: Order = { id: 'order-0001', kind: 'update', orderedBy: 'test', delaySeconds: 0, language: 'en' };
const UNDOABLE = PIPELINE.filter(({ phase }) => phase === 'undoable').map(({ step }) => step);

function world(cuts: readonly number[], broken: readonly string[]): World {
  return new World(ORDER, new Set(cuts), new Set(broken));
}

/** What the machine looks like from outside. */
function house({ bundle, server, data, recorded }: World): object {
  return { bundle, server, data, recorded };
}

test('one power cut at every act, with every step broken in turn: all old or all new', async () => {
  let cases = 0;
  for (const broken of [[], ...UNDOABLE.map((step) => [step])]) {
    const calm = world([], broken);
    await calm.runThroughCuts();
    for (let cut = 1; cut <= calm.acts; cut += 1) {
      const cutWorld = world([cut], broken);
      const end = await cutWorld.runThroughCuts();
      const version = end.kind === 'settled' && end.outcome === 'updated' ? 'new' : 'old';
      // After the cut the launcher starts whatever server the order does not hold; that is not this loop's business.
      const settledServer = cutWorld.server === 'none' ? version : cutWorld.server;
      expect({ broken, cut, ...house(cutWorld), server: settledServer }).toEqual({
        broken,
        cut,
        bundle: version,
        server: version,
        data: version,
        recorded: version,
      });
      cases += 1;
    }
  }
  expect(cases).toBeGreaterThan(500);
});

test('two power cuts, anywhere: all old or all new, and the order settles', async () => {
  const calm = world([], ['health']);
  await calm.runThroughCuts();
  for (let first = 1; first <= calm.acts; first += 3) {
    for (let second = first + 1; second <= calm.acts + 12; second += 5) {
      const cutWorld = world([first, second], ['health']);
      const end = await cutWorld.runThroughCuts();
      expect(end.kind).toBe('settled');
      expect(new Set([cutWorld.bundle, cutWorld.data, cutWorld.recorded]).size).toBe(1);
    }
  }
});

test('the walk ends within 28 moves, whichever step fails', async () => {
  for (const step of UNDOABLE) {
    const failing = world([], [step]);
    await failing.runThroughCuts();
    const moves = failing.entries.filter(({ kind }) => kind === 'began' || kind === 'undo-began' || kind === 'settled');
    expect(moves.length).toBeLessThanOrEqual(28);
  }
});

test('a start that a crash cut in half is undone, never run again', async () => {
  const calm = world([], []);
  await calm.runThroughCuts();
  for (let cut = 1; cut <= calm.acts; cut += 1) {
    const cutWorld = world([cut], []);
    await cutWorld.runThroughCuts();
    const begins = cutWorld.entries.filter((entry) => entry.kind === 'began' && entry.step === 'start').length;
    expect(begins).toBeLessThanOrEqual(1);
  }
});

test('nothing is undone after the commit began', async () => {
  const calm = world([], []);
  await calm.runThroughCuts();
  for (let cut = 1; cut <= calm.acts; cut += 1) {
    const { entries, runThroughCuts } = bound(world([cut], []));
    await runThroughCuts();
    const commit = entries.findIndex((entry) => entry.kind === 'began' && entry.step === 'commit');
    const undone = commit < 0 ? [] : entries.slice(commit).filter(({ kind }) => kind === 'undo-began');
    expect(undone).toEqual([]);
  }
});

test('both versions broken: bounded starts, the old bundle in place, and a person is called', async () => {
  const both = world([], ['start', 'undo stop']);
  const end = await both.runThroughCuts();
  expect(end).toEqual({ kind: 'settled', outcome: 'held' });
  expect(both.bundle).toBe('old');
  expect(both.startsOf).toEqual({ old: 5, new: 1 });
  expect(both.mails).toBe(1);
});

test('a commit that fails for good is not undone: the order settles as updated', async () => {
  const stubborn = world([], ['commit']);
  expect(await stubborn.runThroughCuts()).toEqual({ kind: 'settled', outcome: 'updated' });
  expect(stubborn.bundle).toBe('new');
});

function bound(subject: World): { entries: World['entries']; runThroughCuts: World['runThroughCuts'] } {
  return { entries: subject.entries, runThroughCuts: async () => subject.runThroughCuts() };
}
