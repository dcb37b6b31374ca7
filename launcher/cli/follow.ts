import type { Clock } from '../../platform/clock.ts';
import type { Fault, FaultCode } from '../../platform/fault.ts';
import type { Result } from '../../platform/result.ts';
import type { ApiClient } from '../api/client.ts';
import type { UpdateView } from '../api/schemas.ts';

/** How long a launcher may be away (for its own update, after a crash) before the following ends, milliseconds. */
export const PATIENCE_MS = 120_000;

/** Even without events the order is looked at this often, for running times and for events that were missed. */
const LOOK_EVERY_MS = 1_000;
/** Several events within this make one look. */
const GATHER_MS = 100;
const RETRY_MS = 500;

/** Faults of a launcher that is just away; any other ends the following at once. */
const AWAY: readonly FaultCode[] = [
  'launcher-absent',
  'connection-failed',
  'timed-out',
  'too-slow',
  'body-truncated',
  'too-many-requests',
];

/** Is the launcher just away, so that it may come back? */
export function isAway({ code }: Fault): boolean {
  return AWAY.includes(code);
}

/** What a follower sees: the order as it stands now, or that the launcher is away. */
export type Sight = { readonly kind: 'view'; readonly view: UpdateView } | { readonly kind: 'away' };

export interface FollowParts {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly patienceMs?: number;
}

/** Is the order at its end? */
export function isSettled({ state }: Pick<UpdateView, 'state'>): boolean {
  return state !== 'running' && state !== 'scheduled';
}

/**
 * The order's view, again at each of its events, until it is settled (the last element) or `signal` aborts.
 *
 * A launcher that goes away is waited for; a fault is the last element when it stays away or refuses.
 */
export async function* followOrder(parts: FollowParts, id: string): AsyncGenerator<Result<Sight>> {
  const { client, clock, signal, patienceMs = PATIENCE_MS } = parts;
  const ending = new AbortController();
  const stop = AbortSignal.any([signal, ending.signal]);
  const wake = wakeAtEvents(parts, stop, patienceMs);
  let lastContact = clock.monotonic();
  try {
    while (!stop.aborted) {
      const view = await client.update(id);
      if (view.ok) {
        lastContact = clock.monotonic();
        yield { ok: true, value: { kind: 'view', view: view.value } };
        if (isSettled(view.value)) return;
        await wake.wait(clock, stop);
        continue;
      }
      if (!isAway(view.fault) || clock.monotonic() - lastContact > patienceMs) {
        yield view;
        return;
      }
      yield { ok: true, value: { kind: 'away' } };
      await clock.sleep(RETRY_MS, stop);
    }
  } finally {
    ending.abort();
    await wake.ended;
  }
}

interface Wake {
  /** Until an event comes, or it is time to look in any case. */
  wait(clock: Clock, stop: AbortSignal): Promise<void>;
  readonly ended: Promise<void>;
}

/** Events only wake: what is shown is read as a whole, so that a missed one costs nothing. */
function wakeAtEvents({ client, clock }: FollowParts, stop: AbortSignal, patienceMs: number): Wake {
  let arrived = Promise.withResolvers<undefined>();
  const listen = async (): Promise<void> => {
    for await (const event of client.follow({ clock, signal: stop, patienceMs })) {
      if (!event.ok) return;
      arrived.resolve(undefined);
    }
  };
  return {
    ended: listen(),
    async wait(timer, signal) {
      const over = new AbortController();
      const both = AbortSignal.any([signal, over.signal]);
      await Promise.race([timer.sleep(LOOK_EVERY_MS, both), arrived.promise]);
      over.abort();
      await timer.sleep(GATHER_MS, signal);
      arrived = Promise.withResolvers<undefined>();
    },
  };
}
