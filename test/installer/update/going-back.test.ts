import { expect, test } from 'vitest';
import { faultOf, type FaultCode } from '../../../platform/fault.ts';
import type { ProcessIdentity } from '../../../platform/processes.ts';
import { fail, type Result, succeed } from '../../../platform/result.ts';
import type { Order } from '../../../installer/update/order.ts';
import type { StepContext } from '../../../installer/update/step.ts';
import { start } from '../../../installer/update/steps/11-start.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';

const SERVER: ProcessIdentity = { pid: 11, startTime: '1', bootId: 'a' };

interface Going {
  readonly state?: 'up' | 'starting' | 'held';
  /** When (ms) the notice is taken from; never when absent. */
  readonly takenFrom?: number;
  /** Why it is not taken before. */
  readonly code?: FaultCode;
  /** How long each try takes, milliseconds. */
  readonly slow?: number;
  readonly inherited?: number;
}

/** What happens, and when, from the word that the new version goes to its stop. */
async function goneBack({ state = 'up', takenFrom, code = 'sessions-unknown', slow = 0, inherited = 0 }: Going) {
  const clock = createFakeClock();
  const order: Order = { id: 'order-0001', kind: 'update', orderedBy: 'test', delaySeconds: 20, language: 'en' };
  const heard: string[] = [];
  const note = (what: string): void => void heard.push(`${clock.monotonic() / 1_000} s: ${what}`);
  const warn = async ({ text, secondsLeft }: { text: { en: string }; secondsLeft?: number }): Promise<Result<void>> => {
    if (slow > 0) await clock.sleep(slow);
    const isTaken = takenFrom !== undefined && clock.monotonic() >= takenFrom;
    if (isTaken) note(`${text.en}, ${secondsLeft} s left`);
    return isTaken ? succeed() : fail(faultOf(code, 'not taken'));
  };
  const tools = {
    clock,
    log: { warn: (_: string, { why }: { why: string }) => note(`not told: ${why}`) },
    messenger: { noticeText: (kind: string) => ({ en: kind, fr: kind, de: kind, it: kind }) },
    server: {
      state: () => (state === 'held' ? { kind: 'held' } : { kind: state, since: 0, deadline: 1, process: SERVER }),
      stop: async () => Promise.resolve((note('stopped'), succeed({ rung: 'order', tookMs: 1 }))),
    },
    sessions: { refuseLogins: async () => Promise.resolve((note('logins off'), succeed())), warn },
  };
  const context = { order, journal: [], inherited, tools, signal: new AbortController().signal };
  let over = false;
  void start.undo(context as unknown as StepContext).then(() => (over = true));
  await clock.advanceUntil(() => over);
  return heard;
}

test('whoever logged in to the new version is told before it is stopped', async () => {
  expect(await goneBack({ takenFrom: 0 })).toEqual(['0 s: logins off', '0 s: update-now, 0 s left', '0 s: stopped']);
});

test('a server that a new launcher has just adopted may take the word a moment later', async () => {
  const heard = await goneBack({ state: 'starting', takenFrom: 700, inherited: 1 });
  expect(heard.filter((what) => !what.endsWith('logins off'))).toEqual(['1 s: update-now, 0 s left', '1 s: stopped']);
});

test('where no server runs there is nobody to tell', async () => {
  expect(await goneBack({ state: 'held', takenFrom: 0 })).toEqual(['0 s: stopped']);
});

test.each<[string, Going, string]>([
  ['that takes no notices', {}, '0 s: not told: sessions-unknown'],
  ['whose command fails', { code: 'command-failed', inherited: 1 }, '0 s: not told: command-failed'],
  ['that was adopted and never takes them', { inherited: 1 }, '3 s: not told: elapsed'],
  ['that hangs', { slow: 10_000 }, '3 s: not told: elapsed'],
])('a server %s does not hold the fallback up', async (_, going, told) => {
  const heard = await goneBack(going);
  expect(heard.filter((what) => !what.endsWith('logins off'))).toEqual([told, `${told.slice(0, 3)}: stopped`]);
});
