import { type Result, succeed } from '../../platform/result.ts';
import { type ByteFeed, MALFORMED, refusePatch } from './byte-feed.ts';
import { NUMBER_BYTES, unfoldSigned } from './numbers.ts';
import type { OldContent } from './old-content.ts';

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
  /** Takes the next bytes; they are overwritten once it has resolved. */
  readonly take: (bytes: Uint8Array) => Promise<Result<void>>;
}

/**
 * Makes a new content from an old one; whether it is the right one is for the taker's digests to say.
 *
 * Memory is constant: one piece of each stream and 256 KiB of output. No instruction can read beyond the old content or write
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

function createCopier({ old, feeds, take }: ApplyRequest): Copier {
  const output = new Uint8Array(OUTPUT_BYTES);
  const changer = createChanger(feeds);
  let used = 0;

  async function flush(): Promise<Result<void>> {
    const taken = used === 0 ? succeed() : await take(output.subarray(0, used));
    used = 0;
    return taken;
  }

  return {
    flush,
    async copy(place, bytes) {
      for (let done = 0; done < bytes;) {
        const part = output.subarray(used, Math.min(OUTPUT_BYTES, used + bytes - done));
        const waiting = old.read(place + done, part);
        const read = waiting instanceof Promise ? await waiting : waiting;
        if (!read.ok) return read;
        const pending = changer.change(part);
        const changed = pending instanceof Promise ? await pending : pending;
        if (!changed.ok) return changed;
        done += part.length;
        used += part.length;
        const flushed = used === OUTPUT_BYTES ? await flush() : succeed();
        if (!flushed.ok) return flushed;
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
        used += part.length;
        const flushed = used === OUTPUT_BYTES ? await flush() : succeed();
        if (!flushed.ok) return flushed;
      }
      return succeed();
    },
  };
}

interface Changer {
  /** Adds the differences to copied bytes, in place. */
  change(bytes: Uint8Array): Promise<Result<void>> | Result<void>;
}

function createChanger({ gaps, changes }: PatchFeeds): Changer {
  /** Equal bytes before the next one that differs; undefined until it has been read. */
  let gap: number | undefined;

  /** Goes on as long as both streams have bytes at hand; returns how far it came. */
  function changeAtHand(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length) {
      if (gap === undefined) {
        if (gaps.available() < NUMBER_BYTES) return at;
        gap = gaps.number();
        if (gap === MALFORMED) return at;
      }
      const equal = Math.min(gap, bytes.length - at);
      gap -= equal;
      at += equal;
      if (at === bytes.length) return at;
      if (changes.available() === 0) return at;
      bytes[at] = (bytes[at] ?? 0) + changes.byte();
      at += 1;
      gap = undefined;
    }
    return at;
  }

  async function changeRest(bytes: Uint8Array, from: number): Promise<Result<void>> {
    for (let at = from; at < bytes.length;) {
      const filled = await refill();
      if (!filled.ok) return filled;
      at = changeAtHand(bytes, at);
    }
    return succeed();
  }

  /** Behind the last difference everything is equal, however much still comes. */
  async function refill(): Promise<Result<void>> {
    const filled = gap === undefined ? await gaps.fill(NUMBER_BYTES) : succeed();
    if (!filled.ok) return filled;
    if (gap === undefined) gap = gaps.available() === 0 ? Number.MAX_SAFE_INTEGER : gaps.number();
    if (gap === MALFORMED) return refusePatch('has a broken gap');
    const changesFilled = await changes.fill(1);
    if (!changesFilled.ok) return changesFilled;
    return changes.available() === 0 && gap < Number.MAX_SAFE_INTEGER ? refusePatch('lacks differences') : succeed();
  }

  return {
    change(bytes) {
      const at = changeAtHand(bytes, 0);
      return at === bytes.length ? succeed() : changeRest(bytes, at);
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
