import { createRandom } from '../kit/seeded.ts';

/** Draws of one run: the same seed gives the same draws in the same order. */
export interface Draws {
  /** In [0, 1). */
  fraction(): number;
  /** A whole number from `from` to `to`, both included. */
  whole(from: number, to: number): number;
  chance(probability: number): boolean;
  oneOf<Item>(items: readonly Item[]): Item;
  bytes(count: number): Buffer;
}

export function createDraws(seed: number): Draws {
  const fraction = createRandom(seed);
  const whole = (from: number, to: number): number => from + Math.floor(fraction() * (to - from + 1));
  return {
    fraction,
    whole,
    chance: (probability) => fraction() < probability,
    oneOf<Item>(items: readonly Item[]): Item {
      const item = items[whole(0, items.length - 1)];
      if (item === undefined) throw new Error('nothing to draw from');
      return item;
    },
    bytes: (count) => Buffer.from(Array.from({ length: count }, () => whole(0, 255))),
  };
}
