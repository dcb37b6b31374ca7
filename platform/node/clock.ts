import type { Clock } from '../clock.ts';

/** setTimeout(3) of Node fires at once beyond 2^31-1 ms, so that longer waits go in slices. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** The machine's clocks. The monotonic one is CLOCK_MONOTONIC (libuv uv_hrtime), which stands still during suspend. */
export function createClock(): Clock {
  return { now: () => Date.now(), monotonic: () => performance.now(), sleep };
}

async function sleep(milliseconds: number, signal?: AbortSignal): Promise<'elapsed' | 'aborted'> {
  const end = performance.now() + milliseconds;
  // Timers count whole milliseconds and may fire a fraction too early, so that the clock has the last word.
  for (let left = milliseconds; ; left = end - performance.now()) {
    if (signal?.aborted) return 'aborted';
    if (left <= 0 && milliseconds > 0) return 'elapsed';
    const outcome = await sleepSlice(Math.min(Math.max(left, 0), LONGEST_TIMER_MS), signal);
    if (outcome === 'aborted' || milliseconds <= 0) return outcome;
  }
}

function sleepSlice(milliseconds: number, signal: AbortSignal | undefined): Promise<'elapsed' | 'aborted'> {
  return new Promise((resolve) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      resolve('aborted');
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve('elapsed');
    }, Math.ceil(milliseconds));
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
