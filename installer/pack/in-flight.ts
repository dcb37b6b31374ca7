import { type Result, succeed } from '../../platform/result.ts';

/** Acts on items, at most `count` of them at the same time; after the first fault none is begun any more. */
export async function inFlight<Item>(
  count: number,
  items: Iterable<Item> | AsyncIterable<Item>,
  act: (item: Item) => Promise<Result<void>> | Result<void>,
): Promise<Result<void>> {
  const waiting = asyncIteratorOf(items);
  let result: Result<void> = succeed();
  async function goOn(): Promise<void> {
    for (;;) {
      const next = await waiting.next();
      if (next.done === true || !result.ok) return;
      const done = await act(next.value);
      if (!done.ok) result = done;
    }
  }
  await Promise.all(Array.from({ length: count }, goOn));
  await waiting.return(undefined);
  return result;
}

/** A generator's calls of `next` queue up, so that several takers may share it. */
async function* asyncIteratorOf<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
): AsyncGenerator<Item, undefined, undefined> {
  yield* items;
  return undefined;
}
