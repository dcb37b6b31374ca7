import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { ChildReport } from '../../../supervisor/child/child-link.ts';
import { createChildLink } from '../../../supervisor/child/server-link.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';

function scene() {
  const clock = createFakeClock();
  return { clock, link: createChildLink(clock, randomBytes) };
}

test('only the token of the present start is accepted', async () => {
  const { link } = scene();
  expect(link.accepts('')).toBe(false);
  const first = await link.renew();
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  expect([link.accepts(first), link.accepts(`${first}0`), link.accepts('')]).toEqual([true, false, false]);
  const second = await link.renew();
  expect([link.accepts(first), link.accepts(second)]).toEqual([false, true]);
  link.restore(first);
  expect([link.accepts(first), link.accepts(second)]).toEqual([true, false]);
});

test('an order waits for the poll, a poll waits for the order, in sequence', async () => {
  const { link, clock } = scene();
  const given = [link.give({ kind: 'close-sessions' }, 1_000), link.give({ kind: 'quit', reason: 'update' }, 1_000)];
  expect(await link.take(25_000)).toMatchObject({ kind: 'close-sessions' });
  expect(await link.take(25_000)).toMatchObject({ kind: 'quit', reason: 'update' });
  expect(await Promise.all(given)).toEqual([true, true]);
  const polled = link.take(25_000);
  expect(await link.give({ kind: 'refuse-logins', refused: true }, 1_000)).toBe(true);
  expect((await polled)?.id).toMatch(/^[0-9a-f]{32}$/);
  await clock.advance(0);
  expect(clock.sleeping()).toBe(0);
});

test('an order that nobody fetches in time is withdrawn, a poll without an order ends', async () => {
  const { link, clock } = scene();
  const given = link.give({ kind: 'close-sessions' }, 1_000);
  await clock.advance(1_000);
  expect(await given).toBe(false);
  const polled = link.take(25_000);
  await clock.advance(25_000);
  expect(await polled).toBeUndefined();
});

test('a poll whose connection is closed takes no order with it', async () => {
  const { link } = scene();
  const connection = new AbortController();
  const polled = link.take(25_000, connection.signal);
  connection.abort();
  expect(await polled).toBeUndefined();
  expect(await link.take(1, AbortSignal.abort())).toBeUndefined();
  const given = link.give({ kind: 'close-sessions' }, 1_000);
  expect(await link.take(25_000)).toMatchObject({ kind: 'close-sessions' });
  expect(await given).toBe(true);
});

test('a server cooperates while it polls and for 60 s after', async () => {
  const { link, clock } = scene();
  expect(link.cooperates()).toBe(false);
  const polled = link.take(25_000);
  expect(link.cooperates()).toBe(true);
  await clock.advance(25_000);
  await polled;
  await clock.advance(59_999);
  expect(link.cooperates()).toBe(true);
  await clock.advance(1);
  expect(link.cooperates()).toBe(false);
});

test('a new start forgets report, orders, polls and cooperation of the one before', async () => {
  const { link, clock } = scene();
  const polled = link.take(25_000);
  link.receive({ ready: true });
  await link.renew();
  expect(await polled).toBeUndefined();
  const given = link.give({ kind: 'quit', reason: 'late' }, 1_000);
  await link.renew();
  expect(await given).toBe(false);
  expect([link.report(), link.cooperates()]).toEqual([undefined, false]);
  await clock.advance(0);
  expect(clock.sleeping()).toBe(0);
});

test('reports add up: what is absent is unchanged, and being ready ends the progress', async () => {
  const { link, clock } = scene();
  const seen: ChildReport[] = [];
  const forget = link.onReport((report) => seen.push(report));
  link.receive({ progress: 'converting data 40 %', version: '22.1' });
  await clock.advance(10);
  link.receive({ sessions: [{ id: '1', user: 'Anna' }] });
  expect(link.report()).toEqual({
    progress: 'converting data 40 %',
    progressAt: 0,
    version: '22.1',
    sessions: [{ id: '1', user: 'Anna' }],
    sessionsAt: 10,
    receivedAt: 10,
  });
  await clock.advance(10);
  link.receive({ ready: true });
  forget();
  link.receive({ backupRunning: true });
  expect(link.report()).toEqual({
    ready: true,
    backupRunning: true,
    version: '22.1',
    sessions: [{ id: '1', user: 'Anna' }],
    sessionsAt: 10,
    receivedAt: 20,
  });
  expect(seen).toHaveLength(3);
});

test('progress counts from its last change, not from its last report', async () => {
  const { link, clock } = scene();
  link.receive({ progress: '40 %' });
  await clock.advance(10);
  link.receive({ progress: '40 %' });
  expect(link.report()).toMatchObject({ progressAt: 0, receivedAt: 10 });
  link.receive({ progress: '41 %' });
  expect(link.report()).toMatchObject({ progressAt: 10 });
});

test('orders that nobody fetches do not pile up', async () => {
  const { link } = scene();
  const given = Array.from({ length: 150 }, () => link.give({ kind: 'close-sessions' }, 60_000));
  expect(await Promise.all(given.slice(0, 50))).toEqual(Array.from({ length: 50 }, () => false));
  await link.renew();
  expect(await Promise.all(given.slice(50))).toEqual(Array.from({ length: 100 }, () => false));
});
