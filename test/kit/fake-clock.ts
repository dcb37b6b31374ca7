import type { Clock } from '../../platform/clock.ts';

interface Sleeper {
  readonly due: number;
  readonly order: number;
  wake(outcome: 'elapsed' | 'aborted'): void;
}

/** A clock that stands still until it is told to go. */
export interface FakeClock extends Clock {
  /** Lets the time pass: wakes sleepers in the order of their due times, and lets each act before the next one wakes. */
  advance(milliseconds: number): Promise<void>;
  /** Moves the wall clock alone, as an administrator or NTP does. */
  jump(milliseconds: number): void;
  /** How many sleep now. */
  sleeping(): number;
  /** Time until the next sleeper is due; undefined when nobody sleeps. */
  nextDue(): number | undefined;
  /** Lets the time pass from one sleeper to the next until `done`; throws after `limit` milliseconds of its own time. */
  advanceUntil(done: () => boolean, limit?: number): Promise<void>;
}

const START_OF_TIME_MS = Date.UTC(2026, 0, 5, 2, 0, 0);
const LIMIT_MS = 7 * 24 * 3_600_000;

export function createFakeClock(startMs = START_OF_TIME_MS): FakeClock {
  let passed = 0;
  let jumped = 0;
  let counter = 0;
  const sleepers = new Set<Sleeper>();

  const next = (): Sleeper | undefined => [...sleepers].sort((a, b) => a.due - b.due || a.order - b.order).at(0);
  const advance = async (milliseconds: number): Promise<void> => {
    const end = passed + milliseconds;
    await settle();
    for (let sleeper = next(); sleeper !== undefined && sleeper.due <= end; sleeper = next()) {
      passed = Math.max(passed, sleeper.due);
      sleeper.wake('elapsed');
      await settle();
    }
    passed = end;
  };
  const nextDue = (): number | undefined => {
    const sleeper = next();
    return sleeper && Math.max(0, sleeper.due - passed);
  };
  return {
    now: () => startMs + passed + jumped,
    monotonic: () => passed,
    sleep: (milliseconds, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) {
          resolve('aborted');
          return;
        }
        const wake = (outcome: 'elapsed' | 'aborted'): void => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', onAbort);
          resolve(outcome);
        };
        const onAbort = (): void => wake('aborted');
        const sleeper: Sleeper = { due: passed + Math.max(0, milliseconds), order: (counter += 1), wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
    advance,
    jump: (milliseconds) => {
      jumped += milliseconds;
    },
    sleeping: () => sleepers.size,
    nextDue,
    advanceUntil: async (done, limit = LIMIT_MS) => {
      const end = passed + limit;
      await settle();
      while (!done()) {
        const due = nextDue();
        if (due === undefined) throw new Error('nobody sleeps, and what was waited for has not happened');
        if (passed + due > end) throw new Error(`has not happened within ${limit} ms of the fake clock`);
        await advance(due);
      }
    },
  };
}

/** Turns of the event loop in which chains of promises, and files and sockets that are ready, get their say. */
const TURNS = 5;

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
