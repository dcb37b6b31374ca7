import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { constants, zstdCompressSync } from 'node:zlib';
import { createFrameScanner } from '../../../installer/pack/frame.ts';

function scan(bytes: Uint8Array, step = bytes.length): string | undefined {
  const scanner = createFrameScanner();
  for (let at = 0; at < bytes.length; at += Math.max(1, step)) scanner.push(bytes.subarray(at, at + Math.max(1, step)));
  return scanner.end();
}

const frames = fc
  .record({
    bytes: fc.uint8Array({ maxLength: 3_000 }),
    repeat: fc.integer({ min: 1, max: 120 }),
    checksum: fc.boolean(),
  })
  .map(({ bytes, repeat, checksum }) =>
    zstdCompressSync(Buffer.concat(Array<Uint8Array>(repeat).fill(bytes)), {
      params: { [constants.ZSTD_c_checksumFlag]: checksum ? 1 : 0 },
    }),
  );

describe('the frame scanner', () => {
  it('accepts what zstd writes, however it is cut into pieces', () => {
    fc.assert(
      fc.property(frames, fc.integer({ min: 1, max: 4_000 }), (frame, step) => {
        expect(scan(frame, step)).toBeUndefined();
      }),
      { numRuns: 150 },
    );
  });

  it('refuses every cut and everything that follows', () => {
    fc.assert(
      fc.property(frames, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 30 }), (frame, cut, tail) => {
        expect(scan(frame.subarray(0, cut % frame.length))).toBe('the frame is truncated');
        expect(scan(Buffer.concat([frame, tail]))).toBe('bytes follow the frame');
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    [23, undefined],
    [24, 'the frame wants a window of 16777216 bytes'],
    [26, 'the frame wants a window of 67108864 bytes'],
  ])('knows a window of 2^%i', (windowLog, problem) => {
    const frame = zstdCompressSync(Buffer.alloc(40_000_000), {
      params: { [constants.ZSTD_c_windowLog]: windowLog, [constants.ZSTD_c_contentSizeFlag]: 0 },
    });
    expect(scan(frame)).toBe(problem);
  });

  it('takes the content size of a single-segment frame for its window', () => {
    // Magic, descriptor (single segment, 8-byte content size), content size, one last raw block of no bytes.
    const head = [0x28, 0xb5, 0x2f, 0xfd, 0xe0];
    const size = (bytes: number[]): Uint8Array => Uint8Array.from([...head, ...bytes, 1, 0, 0]);
    expect(scan(size([0, 0, 0x80, 0, 0, 0, 0, 0]))).toBeUndefined();
    expect(scan(size([1, 0, 0x80, 0, 0, 0, 0, 0]))).toContain('window');
    expect(scan(size([0, 0, 0, 0, 0, 0, 0, 0x80]))).toContain('window');
  });

  it.each([
    ['no magic', [1, 2, 3, 4, 5, 6, 7, 8, 9], 'no zstd frame'],
    ['a reserved bit', [0x28, 0xb5, 0x2f, 0xfd, 0x08, 0x50], 'reserved bit'],
    ['a dictionary', [0x28, 0xb5, 0x2f, 0xfd, 0x01, 0x50, 7], 'dictionary'],
    ['a reserved block', [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50, 0x07, 0, 0], 'reserved type'],
    ['a skippable frame', [0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4], 'no zstd frame'],
  ])('refuses %s', (_, bytes, why) => {
    expect(scan(Uint8Array.from(bytes))).toContain(why);
  });
});
