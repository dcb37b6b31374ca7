import type { Clock } from '../../platform/clock.ts';
import type { ServedResponse } from '../../platform/node/http-server.ts';
import type { ApplicationEvent } from '../api/application.ts';
import type { PortLimits } from './limits.ts';

export interface EventStreamContext {
  readonly clock: Clock;
  readonly limits: Pick<PortLimits, 'heartbeatMs' | 'eventStreamMs' | 'eventDrainMs'>;
  /** Aborts when the reader went away or the port closes. */
  readonly signal: AbortSignal;
}

/** After a broken stream a browser's EventSource waits this long before it resumes, milliseconds. */
const RETRY_MS = 2_000;

const HEAD = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  // Asks a reverse proxy not to hold events back.
  'x-accel-buffering': 'no',
  // Nobody asks for more on a connection that was a stream.
  connection: 'close',
};

/**
 * Writes server-sent events (HTML Living Standard, 9.2) until the reader leaves, the port closes or the stream's time is
 * over; then the reader resumes with `Last-Event-ID`. A reader that does not keep up is dropped. Answers how it ended.
 */
export async function writeEvents(
  raw: ServedResponse,
  events: AsyncIterable<ApplicationEvent>,
  context: EventStreamContext,
): Promise<'ended' | 'dropped'> {
  const done = new AbortController();
  const signal = AbortSignal.any([context.signal, done.signal]);
  raw.writeHead(200, HEAD);
  raw.write(`retry: ${RETRY_MS}\n\n`);
  const heartbeat = beat(raw, context, signal);
  const lifetime = context.clock.sleep(context.limits.eventStreamMs, signal).then(() => done.abort());
  try {
    for await (const event of untilAborted(events, signal)) {
      if (raw.write(formatEvent(event)) || (await isDrained(raw, context, signal))) continue;
      raw.destroy();
      return 'dropped';
    }
    return 'ended';
  } finally {
    done.abort();
    await Promise.all([heartbeat, lifetime]);
    raw.end();
  }
}

function formatEvent(event: ApplicationEvent): string {
  return `id: ${event.id}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** Keeps proxies from closing a silent stream, and finds out that a reader is gone. */
async function beat(raw: ServedResponse, { clock, limits }: EventStreamContext, signal: AbortSignal): Promise<void> {
  while ((await clock.sleep(limits.heartbeatMs, signal)) === 'elapsed') {
    if (!raw.writableNeedDrain) raw.write(': heartbeat\n\n');
  }
}

/** Waits until the reader has taken what was written; false when it did not in time. */
async function isDrained(
  raw: ServedResponse,
  { clock, limits }: EventStreamContext,
  signal: AbortSignal,
): Promise<boolean> {
  const drained = new AbortController();
  const onDrain = () => drained.abort();
  raw.once('drain', onDrain);
  const waited = await clock.sleep(limits.eventDrainMs, AbortSignal.any([signal, drained.signal]));
  raw.off('drain', onDrain);
  return waited === 'aborted';
}

/** The source need not notice the stream's own end: a pending `next` is left behind and told to return. */
async function* untilAborted<Item>(source: AsyncIterable<Item>, signal: AbortSignal): AsyncGenerator<Item> {
  const iterator = source[Symbol.asyncIterator]();
  const { promise: aborted, resolve } = Promise.withResolvers<'aborted'>();
  const onAbort = () => resolve('aborted');
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    while (!signal.aborted) {
      const next = await Promise.race([iterator.next(), aborted]);
      if (next === 'aborted' || next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    void iterator.return?.();
  }
}
