import { constants, zstdCompressSync } from 'node:zlib';
import { applyDifference, type PatchFeeds } from '../../../installer/delta/apply.ts';
import { type ByteFeed, createByteFeed } from '../../../installer/delta/byte-feed.ts';
import type { Difference } from '../../../installer/delta/diff.ts';
import type { OldContent } from '../../../installer/delta/old-content.ts';
import type { OpenFiles } from '../../../installer/pack/file-bytes.ts';
import { faultOf } from '../../../platform/fault.ts';
import type { FileFacts } from '../../../platform/files.ts';
import { fail, type Result, succeed } from '../../../platform/result.ts';

/** Numbers that are the same in every run (Mulberry32, public domain): from 0 to `below`, exclusive. */
export function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below;
  };
}

/** Files that exist in memory only, for those who just read. */
export function memoryFiles(contents: Readonly<Record<string, Uint8Array>>): OpenFiles {
  return {
    openReadable(path) {
      const content = contents[path];
      if (content === undefined) return Promise.resolve(fail(faultOf('not-found', 'no such file', { path })));
      return Promise.resolve(
        succeed({
          read(buffer: Uint8Array, position: number) {
            const part = content.subarray(position, position + buffer.length);
            buffer.set(part);
            return Promise.resolve(succeed(part.length));
          },
          facts: () => Promise.resolve(succeed(factsOf(content.length))),
          close: () => Promise.resolve(),
        }),
      );
    },
  };
}

function factsOf(size: number): FileFacts {
  const numbers = { size, mode: 0o644, owner: 0, group: 0, modifiedMs: 0, changedMs: 0, links: 1 };
  return { kind: 'file', ...numbers, inode: '1', device: '1' };
}

export function oldContent(bytes: Uint8Array): OldContent {
  return {
    size: bytes.length,
    read(position, target) {
      if (position < 0 || position + target.length > bytes.length) throw new Error('read outside of the old content');
      target.set(bytes.subarray(position, position + target.length));
      return succeed();
    },
    close: () => Promise.resolve(),
  };
}

/** Applies streams that come in pieces of `pieceBytes`; nothing beyond `size` is ever taken. */
export async function applyStreams(
  old: Uint8Array,
  streams: Difference,
  size: number,
  pieceBytes = 1_000,
): Promise<Result<Buffer>> {
  const made: Uint8Array[] = [];
  let bytes = 0;
  const applied = await applyDifference({
    old: oldContent(old),
    feeds: feedsOf(streams, pieceBytes),
    size,
    code: streams.code,
    take(part) {
      bytes += part.length;
      if (bytes > size) throw new Error('more bytes than declared');
      made.push(Uint8Array.from(part));
      return Promise.resolve(succeed());
    },
  });
  return applied.ok ? succeed(Buffer.concat(made)) : applied;
}

function feedsOf({ control, gaps, changes, literals }: Difference, pieceBytes: number): PatchFeeds {
  const feed = (bytes: Uint8Array): ByteFeed => createByteFeed(pieces(bytes, pieceBytes));
  return { control: feed(control), gaps: feed(gaps), changes: feed(changes), literals: feed(literals) };
}

async function* pieces(bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Result<Uint8Array>> {
  for (let at = 0; at < bytes.length; at += pieceBytes)
    yield await Promise.resolve(succeed(bytes.subarray(at, at + pieceBytes)));
}

export function frame(bytes: Uint8Array): Buffer {
  return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
}
