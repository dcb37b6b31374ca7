import type { Clock } from '../../platform/clock.ts';
import type { ChildOrder } from './child-link.ts';

/** Orders on their way to the server, in sequence. */
export interface OrderQueue {
  /** Resolves `true` when it was taken, `false` when `timeoutMs` passed or the queue was emptied. */
  put(order: ChildOrder, timeoutMs: number): Promise<boolean>;
  /** The next order, or undefined after `waitMs`, on abort, or when the queue was emptied. */
  take(waitMs: number, signal?: AbortSignal): Promise<ChildOrder | undefined>;
  /** Drops everything: waiting orders count as not taken, waiting polls get nothing. */
  empty(): void;
  /** Polls that wait now. */
  waitingPolls(): number;
}

/** More than this many waiting orders means nobody fetches them; the oldest is given up. */
const ORDERS_KEPT = 100;

interface Waiting<Value> {
  readonly settle: (value: Value) => void;
}

/** An unpolled queue keeps nothing longer than the time-out of its order. */
export function createOrderQueue(clock: Clock): OrderQueue {
  const orders: (Waiting<boolean> & { readonly order: ChildOrder })[] = [];
  const polls: Waiting<ChildOrder | undefined>[] = [];
  return {
    put: (order, timeoutMs) => {
      const poll = polls.shift();
      if (poll) {
        poll.settle(order);
        return Promise.resolve(true);
      }
      if (orders.length >= ORDERS_KEPT) orders.shift()?.settle(false);
      return waitIn(clock, orders, timeoutMs, false, (settle) => ({ settle, order }));
    },
    take: (waitMs, signal) => {
      if (signal?.aborted) return Promise.resolve(undefined);
      const next = orders.shift();
      if (next) {
        next.settle(true);
        return Promise.resolve(next.order);
      }
      return waitIn(clock, polls, waitMs, undefined, (settle) => ({ settle }), signal);
    },
    empty: () => {
      for (const order of orders.splice(0)) order.settle(false);
      for (const poll of polls.splice(0)) poll.settle(undefined);
    },
    waitingPolls: () => polls.length,
  };
}

/** Puts one entry into a line and waits until it is settled, or leaves the line when the time is over. */
async function waitIn<Value, Entry extends Waiting<Value>>(
  clock: Clock,
  line: Entry[],
  timeoutMs: number,
  late: Value,
  entryOf: (settle: (value: Value) => void) => Entry,
  signal?: AbortSignal,
): Promise<Value> {
  const timer = new AbortController();
  const { promise, resolve } = Promise.withResolvers<Value>();
  const entry = entryOf(resolve);
  line.push(entry);
  void clock.sleep(timeoutMs, signal ? AbortSignal.any([timer.signal, signal]) : timer.signal).then(() => {
    const position = line.indexOf(entry);
    // An entry that has left the line is being settled by whoever took it: an order must not get lost between the two.
    if (position < 0) return;
    line.splice(position, 1);
    resolve(late);
  });
  const value = await promise;
  timer.abort();
  return value;
}
