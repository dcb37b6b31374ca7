import { randomBytes } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { compressFrame } from '../../../installer/pack/compress.ts';
import { createFrameScanner } from '../../../installer/pack/frame.ts';
import { faultOf } from '../../../platform/fault.ts';
import { fail, type Result, succeed } from '../../../platform/result.ts';

const noise = (bytes: number): Uint8Array => randomBytes(bytes);

/** Pieces that are all there at once: the end comes while the last is still being taken. */
async function* burst(pieces: readonly Result<Uint8Array>[]): AsyncGenerator<Result<Uint8Array>> {
  yield* await Promise.resolve(pieces);
}

async function compress(
  pieces: readonly Uint8Array[],
  level = 1,
): Promise<{ readonly result: Result<void>; readonly frame: Buffer }> {
  const taken: Uint8Array[] = [];
  const size = pieces.reduce((sum, { length }) => sum + length, 0);
  const result = await compressFrame(burst(pieces.map((piece) => succeed(piece))), { level, size }, (bytes) => {
    taken.push(Uint8Array.from(bytes));
    return Promise.resolve(succeed());
  });
  return { result, frame: Buffer.concat(taken) };
}

it.each([
  ['one byte', [noise(1)]],
  ['one piece', [noise(60_000)]],
  ['two pieces, the end right behind them', [noise(50_000), noise(10_000)]],
  ['a piece for each file of a group', Array.from({ length: 200 }, (_, index) => noise(index + 1))],
  ['more than the window', Array.from({ length: 40 }, () => noise(256 * 1024))],
  ['much that is the same', Array.from({ length: 40 }, () => new Uint8Array(256 * 1024))],
])('makes exactly one frame of %s', async (_, pieces) => {
  const { result, frame } = await compress(pieces);
  expect(result).toEqual(succeed());
  const scanner = createFrameScanner();
  expect(scanner.push(frame) ?? scanner.end()).toBeUndefined();
  expect(zstdDecompressSync(frame).equals(Buffer.concat(pieces))).toBe(true);
});

it('gives the same bytes each time', async () => {
  const pieces = Array.from({ length: 20 }, (_, index) => noise(10_000 + index));
  const frames = await Promise.all(Array.from({ length: 20 }, async () => compress(pieces, 19)));
  expect(new Set(frames.map(({ frame }) => frame.toString('base64'))).size).toBe(1);
});

const broken = fail(faultOf('file-held', 'the file is held'));

it.each([
  ['a fault of the pieces', burst([succeed(noise(300_000)), broken]), 600_000, 'file-held'],
  ['fewer bytes than said', burst([succeed(noise(100))]), 200, 'io-error'],
  ['more bytes than said', burst([succeed(noise(300))]), 200, 'io-error'],
])('returns %s', async (_, pieces, size, code) => {
  const result = await compressFrame(pieces, { level: 1, size }, () => Promise.resolve(succeed()));
  expect(result).toMatchObject({ ok: false, fault: { code } });
});

it('stops reading when nobody takes the bytes', async () => {
  let asked = 0;
  async function* endless(): AsyncGenerator<Result<Uint8Array>> {
    for (; asked < 1_000; asked += 1) yield await Promise.resolve(succeed(noise(256 * 1024)));
  }
  const full = fail(faultOf('disk-full', 'no space left'));
  const result = await compressFrame(endless(), { level: 1, size: 1_000 * 256 * 1024 }, () => Promise.resolve(full));
  expect(result).toEqual(full);
  expect(asked).toBeLessThan(100);
});
