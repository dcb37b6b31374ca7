import type { Clock } from '../../platform/clock.ts';

/** Counts refused credentials per address, so that guessing is slow to log and quick to refuse. */
export interface Failures {
  /** Notes one more; `limited` from the first beyond the limit, `worthLogging` up to and including that one. */
  note(address: string): { readonly limited: boolean; readonly worthLogging: boolean };
}

const WINDOW_MS = 60_000;
/** Beyond this many addresses the oldest window is forgotten: memory stays bounded. */
const ADDRESSES_KEPT = 1_000;

export function createFailures(clock: Clock, perMinute: number): Failures {
  const windows = new Map<string, { readonly startedAt: number; readonly count: number }>();

  return {
    note(address) {
      const now = clock.monotonic();
      const open = windows.get(address);
      const current = open && now - open.startedAt < WINDOW_MS ? open : { startedAt: now, count: 0 };
      const count = current.count + 1;
      windows.delete(address);
      windows.set(address, { startedAt: current.startedAt, count });
      for (const oldest of windows.keys()) {
        if (windows.size <= ADDRESSES_KEPT) break;
        windows.delete(oldest);
      }
      return { limited: count > perMinute, worthLogging: count <= perMinute + 1 };
    },
  };
}
