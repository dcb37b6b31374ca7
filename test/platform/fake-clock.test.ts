import { describe, expect, test } from 'vitest';
import { createFakeClock } from '../kit/fake-clock.ts';

describe('the fake clock', () => {
  test('wakes sleepers in order, also those that sleep again', async () => {
    const clock = createFakeClock();
    const seen: string[] = [];
    const sleeper = async (name: string, each: number): Promise<void> => {
      for (let turn = 0; turn < 3; turn += 1) {
        await clock.sleep(each);
        seen.push(`${name} ${clock.monotonic()}`);
      }
    };
    const all = [sleeper('a', 100), sleeper('b', 150)];
    await clock.advance(450);
    await Promise.all(all);
    expect(seen).toEqual(['a 100', 'b 150', 'a 200', 'b 300', 'a 300', 'b 450']);
    expect(clock.sleeping()).toBe(0);
  });

  test('jumps without waking anybody, and wakes at an abort', async () => {
    const clock = createFakeClock(1_000);
    const stop = new AbortController();
    const sleep = clock.sleep(500, stop.signal);
    clock.jump(3_600_000);
    expect(clock.now()).toBe(3_601_000);
    expect(clock.nextDue()).toBe(500);
    stop.abort();
    expect(await sleep).toBe('aborted');
    expect(clock.sleeping()).toBe(0);
  });

  test('goes on until something has happened, and says when it cannot', async () => {
    const clock = createFakeClock();
    let done = false;
    void clock.sleep(86_400_000).then(() => (done = true));
    await clock.advanceUntil(() => done);
    expect(clock.monotonic()).toBe(86_400_000);
    await expect(clock.advanceUntil(() => false)).rejects.toThrow('nobody sleeps');
  });
});
