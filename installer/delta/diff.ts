import { createByteChanges } from './byte-changes.ts';
import { createMatchIndex, equalBytes } from './match-index.ts';
import { appendNumber, appendSigned, createByteBuilder } from './numbers.ts';

/**
 * What turns an old content into a new one: instructions, and the bytes that they consume.
 *
 * - `control`: triples of numbers (`numbers.ts`): how far the place in the old content moves, bytes to copy from there, and
 *   literal bytes to insert behind them. Both places begin at 0; an instruction makes at least one byte.
 * - `gaps`: one number for each copied byte that differs, how many equal ones stand before it since the last such byte.
 * - `changes`: what is added to such a byte, modulo 256.
 * - `code`: whether copied bytes are first changed as `address-fields.ts` predicts.
 * - `literals`: the inserted bytes.
 *
 * Gaps and changes apart compress better by a seventh under zstd than the byte differences as they stand, mostly zeros.
 */
export interface Difference {
  readonly control: Uint8Array;
  readonly gaps: Uint8Array;
  readonly changes: Uint8Array;
  readonly literals: Uint8Array;
  readonly code: boolean;
}

/** Bytes that a new alignment must win over the present one: about what an instruction costs. */
const GAIN_BYTES = 8;
/** Equal bytes at the present alignment that make any search needless. */
const ALIGNED_BYTES = 16;
/** Bytes over which two alignments are compared. */
const WEIGHED_BYTES = 512;

interface Alignment {
  readonly oldAt: number;
  readonly newAt: number;
}

/**
 * Finds a small difference in the manner of bsdiff (Colin Percival, "Naive differences of executable code", 2003): long
 * matches that go on over single bytes that differ, because the differences of addresses repeat and compress well.
 *
 * Memory: both contents, their index (`createMatchIndex`), and what is returned.
 */
export function diff(old: Uint8Array, target: Uint8Array): Difference {
  const index = createMatchIndex(old);
  const output = createOutput(old, target);
  let present: Alignment = { oldAt: 0, newAt: 0 };
  let scan = old.length <= GAIN_BYTES ? target.length : 0;
  while (scan < target.length) {
    const near = present.oldAt + scan - present.newAt;
    const aligned = near < old.length && near >= 0 ? equalBytes(old, near, target, scan) : 0;
    if (aligned >= ALIGNED_BYTES) {
      scan += aligned;
      continue;
    }
    const { position, length } = index.find(target, scan, near);
    const weighed = Math.min(length, WEIGHED_BYTES);
    if (weighed > GAIN_BYTES && weighed - agreeing(old, near, target, scan, weighed) > GAIN_BYTES) {
      const found = { oldAt: position, newAt: scan };
      present = output.realign(present, found);
      scan += length;
    } else scan += 1;
  }
  return output.finish(present);
}

/** Bytes that agree among the next `count` at the present alignment. */
function agreeing(old: Uint8Array, near: number, target: Uint8Array, at: number, count: number): number {
  let agree = 0;
  for (let index = 0; index < count; index += 1) if (old[near + index] === target[at + index]) agree += 1;
  return agree;
}

interface Output {
  /** Writes what lies before `found`, as far as it can reach back; returns where the new alignment begins. */
  realign(present: Alignment, found: Alignment): Alignment;
  finish(present: Alignment): Difference;
}

function createOutput(old: Uint8Array, target: Uint8Array): Output {
  const [control, literals] = [createByteBuilder(), createByteBuilder()];
  const changes = createByteChanges(old, target);
  let place = 0;

  function write(present: Alignment, copyBytes: number, until: number): void {
    if (until === present.newAt) return;
    const oldAt = copyBytes === 0 ? place : present.oldAt;
    appendSigned(control, oldAt - place);
    appendNumber(control, copyBytes);
    appendNumber(control, until - present.newAt - copyBytes);
    changes.copy(present.oldAt, present.newAt, copyBytes);
    literals.append(target.subarray(present.newAt + copyBytes, until));
    place = oldAt + copyBytes;
  }

  return {
    realign(present, found) {
      const room = found.newAt - present.newAt;
      let forward = forwardBytes(old, target, present, room);
      let backward = backwardBytes(old, target, found, room);
      if (forward + backward > room) {
        const overlap = forward + backward - room;
        const kept = splitOverlap(old, target, { present, found, forward, backward, overlap });
        forward += kept - overlap;
        backward -= kept;
      }
      const next = { oldAt: found.oldAt - backward, newAt: found.newAt - backward };
      write(present, forward, next.newAt);
      return next;
    },
    finish(present) {
      const forward = forwardBytes(old, target, present, target.length - present.newAt);
      write(present, forward, target.length);
      return { control: control.bytes(), literals: literals.bytes(), ...changes.finish() };
    },
  };
}

/** How far copying goes on with more bytes right than wrong. */
function forwardBytes(old: Uint8Array, target: Uint8Array, from: Alignment, room: number): number {
  const limit = Math.min(room, old.length - from.oldAt);
  let [score, best, bytes] = [0, 0, 0];
  for (let index = 0; index < limit; index += 1) {
    score += old[from.oldAt + index] === target[from.newAt + index] ? 1 : -1;
    if (score <= best) continue;
    best = score;
    bytes = index + 1;
  }
  return bytes;
}

function backwardBytes(old: Uint8Array, target: Uint8Array, from: Alignment, room: number): number {
  const limit = Math.min(room, from.oldAt);
  let [score, best, bytes] = [0, 0, 0];
  for (let index = 1; index <= limit; index += 1) {
    score += old[from.oldAt - index] === target[from.newAt - index] ? 1 : -1;
    if (score <= best) continue;
    best = score;
    bytes = index;
  }
  return bytes;
}

interface Overlap {
  readonly present: Alignment;
  readonly found: Alignment;
  readonly forward: number;
  readonly backward: number;
  readonly overlap: number;
}

/** Where both alignments reach the same bytes: how many of them the earlier one keeps so that most are right. */
function splitOverlap(old: Uint8Array, target: Uint8Array, reach: Overlap): number {
  const { present, found, forward, backward, overlap } = reach;
  let [score, best, kept] = [0, 0, 0];
  for (let index = 0; index < overlap; index += 1) {
    const byte = target[present.newAt + forward - overlap + index];
    if (byte === old[present.oldAt + forward - overlap + index]) score += 1;
    if (byte === old[found.oldAt - backward + index]) score -= 1;
    if (score <= best) continue;
    best = score;
    kept = index + 1;
  }
  return kept;
}
