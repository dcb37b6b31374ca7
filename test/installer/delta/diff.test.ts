import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Difference, diff } from '../../../installer/delta/diff.ts';
import { noise } from '../staging/scene.ts';
import { applyStreams, createRandom } from './memory.ts';

const total = ({ control, gaps, changes, literals }: Difference): number =>
  control.length + gaps.length + changes.length + literals.length;

/** A program as a linker leaves it: code with addresses at every 16th byte, which all move by the same distance. */
function program(distance: number): Buffer {
  const code = Buffer.from(noise('code', 200_000));
  for (let at = 8; at + 4 <= code.length; at += 16) code.writeUInt32LE((at * 64 + distance) >>> 0, at);
  return code;
}

const base = noise('base', 50_000);
const insert = noise('insert', 700);

it.each<[string, Uint8Array, Uint8Array, number]>([
  ['nothing from nothing', Buffer.alloc(0), Buffer.alloc(0), 0],
  ['something from nothing', Buffer.alloc(0), insert, 710],
  ['nothing from something', base, Buffer.alloc(0), 0],
  ['the same', base, base, 10],
  ['an inserted part', base, Buffer.concat([base.subarray(0, 20_000), insert, base.subarray(20_000)]), 730],
  ['a part at the beginning', base, Buffer.concat([insert, base]), 730],
  ['a removed part', base, Buffer.concat([base.subarray(0, 9_000), base.subarray(12_000)]), 30],
  ['two parts exchanged', base, Buffer.concat([base.subarray(25_000), base.subarray(0, 25_000)]), 30],
  ['the same part four times', base, Buffer.concat([base, base, base, base]), 60],
  ['zeros', Buffer.alloc(100_000), Buffer.alloc(300_000), 60],
  ['the shortest content', Buffer.from([1]), Buffer.from([2]), 10],
])('makes %s, small', async (_, old, target, most) => {
  const difference = diff(old, target);
  expect(total(difference)).toBeLessThanOrEqual(most);
  const made = await applyStreams(old, difference, target.length);
  expect(made.ok && made.value.equals(target)).toBe(true);
});

it('makes moved addresses of the old ones: gaps and changes, no literals', async () => {
  const [old, target] = [program(0), program(0x140)];
  const difference = diff(old, target);
  expect(difference.literals.length).toBe(0);
  expect(difference.control.length).toBeLessThan(20);
  const made = await applyStreams(old, difference, target.length);
  expect(made.ok && made.value.equals(target)).toBe(true);
});

/** Functions of 64 to 191 bytes that call each other and read a table behind them; the second build has one that is longer. */
function build(inserted: number): Buffer {
  const random = createRandom(5);
  const functions = Array.from({ length: 3_000 }, (_, index) =>
    Buffer.from(noise(`function ${index}`, 64 + Math.floor(random(128)))),
  );
  functions[1_200] = Buffer.concat([functions[1_200] ?? Buffer.alloc(0), noise('longer', inserted)]);
  const starts: number[] = [];
  let end = 0;
  for (const code of functions) {
    starts.push(end);
    end += code.length;
  }
  const table = end + ((8 - (end % 8)) % 8);
  for (const [index, code] of functions.entries()) {
    const start = starts[index] ?? 0;
    for (const at of [8, 24, 40]) {
      const target = random(4) < 1 ? table + 8 * Math.floor(random(3_000)) : (starts[Math.floor(random(3_000))] ?? 0);
      if (at === 40) code.set([0x48, 0x8d, 0x05], at - 3);
      else code.set([0xe8], at - 1);
      code.writeInt32LE(target - start - at - 4, at);
    }
  }
  const pointers = Buffer.alloc(table - end + 8 * 3_000);
  for (const [index, start] of starts.entries()) pointers.writeBigUInt64LE(BigInt(start), table - end + 8 * index);
  return Buffer.concat([...functions, pointers]);
}

describe('code in which every address has moved', () => {
  const [before, after] = [build(0), build(640)];

  it('is made with the addresses predicted: a small part of the changes is left', async () => {
    const difference = diff(before, after);
    expect(difference.code).toBe(true);
    const moved = before.filter((byte, at) => at < before.length && byte !== after[at + 640]).length;
    expect(moved).toBeGreaterThan(3_000);
    expect(difference.changes.length).toBeLessThan(600);
    for (const pieceBytes of [1, 7, 1_000, 1_000_000]) {
      const made = await applyStreams(before, difference, after.length, pieceBytes);
      expect(made.ok && made.value.equals(after)).toBe(true);
    }
  });

  it('is made again exactly when it is also cut up and edited', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 50, max: 9_000 }), async (seed, pieceBytes) => {
        const random = createRandom(seed);
        const at = Math.floor(random(after.length));
        const target = Buffer.concat([after.subarray(at), edited(before, seed), after.subarray(0, at)]);
        const difference = diff(before, target);
        const made = await applyStreams(before, difference, target.length, pieceBytes);
        expect(made.ok && made.value.equals(target)).toBe(true);
      }),
      { numRuns: 12, seed: 20_261_124 },
    );
  });
});

/** Copies, changes, inserts and removes at random, so that every instruction and every overlap comes. */
function edited(old: Uint8Array, seed: number): Buffer {
  const random = createRandom(seed);
  const parts: Uint8Array[] = [];
  for (let count = 0; count < 1 + random(30); count += 1) {
    const from = Math.floor(random(old.length));
    const part = Buffer.from(old.subarray(from, from + Math.floor(random(3_000))));
    const every = 2 + Math.floor(random(60));
    if (random(2) < 1) for (let at = every; at < part.length; at += every) part[at] = (part[at] ?? 0) + 3;
    parts.push(part);
    if (random(3) < 1) parts.push(noise(String(seed + count), Math.floor(random(200))));
  }
  return Buffer.concat(parts);
}

describe('any edit', () => {
  it('is made again exactly, however the streams are cut', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 400 }), async (seed, pieceBytes) => {
        const old = edited(base, seed ^ 0x55);
        const target = edited(old.length === 0 ? base : old, seed);
        const made = await applyStreams(old, diff(old, target), target.length, pieceBytes);
        expect(made.ok && made.value.equals(target)).toBe(true);
      }),
      { numRuns: 60, seed: 20_261_122 },
    );
  });

  it('always gives the same streams', () => {
    const target = edited(base, 7);
    expect(diff(base, target)).toEqual(diff(Buffer.from(base), Buffer.from(target)));
  });
});
