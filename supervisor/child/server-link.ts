import type { Clock } from '../../platform/clock.ts';
import { newNonce, newToken, type RandomBytes } from '../random.ts';
import type { ChildLink, ChildReport } from './child-link.ts';
import { createOrderQueue } from './order-queue.ts';
import { sameSecret } from './token-check.ts';

/** A server that has not polled for this long does not cooperate. */
const COOPERATION_MS = 60_000;

/** What is known of the present start of the server. */
interface Acquaintance {
  readonly token?: string;
  readonly report?: ChildReport;
  /** Monotonic milliseconds of the last poll's end. */
  readonly polledAt?: number;
}

/** Makes the link between the launcher's rooms and the server; `random` supplies tokens and order ids. */
export function createChildLink(clock: Clock, random: RandomBytes): ChildLink {
  let known: Acquaintance = {};
  const queue = createOrderQueue(clock);
  const listeners = new Set<(report: ChildReport) => void>();
  const meet = (token: string) => {
    known = { token };
    queue.empty();
  };
  return {
    report: () => known.report,
    cooperates: () =>
      queue.waitingPolls() > 0 || (known.polledAt !== undefined && clock.monotonic() - known.polledAt < COOPERATION_MS),
    give: (order, timeoutMs) => queue.put({ id: newNonce(random), ...order }, timeoutMs),
    onReport: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    renew: () => {
      const token = newToken(random);
      meet(token);
      return Promise.resolve(token);
    },
    restore: meet,
    accepts: (token) => known.token !== undefined && sameSecret(token, known.token),
    receive: (report) => {
      const merged = mergeReport(known.report, report, clock.monotonic());
      known = { ...known, report: merged };
      for (const listener of [...listeners]) listener(merged);
    },
    take: async (waitMs, signal) => {
      const { token } = known;
      const order = await queue.take(waitMs, signal);
      // A poll of an earlier start must not make the present one look cooperative.
      if (known.token === token) known = { ...known, polledAt: clock.monotonic() };
      return order;
    },
  };
}

function mergeReport(
  before: ChildReport | undefined,
  news: Omit<ChildReport, 'receivedAt' | 'sessionsAt' | 'progressAt'>,
  now: number,
): ChildReport {
  const { progress, progressAt, ...kept } = before ?? { receivedAt: now };
  const startEnded = news.ready === true && news.progress === undefined;
  const moved = news.progress !== undefined && news.progress !== progress;
  return {
    ...kept,
    ...(progress !== undefined && !startEnded && { progress }),
    ...(progressAt !== undefined && !startEnded && { progressAt }),
    ...news,
    ...(moved && { progressAt: now }),
    ...(news.sessions && { sessionsAt: now }),
    receivedAt: now,
  };
}
