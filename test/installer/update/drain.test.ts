import { expect, test } from 'vitest';
import type { ProcessIdentity } from '../../../platform/processes.ts';
import { succeed } from '../../../platform/result.ts';
import type { JournalEntry } from '../../../installer/update/journal-entry.ts';
import type { Order } from '../../../installer/update/order.ts';
import type { StepContext } from '../../../installer/update/step.ts';
import { drain } from '../../../installer/update/steps/06-drain.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';

const FIRST: ProcessIdentity = { pid: 11, startTime: '1', bootId: 'a' };
const SECOND: ProcessIdentity = { pid: 11, startTime: '1', bootId: 'b' };

/** A drain of 20 s; from each moment (ms) on another server is ready, or none. What its users hear is noted. */
async function drained(
  told: ProcessIdentity | undefined,
  servers: readonly [number, ProcessIdentity | undefined][],
  inherited = 0,
) {
  const clock = createFakeClock();
  const order: Order = { id: 'order-0001', kind: 'update', orderedBy: 'test', delaySeconds: 20, language: 'en' };
  const heard: string[] = [];
  const note = (what: string): void => void heard.push(`${clock.monotonic() / 1_000} s: ${what}`);
  const server = (): ProcessIdentity | undefined => servers.findLast(([from]) => from <= clock.monotonic())?.[1];
  const tools = {
    clock,
    policy: { reminders: [60] },
    log: { warn: () => undefined },
    messenger: { noticeText: (kind: string) => ({ en: kind, fr: kind, de: kind, it: kind }) },
    server: {
      state: () => {
        const process = server();
        return process === undefined ? { kind: 'starting', since: 0, deadline: 1 } : { kind: 'up', since: 0, process };
      },
      sampleHealth: async () => Promise.resolve({ ready: true }),
    },
    sessions: {
      presence: async () => Promise.resolve({ kind: 'counted', count: 2 }),
      refuseLogins: async (refused: boolean) => Promise.resolve((note(`logins ${refused ? 'off' : 'on'}`), succeed())),
      warn: async ({ secondsLeft }: { secondsLeft?: number }) => {
        note(`${secondsLeft} s left`);
        return Promise.resolve(succeed());
      },
      closeAll: async () => Promise.resolve((note('out'), succeed())),
    },
  };
  const facts = { warned: true, ...(told === undefined ? {} : { told }) };
  const journal: readonly JournalEntry[] = [
    { kind: 'ordered', at: 0, order },
    { kind: 'done', at: 0, step: 'warn', facts },
    { kind: 'began', at: 0, step: 'drain' },
  ];
  const context = { order, journal, inherited, tools, signal: new AbortController().signal, note: () => undefined };
  let over = false;
  void drain.run(context as unknown as StepContext).then(() => (over = true));
  await clock.advanceUntil(() => over);
  return heard;
}

test('users who were told are not told the same again', async () => {
  expect(await drained(FIRST, [[0, FIRST]])).toEqual(['0 s: logins off', '20 s: out']);
});

test('the server that is there after a restart of the machine is told, also when it becomes ready only later', async () => {
  const after = ['logins off', '17 s left'].map((what) => `3 s: ${what}`);
  const expected = ['0 s: logins off', ...after, '20 s: out'];
  expect(
    await drained(FIRST, [
      [0, undefined],
      [3_000, SECOND],
    ]),
  ).toEqual(expected);
  // The notice reached nobody, because the machine went down while it was given.
  expect(
    await drained(undefined, [
      [0, undefined],
      [3_000, SECOND],
    ]),
  ).toEqual(expected);
});

test('a server that crashed at the end of the delay has nobody to put out, and the next one is not waited for', async () => {
  const heard = await drained(FIRST, [
    [0, FIRST],
    [19_900, undefined],
    [20_200, SECOND],
  ]);
  expect(heard).toEqual(['0 s: logins off']);
});

test('a server that crashes while users are leaving is told when it is back', async () => {
  const heard = await drained(FIRST, [
    [0, FIRST],
    [5_000, undefined],
    [8_000, SECOND],
  ]);
  expect(heard).toEqual(['0 s: logins off', '8 s: logins off', '8 s: 12 s left', '20 s: out']);
});

test('a launcher that took the order up tells again: what the one before it told went with it', async () => {
  const heard = await drained(FIRST, [[0, FIRST]], 2);
  expect(heard).toEqual(['0 s: logins off', '0 s: logins off', '0 s: 20 s left', '20 s: out']);
});
