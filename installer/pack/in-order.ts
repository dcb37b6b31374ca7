import { type Result, succeed } from '../../platform/result.ts';

/** Things that are made several at the same time, and taken one after the other in the order of their items. */
export interface OrderedWork<Item, Made> {
  /** How many are made at the same time, at most. */
  readonly atOnce: number;
  /** What an item adds to the weight of all that is begun and not yet taken. */
  readonly weightOf: (item: Item) => number;
  /** What all that may weigh together; an item that weighs more is made alone. */
  readonly weightLimit: number;
  readonly make: (item: Item) => Promise<Result<Made>>;
  readonly take: (made: Made) => Promise<Result<void>>;
}

/**
 * Makes and takes all items. What is taken, and in which order, does not depend on which is made first.
 *
 * Errors: the first fault in the order of the items. Nothing is begun or taken after it, and nothing is still being made when it
 * is returned.
 */
export async function inOrder<Item, Made>(
  items: readonly Item[],
  { atOnce, weightOf, weightLimit, make, take }: OrderedWork<Item, Made>,
): Promise<Result<void>> {
  const waiting = items.values();
  const begun: { readonly weight: number; readonly made: Promise<Result<Made>> }[] = [];
  let next = waiting.next();
  let making = 0;
  let weight = 0;
  let result: Result<void> = succeed();

  function beginMore(): void {
    while (next.done !== true && result.ok && making < atOnce) {
      const item = next.value;
      if (weight > 0 && weight + weightOf(item) > weightLimit) return;
      making += 1;
      weight += weightOf(item);
      begun.push({ weight: weightOf(item), made: make(item).finally(onMade) });
      next = waiting.next();
    }
  }
  function onMade(): void {
    making -= 1;
    beginMore();
  }

  beginMore();
  for (let first = begun.shift(); first !== undefined; first = begun.shift()) {
    const made = await first.made;
    if (result.ok) result = made.ok ? await take(made.value) : made;
    weight -= first.weight;
    beginMore();
  }
  return result;
}
