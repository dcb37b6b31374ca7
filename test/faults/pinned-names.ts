import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { numbered, PINNED_BYTES } from './pinned-number.ts';

/**
 * Loaded in front of the real launcher (`node --require`) in traced runs only: names that are made of chance or of the time of
 * day are the same in every run, so that a call which was recorded in one run can be aimed at in another; and a wait of a minute (the next try of a journal
 * or of a mail after a refused write) takes a second. Nothing else changes.
 */
const PINNED_TIME = '2090-01-01T00:00:00.000Z';

/** A recovery must not meet the names of the run before it. */
const row = Number(process.env['OM_FAULTS_ROW'] ?? 0);
let last = 0;

const { randomBytes } = crypto;
Object.assign(crypto, {
  randomBytes(size: number, callback?: (error: Error | null, bytes: Buffer) => void) {
    if (callback !== undefined) {
      randomBytes(size, callback);
      return undefined;
    }
    return size === PINNED_BYTES ? nextBytes() : randomBytes(size);
  },
});
syncBuiltinESMExports();

// Only names of files are made from it: an order's journal, a turned log.
Date.prototype.toISOString = () => PINNED_TIME;

/** Only the retries wait for so long; every deadline of a quick scenario is shorter or much longer. */
const [MINUTE_MS, SHORT_MS, ALMOST_MS] = [60_000, 1_000, 59_000];
const { setTimeout: wait } = globalThis;
const now = performance.now.bind(performance);
globalThis.setTimeout = Object.assign(
  (callback: (...values: unknown[]) => void, delay = 0, ...values: unknown[]) =>
    delay > ALMOST_MS && delay <= MINUTE_MS
      ? wait(endWait, SHORT_MS, callback, values)
      : wait(callback, delay, ...values),
  wait,
);

/** The sleeper measures whether its minute is over: for it alone it is. */
function endWait(callback: (...values: unknown[]) => void, values: readonly unknown[]): void {
  performance.now = () => now() + MINUTE_MS;
  callback(...values);
  // The sleeper looks in the microtask that its callback has queued.
  queueMicrotask(() => queueMicrotask(() => (performance.now = now)));
}

function nextBytes(): Buffer {
  last += 1;
  return Buffer.from(numbered(row, last), 'hex');
}
