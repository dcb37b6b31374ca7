import type { Clock } from '../../platform/clock.ts';
import { faultOf, type Fault } from '../../platform/fault.ts';

/** Slower than this over the whole window is no transfer; there is no limit on the total time. */
export const MINIMUM_BYTES_PER_SECOND = 10_000;
export const RATE_WINDOW_MS = 60_000;
const BUCKET_MS = 1_000;
const BUCKETS = RATE_WINDOW_MS / BUCKET_MS;

/** Measures a transfer over the last minute, on the monotonic clock. */
export interface RateMeter {
  add(bytes: number): void;
  /** Time that passes until the next `add` is not the sender's fault (a pause between two attempts). */
  pause(): void;
  /** Bytes per second over the window so far. */
  rate(): number;
  isTooSlow(): boolean;
}

export function createRateMeter(clock: Clock): RateMeter {
  const buckets: { readonly second: number; bytes: number }[] = [];
  let busyMs = 0;
  let last: number | undefined = clock.monotonic();

  const advance = (): void => {
    const now = clock.monotonic();
    busyMs += last === undefined ? 0 : now - last;
    last = now;
    const oldest = Math.floor(busyMs / BUCKET_MS) - BUCKETS;
    while (buckets[0] !== undefined && buckets[0].second <= oldest) buckets.shift();
  };
  const bytesInWindow = (): number => buckets.reduce((sum, bucket) => sum + bucket.bytes, 0);

  return {
    add: (bytes) => {
      advance();
      const second = Math.floor(busyMs / BUCKET_MS);
      const current = buckets.at(-1);
      if (current?.second === second) current.bytes += bytes;
      else buckets.push({ second, bytes });
    },
    pause: () => {
      advance();
      last = undefined;
    },
    rate: () => Math.round(bytesInWindow() / (Math.max(BUCKET_MS, Math.min(busyMs, RATE_WINDOW_MS)) / 1_000)),
    isTooSlow: () => {
      advance();
      return busyMs >= RATE_WINDOW_MS && bytesInWindow() < MINIMUM_BYTES_PER_SECOND * (RATE_WINDOW_MS / 1_000);
    },
  };
}

export function tooSlow(): Fault {
  return faultOf(
    'too-slow',
    `less than ${MINIMUM_BYTES_PER_SECOND / 1_000} KB/s arrived over ${RATE_WINDOW_MS / 1_000} s`,
    {
      values: { minimumBytesPerSecond: MINIMUM_BYTES_PER_SECOND, windowSeconds: RATE_WINDOW_MS / 1_000 },
    },
  );
}
