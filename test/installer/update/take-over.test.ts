import { expect, test } from 'vitest';
import { succeed } from '../../../platform/result.ts';
import { faultOf } from '../../../platform/fault.ts';
import { type JournalEntry, orderOf } from '../../../installer/update/journal-entry.ts';
import { nextMove } from '../../../installer/update/next-move.ts';
import type { Order, SwapCondition } from '../../../installer/update/order.ts';
import type { RunningOrder } from '../../../installer/update/running-order.ts';
import { isWaitingUnattended, yieldTo } from '../../../installer/update/take-over.ts';
import type { UpdateTools } from '../../../installer/update/tools.ts';
import { createUpdates } from '../../../installer/update/updates.ts';
import type { Steps } from '../../../installer/update/step.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const AT_NIGHT: SwapCondition = {
  kind: 'in-window',
  rule: { windows: [{ from: '22:00', to: '23:00' }], zone: 'Etc/UTC' },
};
const OPENS = Date.UTC(2026, 0, 5, 22);

function unattendedOrder(unattended: SwapCondition): Order {
  return { id: 'schedule-1', kind: 'update', orderedBy: 'schedule', delaySeconds: 90, language: 'en', unattended };
}

/** Everything that disturbs nobody is done. */
function prepared(unattended: SwapCondition): JournalEntry[] {
  const steps = ['preflight', 'download', 'verify', 'stage'] as const;
  const done = steps.flatMap((step): JournalEntry[] => [
    { kind: 'began', at: 1, step },
    // Only the version is looked at here.
    { kind: 'done', at: 1, step, facts: { to: '2.0' } } as unknown as JournalEntry,
  ]);
  return [{ kind: 'ordered', at: 0, order: unattendedOrder(unattended) }, ...done];
}

function runningWith(entries: JournalEntry[]) {
  const said = { nudged: 0, cancelled: false };
  const cancel = new AbortController();
  cancel.signal.addEventListener('abort', () => (said.cancelled = true));
  const running: RunningOrder = {
    journal: {
      entries,
      inherited: entries.length,
      append: () => Promise.resolve(succeed()),
      appendIf: (entry, holds) => {
        const may = holds(entries);
        if (may) entries.push(entry);
        return Promise.resolve(succeed(may));
      },
    },
    cancel,
    nudge: () => (said.nudged += 1),
    progress: () => ({ journal: entries }),
    end: Promise.resolve({ kind: 'settled', outcome: 'cancelled' }),
  };
  return { running, said };
}

const annas: Order = { id: 'anna-order', kind: 'update', orderedBy: 'anna', delaySeconds: 300, language: 'fr' };

test.each<[string, SwapCondition, number, ReturnType<typeof nextMove>]>([
  ['before the window', AT_NIGHT, NOW, { kind: 'wait', until: OPENS, why: 'scheduled', step: 'warn' }],
  ['in the window', AT_NIGHT, OPENS, { kind: 'run', step: 'warn' }],
  ['when the delay still fits', AT_NIGHT, OPENS + 3_509_000, { kind: 'run', step: 'warn' }],
  [
    'when it does not fit any more',
    AT_NIGHT,
    OPENS + 3_511_000,
    { kind: 'wait', until: OPENS + 86_400_000, why: 'scheduled', step: 'warn' },
  ],
  ['without any window', { kind: 'in-window', rule: { windows: [] } }, NOW, { kind: 'wait-for-word', step: 'warn' }],
  ['on a word', { kind: 'on-word' }, NOW, { kind: 'wait-for-word', step: 'warn' }],
])('a prepared update %s', (_, condition, now, move) => {
  expect(nextMove(prepared(condition), now)).toEqual(move);
});

test('what has begun in a window is brought to its end outside of it', () => {
  const entries: JournalEntry[] = [...prepared(AT_NIGHT), { kind: 'began', at: OPENS, step: 'warn' }];
  expect(nextMove(entries, OPENS + 7_200_000)).toEqual({ kind: 'run', step: 'warn' });
  expect(isWaitingUnattended(entries)).toBe(false);
});

test.each([undefined, '2.0'])(
  'the same release becomes the order of the person who orders it (version %s)',
  async (version) => {
    const { running, said } = runningWith(prepared({ kind: 'on-word' }));
    const order = { ...annas, ...(version === undefined ? {} : { version }), notifyEmail: 'anna@example.ch' };
    expect(await yieldTo(running, order, NOW)).toEqual(succeed('taken-over'));
    expect(said.nudged).toBe(1);
    const { entries } = running.journal;
    expect(orderOf(entries)).toMatchObject({ id: 'schedule-1', orderedBy: 'anna', delaySeconds: 300, language: 'fr' });
    expect(orderOf(entries)).not.toHaveProperty('unattended');
    expect(nextMove(entries, NOW)).toEqual({ kind: 'run', step: 'warn' });
    expect(await yieldTo(running, annas, NOW)).toMatchObject({ fault: { code: 'update-running' } });
  },
);

test('a person who names a time has it kept', async () => {
  const { running } = runningWith(prepared({ kind: 'on-word' }));
  await yieldTo(running, { ...annas, notBefore: NOW + 1_000 }, NOW);
  expect(nextMove(running.journal.entries, NOW)).toMatchObject({ kind: 'wait', until: NOW + 1_000 });
});

test.each<[string, Partial<Order>]>([
  ['another version', { version: '3.0' }],
  ['a file', { fromFile: '/x.omu' }],
  ['a rollback', { kind: 'rollback' }],
])('for %s the prepared one is given up', async (_, more) => {
  const { running, said } = runningWith(prepared({ kind: 'on-word' }));
  expect(await yieldTo(running, { ...annas, ...more }, NOW)).toEqual(succeed('given-up'));
  expect(said.cancelled).toBe(true);
  expect(running.journal.entries.at(-1)).toMatchObject({ kind: 'cancelled', by: 'schedule' });
});

test('nothing yields once users were told, nor to another order that nobody gave', async () => {
  const told: JournalEntry[] = [...prepared({ kind: 'on-word' }), { kind: 'began', at: 1, step: 'warn' }];
  const busy = {
    fault: faultOf('update-running', 'order schedule-1 is under way', { values: { updateId: 'schedule-1' } }),
  };
  expect(await yieldTo(runningWith(told).running, annas, NOW)).toMatchObject(busy);
  const waiting = runningWith(prepared({ kind: 'on-word' })).running;
  expect(await yieldTo(waiting, unattendedOrder({ kind: 'on-word' }), NOW)).toMatchObject(busy);
});

test('a launcher that is ending takes no order: the one that waits would be forgotten beside it', async () => {
  const tools = { clock: { now: () => NOW } } as UpdateTools;
  const updates = createUpdates(tools, { journalFolder: '/nowhere', steps: {} as Steps });
  await updates.close();
  expect(await updates.order(annas)).toMatchObject({ fault: { code: 'cancelled' } });
});
