import { expect, test } from 'vitest';
import type { ApplicationEvent } from '../../../launcher/api/application.ts';
import { createEventFeed } from '../../../launcher/application/event-feed.ts';

const event = (data: unknown): Omit<ApplicationEvent, 'id' | 'at'> => ({ kind: 'status', public: false, data });

/** Reads until `count` events have come, then lets go. */
async function take(
  events: AsyncIterable<ApplicationEvent>,
  count: number,
  abort: AbortController,
): Promise<unknown[]> {
  const seen: unknown[] = [];
  for await (const { data } of events) {
    seen.push(data);
    if (seen.length === count) abort.abort();
  }
  return seen;
}

test('a reader without a last id sees what comes from now on, in order', async () => {
  const feed = createEventFeed(() => 0);
  feed.publish(event('before'));
  const abort = new AbortController();
  const reading = take(feed.read(undefined, abort.signal), 2, abort);
  await Promise.resolve();
  feed.publish(event('one'));
  feed.publish(event('two'));
  expect(await reading).toEqual(['one', 'two']);
});

test('a reader that comes back gets what it missed, then goes on live', async () => {
  const feed = createEventFeed(() => 0);
  ['one', 'two', 'three'].forEach((data) => feed.publish(event(data)));
  const abort = new AbortController();
  const reading = take(feed.read(1, abort.signal), 3, abort);
  await Promise.resolve();
  feed.publish(event('four'));
  expect(await reading).toEqual(['two', 'three', 'four']);
});

test('only so many events are kept, and an aborted reader ends at once', async () => {
  const feed = createEventFeed(() => 0);
  for (let index = 1; index <= 600; index += 1) feed.publish(event(index));
  const abort = new AbortController();
  expect(await take(feed.read(0, abort.signal), 500, abort)).toEqual(
    Array.from({ length: 500 }, (_, index) => index + 101),
  );
  const aborted = new AbortController();
  aborted.abort();
  expect(await take(feed.read(0, aborted.signal), 1, aborted)).toEqual([]);
});

test('a reader that is too slow is ended: it comes back and resumes', async () => {
  const feed = createEventFeed(() => 0);
  const abort = new AbortController();
  const reader = feed.read(undefined, abort.signal)[Symbol.asyncIterator]();
  const first = reader.next();
  feed.publish(event(0));
  await first;
  for (let index = 1; index <= 1_500; index += 1) feed.publish(event(index));
  const next = await reader.next();
  expect(next.done).toBe(true);
});
