import type { ApplicationEvent } from '../api/application.ts';

/** Events kept for readers that come back with `Last-Event-ID`. */
const KEPT_EVENTS = 500;
/** A reader that is this far behind is ended; it comes back and resumes. */
const READER_LIMIT = 1_000;

/** The events of this launcher: published once, read by anybody, resumable for as long as they are kept. */
export interface EventFeed {
  publish(event: Omit<ApplicationEvent, 'id' | 'at'>): void;
  /** Kept events after `lastId`, then live ones, until `signal` aborts or the reader is too slow. */
  read(lastId: number | undefined, signal: AbortSignal): AsyncIterable<ApplicationEvent>;
}

/** `now` gives wall-clock milliseconds for the events' times. */
export function createEventFeed(now: () => number): EventFeed {
  const kept: ApplicationEvent[] = [];
  const readers = new Set<(event: ApplicationEvent) => void>();
  let lastId = 0;
  return {
    publish(event) {
      lastId += 1;
      const published: ApplicationEvent = { ...event, id: lastId, at: new Date(now()).toISOString() };
      kept.push(published);
      kept.splice(0, kept.length - KEPT_EVENTS);
      readers.forEach((reader) => reader(published));
    },
    read: (after, signal) => follow(kept, readers, after, signal),
  };
}

async function* follow(
  kept: readonly ApplicationEvent[],
  readers: Set<(event: ApplicationEvent) => void>,
  after: number | undefined,
  signal: AbortSignal,
): AsyncIterable<ApplicationEvent> {
  const waiting = after === undefined ? [] : kept.filter(({ id }) => id > after);
  let wake: () => void = () => undefined;
  const reader = (event: ApplicationEvent): void => {
    waiting.push(event);
    wake();
  };
  const onAbort = (): void => wake();
  readers.add(reader);
  signal.addEventListener('abort', onAbort);
  try {
    while (!signal.aborted && waiting.length <= READER_LIMIT) {
      const next = waiting.shift();
      if (next !== undefined) {
        yield next;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    readers.delete(reader);
    signal.removeEventListener('abort', onAbort);
  }
}
