import { type Result, succeed } from '../../platform/result.ts';
import { createAddressPredictor, FIELD_BYTES, PIECE_BYTES, readNumber, writeNumber } from './address-fields.ts';
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
  const changer = code ? createCodeChanger(feeds, old.size) : createPlainChanger(createChanger(feeds));
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

interface PieceChanger {
  /** The longest piece that it takes at once. */
  readonly pieceBytes: number;
  /** Whether where a copy is cut into pieces matters: each but its last has `pieceBytes`. */
  readonly whole: boolean;
  /** Makes new bytes of old ones, in place, which stand at these places of both contents. */
  change(piece: Uint8Array, oldAt: number, newAt: number): Promise<Result<void>> | Result<void>;
}

function createPlainChanger(changer: Changer): PieceChanger {
  return {
    pieceBytes: OUTPUT_BYTES,
    whole: false,
    change: (piece) => changer.change(piece, 0, piece.length),
  };
}

/** Predicts each address, corrects it like any byte, and remembers what came out. */
function createCodeChanger(feeds: PatchFeeds, oldSize: number): PieceChanger {
  const changer = createChanger(feeds);
  const predictor = createAddressPredictor(oldSize);
  const kept = new Uint8Array(PIECE_BYTES);

  return {
    pieceBytes: PIECE_BYTES,
    whole: true,
    async change(piece, oldAt, newAt) {
      kept.set(piece);
      const old = kept.subarray(0, piece.length);
      for (let at = 0; at < piece.length;) {
        const field = predictor.find(old, at, oldAt);
        const until = Math.min(field + FIELD_BYTES, piece.length);
        if (field < until) writeNumber(piece, field, predictor.predict(newAt + until));
        const pending = changer.change(piece, at, until);
        const changed = pending instanceof Promise ? await pending : pending;
        if (!changed.ok) return changed;
        if (field < until) predictor.learn(readNumber(piece, field));
        at = until;
      }
      return succeed();
    },
  };
}

interface Changer {
  /** Adds the differences to copied bytes, in place. */
  change(bytes: Uint8Array, from: number, until: number): Promise<Result<void>> | Result<void>;
}

function createChanger({ gaps, changes }: PatchFeeds): Changer {
  /** Equal bytes before the next one that differs; undefined until it has been read. */
  let gap: number | undefined;

  /** Goes on as long as both streams have bytes at hand; returns how far it came. */
  function changeAtHand(bytes: Uint8Array, from: number, until: number): number {
    let at = from;
    while (at < until) {
      if (gap === undefined) {
        if (gaps.available() < NUMBER_BYTES) return at;
        gap = gaps.number();
        if (gap === MALFORMED) return at;
      }
      const equal = Math.min(gap, until - at);
      gap -= equal;
      at += equal;
      if (at === until) return at;
      if (changes.available() === 0) return at;
      bytes[at] = (bytes[at] ?? 0) + changes.byte();
      at += 1;
      gap = undefined;
    }
    return at;
  }

  async function changeRest(bytes: Uint8Array, from: number, until: number): Promise<Result<void>> {
    for (let at = from; at < until;) {
      const filled = await refill();
      if (!filled.ok) return filled;
      at = changeAtHand(bytes, at, until);
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
    change(bytes, from, until) {
      const at = changeAtHand(bytes, from, until);
      return at === until ? succeed() : changeRest(bytes, at, until);
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
