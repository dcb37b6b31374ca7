import type { FastifyReply } from 'fastify';
import type { Clock } from '../../platform/clock.ts';
import type { ApplicationEvent } from '../api/application.ts';
import type { PortLimits } from './limits.ts';

export interface EventStreamContext {
  readonly clock: Clock;
  readonly limits: Pick<PortLimits, 'heartbeatMs' | 'eventStreamMs' | 'eventBufferBytes'>;
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
};

/**
 * Writes server-sent events (HTML Living Standard, 9.2) until the reader leaves, the port closes or the stream's time is
 * over; then the reader resumes with `Last-Event-ID`. A reader that does not keep up is dropped. Answers how it ended.
 */
export async function writeEvents(
  raw: FastifyReply['raw'],
  events: AsyncIterable<ApplicationEvent>,
  context: EventStreamContext,
): Promise<'ended' | 'dropped'> {
  const done = new AbortController();
  const signal = AbortSignal.any([context.signal, done.signal]);
  let ended: 'ended' | 'dropped' = 'ended';
  const write = (text: string): boolean => {
    if (raw.writableLength + text.length > context.limits.eventBufferBytes) {
      ended = 'dropped';
      raw.destroy();
      return false;
    }
    raw.write(text);
    return true;
  };

  raw.writeHead(200, HEAD);
  write(`retry: ${RETRY_MS}\n\n`);
  const heartbeat = beat(write, context, signal);
  const lifetime = context.clock.sleep(context.limits.eventStreamMs, signal).then(() => done.abort());
  try {
    for await (const event of untilAborted(events, signal)) {
      if (!write(formatEvent(event))) break;
    }
  } finally {
    done.abort();
    await Promise.all([heartbeat, lifetime]);
    raw.end();
  }
  return ended;
}

function formatEvent(event: ApplicationEvent): string {
  return `id: ${event.id}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** Keeps proxies from closing a silent stream, and finds out that a reader is gone. */
async function beat(
  write: (text: string) => boolean,
  { clock, limits }: EventStreamContext,
  signal: AbortSignal,
): Promise<void> {
  while ((await clock.sleep(limits.heartbeatMs, signal)) === 'elapsed') {
    if (!write(': heartbeat\n\n')) return;
  }
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
