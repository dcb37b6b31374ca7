import type { Clock } from '../platform/clock.ts';
import { faultOf } from '../platform/fault.ts';
import { fail, type Result } from '../platform/result.ts';

/** A signal that aborts after `milliseconds`; `clear` frees the timer and aborts it at once. */
export function deadlineAfter(clock: Clock, milliseconds: number): { readonly signal: AbortSignal; clear(): void } {
  const timer = new AbortController();
  const over = new AbortController();
  void clock.sleep(milliseconds, timer.signal).then(() => over.abort());
  return { signal: over.signal, clear: () => timer.abort() };
}

/** Asked anew each time: TypeScript takes an abort for impossible once it has seen that there was none. */
export function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** Waits for `happening` for at most `milliseconds`; undefined when the time is over or `signal` aborted first. */
export async function waitAtMost<Value>(
  clock: Clock,
  happening: Promise<Value>,
  milliseconds: number,
  signal?: AbortSignal,
): Promise<Value | undefined> {
  const timer = new AbortController();
  const over = clock.sleep(Math.max(0, milliseconds), signal ? AbortSignal.any([timer.signal, signal]) : timer.signal);
  try {
    return await Promise.race([happening, over.then(() => undefined)]);
  } finally {
    timer.abort();
  }
}

/** The caller's signal ends the caller's wait only; what was begun goes on. */
export async function orCancelled<Value>(
  happening: Promise<Result<Value>>,
  signal: AbortSignal | undefined,
): Promise<Result<Value>> {
  if (!signal) return happening;
  const { promise, resolve } = Promise.withResolvers<Result<Value>>();
  const cancel = () => resolve(fail(faultOf('cancelled', 'nobody waits for this any more')));
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await Promise.race([happening, promise]);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
