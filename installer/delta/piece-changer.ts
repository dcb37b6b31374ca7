import { type Result, succeed } from '../../platform/result.ts';
import { createAddressPredictor, FIELD_BYTES, PIECE_BYTES, readNumber, writeNumber } from './address-fields.ts';
import { type ByteFeed, MALFORMED, refusePatch } from './byte-feed.ts';
import { NUMBER_BYTES } from './numbers.ts';

/** Makes new bytes of the old ones that were copied. */
export interface PieceChanger {
  /** The longest piece that it takes at once. */
  readonly pieceBytes: number;
  /** Whether where a copy is cut into pieces matters: each but its last has `pieceBytes`. */
  readonly whole: boolean;
  /** Makes new bytes of old ones, in place, which stand at these places of both contents. */
  change(piece: Uint8Array, oldAt: number, newAt: number): Promise<Result<void>> | Result<void>;
}

/** Where in copied bytes differences are, and what they are; see `Difference`. */
interface ChangeFeeds {
  readonly gaps: ByteFeed;
  readonly changes: ByteFeed;
}

/** Adds the differences and nothing else, to pieces of at most `pieceBytes`. */
export function createPlainChanger(feeds: ChangeFeeds, pieceBytes: number): PieceChanger {
  const changer = createChanger(feeds);
  return {
    pieceBytes,
    whole: false,
    change: (piece) => changer.change(piece, 0, piece.length),
  };
}

/** Predicts each address, corrects it like any byte, and remembers what came out. */
export function createCodeChanger(feeds: ChangeFeeds, oldSize: number): PieceChanger {
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

function createChanger({ gaps, changes }: ChangeFeeds): Changer {
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
