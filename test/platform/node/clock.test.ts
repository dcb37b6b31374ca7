import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { createClock } from '../../../platform/node/clock.ts';

const clock = createClock();

describe('the clock', () => {
  test('sleeps at least as long as told', async () => {
    const before = clock.monotonic();
    expect(await clock.sleep(30)).toBe('elapsed');
    expect(clock.monotonic() - before).toBeGreaterThanOrEqual(30);
    expect(await clock.sleep(0)).toBe('elapsed');
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1_000);
  });

  test('wakes at the abort, also from a sleep longer than a timer of Node lasts', async () => {
    const stop = new AbortController();
    const sleeps = [clock.sleep(60_000, stop.signal), clock.sleep(3_000_000_000, stop.signal)];
    setImmediate(() => stop.abort());
    expect(await Promise.all(sleeps)).toEqual(['aborted', 'aborted']);
    expect(await clock.sleep(10, stop.signal)).toBe('aborted');
  });

  test('lets go of the signal', async () => {
    const stop = new AbortController();
    await clock.sleep(1, stop.signal);
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
  });
});
