import { type Result, succeed } from '../../platform/result.ts';
import { type ByteFeed, MALFORMED, refusePatch } from './byte-feed.ts';
import { NUMBER_BYTES, unfoldSigned } from './numbers.ts';
import type { OldContent } from './old-content.ts';
import { createCodeChanger, createPlainChanger } from './piece-changer.ts';

/** Bytes that are made before they are handed on. */
const OUTPUT_BYTES = 256 * 1024;

/** The four streams of `Difference`, decompressed as they are read. */
export interface PatchFeeds {
  readonly control: ByteFeed;
  readonly gaps: ByteFeed;
  readonly changes: ByteFeed;
  readonly literals: ByteFeed;
}

export interface ApplyRequest {
  readonly old: OldContent;
  readonly feeds: PatchFeeds;
  /** Bytes of the new content, exactly. */
  readonly size: number;
  /** Whether copied bytes are first changed as `address-fields.ts` predicts; then both contents stay below its limit. */
  readonly code: boolean;
  /** Takes the next bytes; they are overwritten once it has resolved. */
  readonly take: (bytes: Uint8Array) => Promise<Result<void>>;
}

/**
 * Makes a new content from an old one; whether it is the right one is for the taker's digests to say.
 *
 * Memory is constant: one piece of each stream, 256 KiB of output, and 9 MiB to predict addresses. No instruction can read beyond the old content or write
 * beyond `size`, each makes at least one byte, and nothing may be left over in any stream.
 * Errors: `archive-invalid`, and those of the streams, of the old content and of the taker.
 */
export async function applyDifference(request: ApplyRequest): Promise<Result<void>> {
  const { control } = request.feeds;
  const copier = createCopier(request);
  let [made, place] = [0, 0];
  while (made < request.size) {
    const filled = await fillFor(control, 3 * NUMBER_BYTES);
    if (!filled.ok) return filled;
    const [move, copy, insert] = [control.number(), control.number(), control.number()];
    if (move === MALFORMED || copy === MALFORMED || insert === MALFORMED)
      return refusePatch('has a broken instruction');
    place += unfoldSigned(move);
    if (place < 0 || place > request.old.size) return refusePatch('leaves the old content');
    if (copy > request.old.size - place) return refusePatch('copies beyond the end of the old content');
    if (copy > request.size - made || insert > request.size - made - copy)
      return refusePatch('makes more bytes than it declares');
    if (copy + insert === 0) return refusePatch('has an instruction that makes nothing');
    const copied = await copier.copy(place, copy);
    if (!copied.ok) return copied;
    const inserted = await copier.insert(insert);
    if (!inserted.ok) return inserted;
    place += copy;
    made += copy + insert;
  }
  const flushed = await copier.flush();
  return flushed.ok ? expectEnds(request.feeds) : flushed;
}

/** Resolves at once, without a turn of the event loop, when the bytes are there. */
function fillFor(feed: ByteFeed, bytes: number): Promise<Result<void>> | Result<void> {
  return feed.available() >= bytes ? succeed() : feed.fill(bytes);
}

interface Copier {
  copy(place: number, bytes: number): Promise<Result<void>>;
  insert(bytes: number): Promise<Result<void>>;
  flush(): Promise<Result<void>>;
}

function createCopier({ old, feeds, code, take }: ApplyRequest): Copier {
  const output = new Uint8Array(OUTPUT_BYTES);
  const changer = code ? createCodeChanger(feeds, old.size) : createPlainChanger(feeds, OUTPUT_BYTES);
  let [used, made] = [0, 0];

  async function flush(): Promise<Result<void>> {
    const taken = used === 0 ? succeed() : await take(output.subarray(0, used));
    used = 0;
    return taken;
  }

  async function advance(bytes: number): Promise<Result<void>> {
    used += bytes;
    made += bytes;
    return used === OUTPUT_BYTES ? flush() : succeed();
  }

  return {
    flush,
    async copy(place, bytes) {
      for (let done = 0; done < bytes;) {
        const length = Math.min(changer.pieceBytes, bytes - done);
        const flushed = changer.whole && length > OUTPUT_BYTES - used ? await flush() : succeed();
        if (!flushed.ok) return flushed;
        const part = output.subarray(used, Math.min(OUTPUT_BYTES, used + length));
        const waiting = old.read(place + done, part);
        const read = waiting instanceof Promise ? await waiting : waiting;
        if (!read.ok) return read;
        const pending = changer.change(part, place + done, made);
        const changed = pending instanceof Promise ? await pending : pending;
        if (!changed.ok) return changed;
        done += part.length;
        const advanced = await advance(part.length);
        if (!advanced.ok) return advanced;
      }
      return succeed();
    },
    async insert(bytes) {
      for (let done = 0; done < bytes;) {
        const filled = await fillFor(feeds.literals, 1);
        if (!filled.ok) return filled;
        const part = feeds.literals.take(Math.min(bytes - done, OUTPUT_BYTES - used));
        if (part.length === 0) return refusePatch('lacks literal bytes');
        output.set(part, used);
        done += part.length;
        const advanced = await advance(part.length);
        if (!advanced.ok) return advanced;
      }
      return succeed();
    },
  };
}

async function expectEnds(feeds: PatchFeeds): Promise<Result<void>> {
  for (const feed of [feeds.control, feeds.gaps, feeds.changes, feeds.literals]) {
    const ended = await feed.ended();
    if (!ended.ok) return ended;
    if (!ended.value) return refusePatch('holds more than it uses');
  }
  return succeed();
}
