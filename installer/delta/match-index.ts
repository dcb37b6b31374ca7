/** The longest place in the old bytes that equals the bytes asked for; `length` 0 when none is known. */
export interface Match {
  readonly position: number;
  readonly length: number;
}

/** Finds where bytes of a new content stand in an old one. */
export interface MatchIndex {
  /** The longest match of `target` from `at` on; `near` wins among equals, for then the alignment stays the same. */
  find(target: Uint8Array, at: number, near: number): Match;
}

/** Bytes of the anchors: a short one is found nearly everywhere, a long one among thousands of equal short ones. */
const SHORT_BYTES = 8;
const LONG_BYTES = 32;
/** Long anchors begin at each fourth byte: a match of 35 bytes holds one, and the search backwards finds its beginning. */
const LONG_STEP = 4;
/** Equal anchors that are compared before the longest of them is taken. */
const SHORT_TRIES = 40;
const LONG_TRIES = 12;
/** A match of that many bytes is good enough: the other candidates are not looked at. */
const AMPLE_BYTES = 1_024;
/** Positions of an index, 4 bytes each; a larger old content is sampled at every second, third … byte. */
const POSITIONS_LIMIT = 48 * 1024 * 1024;
const HEADS_LOG_LIMIT = 23;

interface AnchorTable {
  readonly step: number;
  readonly shift: number;
  /** The first anchor of each hash, as its number plus one; 0 when there is none. */
  readonly heads: Int32Array;
  /** The next anchor that has the same hash. */
  readonly following: Int32Array;
}

/**
 * Makes an index of `old`, which must not change while it is used.
 *
 * Memory beside `old`: 4 bytes for each byte up to 48 MiB and no more beyond (fewer places are remembered), a quarter of that
 * for the long anchors, and at most 64 MiB of hash heads: 320 MiB whatever the size. Time grows with the size alone.
 */
export function createMatchIndex(old: Uint8Array): MatchIndex {
  const short = createTable(old, SHORT_BYTES, Math.max(1, Math.ceil(old.length / POSITIONS_LIMIT)));
  const long = createTable(old, LONG_BYTES, Math.max(LONG_STEP, Math.ceil((old.length * LONG_STEP) / POSITIONS_LIMIT)));
  const best = { position: 0, length: 0 };

  function search(table: AnchorTable, hash: number, tries: number, target: Uint8Array, at: number): void {
    let anchor = table.heads[hash >>> table.shift] ?? 0;
    for (let tried = 0; anchor !== 0 && tried < tries && best.length < AMPLE_BYTES; tried += 1) {
      const position = (anchor - 1) * table.step;
      consider(position, target, at);
      anchor = table.following[anchor - 1] ?? 0;
    }
  }

  function consider(position: number, target: Uint8Array, at: number): void {
    const { length } = best;
    // A longer match agrees at the byte behind the best one so far: most candidates fail here.
    if (length > 0 && old[position + length] !== target[at + length]) return;
    const equal = equalBytes(old, position, target, at);
    if (equal <= length) return;
    best.position = position;
    best.length = equal;
  }

  return {
    find(target, at, near) {
      best.position = near;
      best.length = near >= 0 && near < old.length ? equalBytes(old, near, target, at) : 0;
      if (at + LONG_BYTES <= target.length) search(long, hashAt(target, at, LONG_BYTES), LONG_TRIES, target, at);
      if (at + SHORT_BYTES <= target.length) search(short, hashAt(target, at, SHORT_BYTES), SHORT_TRIES, target, at);
      return best;
    },
  };
}

function createTable(old: Uint8Array, anchorBytes: number, step: number): AnchorTable {
  const anchors = old.length < anchorBytes ? 0 : Math.floor((old.length - anchorBytes) / step) + 1;
  const log = Math.min(HEADS_LOG_LIMIT, Math.max(8, Math.ceil(Math.log2(anchors + 1))));
  const shift = 32 - log;
  const heads = new Int32Array(2 ** log);
  const following = new Int32Array(anchors);
  // From the end, so that the first of equal anchors is tried first: in a run of equal bytes it reaches farthest.
  for (let anchor = anchors - 1; anchor >= 0; anchor -= 1) {
    const slot = hashAt(old, anchor * step, anchorBytes) >>> shift;
    following[anchor] = heads[slot] ?? 0;
    heads[slot] = anchor + 1;
  }
  return { step, shift, heads, following };
}

/** Mixes the bytes four at a time (the constants of MurmurHash3, public domain). */
function hashAt(bytes: Uint8Array, at: number, count: number): number {
  let hash = 0;
  for (let index = at; index < at + count; index += 4) {
    const word =
      (bytes[index] ?? 0) |
      ((bytes[index + 1] ?? 0) << 8) |
      ((bytes[index + 2] ?? 0) << 16) |
      ((bytes[index + 3] ?? 0) << 24);
    hash = Math.imul(hash ^ Math.imul(word, 0xcc9e2d51), 0x1b873593);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** How many bytes from `left` of `a` equal those from `right` of `b`. */
export function equalBytes(a: Uint8Array, left: number, b: Uint8Array, right: number): number {
  const limit = Math.min(a.length - left, b.length - right);
  let count = 0;
  while (count < limit && a[left + count] === b[right + count]) count += 1;
  return count;
}
