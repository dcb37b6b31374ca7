/**
 * Where the addresses of x86-64 programs stand, and what they most likely become in the next build.
 *
 * A call, a jump or an access to data holds its target as a distance, so that every one of them changes when anything between it
 * and its target grows; tables of pointers change likewise. All fields that lead to one place change in a way that can be worked
 * out from the first of them: the predictor remembers where each target went, and for a new target where its neighbours went.
 * It sees what both sides know (the old bytes, and the new ones made so far), needs no symbols and no file format, and a wrong
 * guess costs what a byte difference would have cost.
 *
 * Order of calls: `find`, and for what it has found `predict`, then `learn`.
 */
export interface AddressPredictor {
  /** The first field at or behind `from` in a piece of the old content that begins at `oldAt`; the piece's length without one. */
  find(piece: Uint8Array, from: number, oldAt: number): number;
  /** What the field holds in the new content, most likely; `newEnd` is the place behind it there. */
  predict(newEnd: number): number;
  /** What it does hold. */
  learn(value: number): void;
}

export const FIELD_BYTES = 4;
/** Copies of code are made in pieces of so many bytes, from their beginning; a field and its opcode lie in one of them. */
export const PIECE_BYTES = 64 * 1024;
/** Of the old and of the new content of a patch with predicted addresses: then places and distances are 32-bit numbers. */
export const CODE_BYTES_LIMIT = 1024 ** 3;

/** Eight bytes that hold less are a count or a size, not a pointer. */
const LEAST_POINTER = 65_536;
const POINTER_BYTES = 8;
/** Data without contents (`.bss`) and shifted segments reach so far behind the end of the file. */
const BEYOND_BYTES = 16 * 1024 * 1024;
/** Targets remembered: at most 8 MiB, one for each 16 bytes of old content. */
const TARGETS_LOG = { least: 10, most: 20 };
/** Targets within 4 KiB of each other are neighbours; 65,536 such blocks are told apart. */
const BLOCK_LOG = 12;
const BLOCKS = 65_536;
const UNKNOWN = -0x8000_0000;

/** What the byte before a field says: nothing, a field, a field behind 0F, a field behind an opcode that takes ModRM. */
const [NONE, ALWAYS, CONDITIONAL, RELATIVE] = [0, 1, 2, 3];
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0xe8 || byte === 0xe9) return ALWAYS;
  if (byte >= 0x80 && byte <= 0x8f) return CONDITIONAL;
  return (byte & 0xc7) === 0x05 ? RELATIVE : NONE;
});
/** Opcodes that are often followed by an operand relative to the instruction (ModRM with mod 0, r/m 5): moves, arithmetic, SSE. */
const OPCODES = new Set([
  0x01, 0x03, 0x09, 0x0b, 0x10, 0x11, 0x12, 0x13, 0x16, 0x17, 0x21, 0x23, 0x28, 0x29, 0x2b, 0x2e, 0x2f, 0x31, 0x33,
  0x38, 0x39, 0x3a, 0x3b, 0x54, 0x57, 0x58, 0x59, 0x5c, 0x5e, 0x63, 0x6e, 0x6f, 0x7e, 0x7f, 0x80, 0x81, 0x83, 0x84,
  0x85, 0x88, 0x89, 0x8a, 0x8b, 0x8d, 0xb0, 0xb1, 0xb6, 0xb7, 0xbe, 0xbf, 0xc1, 0xc6, 0xc7, 0xd4, 0xd6, 0xdb, 0xeb,
  0xef, 0xf6, 0xf7, 0xfe, 0xff,
]);
const TAKES_MODRM = Uint8Array.from({ length: 256 }, (_, byte) => (OPCODES.has(byte) ? 1 : 0));

/** Makes a predictor for one patch; its memory depends on the size of the old content alone. */
export function createAddressPredictor(oldSize: number): AddressPredictor {
  const wanted = Math.ceil(Math.log2(oldSize / 16 + 1));
  const log = Math.min(TARGETS_LOG.most, Math.max(TARGETS_LOG.least, wanted));
  const targets = new Int32Array(2 ** log).fill(-1);
  const moves = new Int32Array(2 ** log);
  const neighbours = new Int32Array(BLOCKS).fill(UNKNOWN);
  const limit = oldSize + BEYOND_BYTES;
  const slotOf = (target: number): number => Math.imul(target, 0x9e3779b1) >>> (32 - log);
  const blockOf = (target: number): number => (target >>> BLOCK_LOG) % BLOCKS;

  /** The field that was found last: what it holds, where it leads, and where distances are counted from in the new content. */
  const field = { value: 0, target: 0, relative: false, origin: 0 };

  function lookAt(piece: Uint8Array, at: number, place: number): boolean {
    field.value = readNumber(piece, at);
    field.relative = followsOpcode(piece, at);
    if (field.relative && leadsTo(place + FIELD_BYTES + field.value) && field.value !== 0) return true;
    field.relative = false;
    return place % POINTER_BYTES === 0 && isPointer(piece, at) && leadsTo(field.value);
  }

  function leadsTo(target: number): boolean {
    field.target = target;
    return target >= 0 && target < limit;
  }

  return {
    find(piece, from, oldAt) {
      const last = piece.length - FIELD_BYTES;
      for (let at = from; at <= last; at += 1) {
        const worthALook = KINDS[piece[at - 1] ?? 0] !== NONE || (oldAt + at) % POINTER_BYTES === 0;
        if (worthALook && lookAt(piece, at, oldAt + at)) return at;
      }
      return piece.length;
    },
    predict(newEnd) {
      const { target, value, relative } = field;
      field.origin = relative ? newEnd : 0;
      const slot = slotOf(target);
      const move = targets[slot] === target ? moves[slot] : neighbours[blockOf(target)];
      return move === undefined || move === UNKNOWN ? value : (target + move - field.origin) | 0;
    },
    learn(value) {
      const { target, origin } = field;
      const move = (origin + value - target) | 0;
      const slot = slotOf(target);
      targets[slot] = target;
      moves[slot] = move;
      neighbours[blockOf(target)] = move;
    },
  };
}

/** Four high bytes of zeros behind four that are no small number. */
function isPointer(piece: Uint8Array, at: number): boolean {
  if (at + POINTER_BYTES > piece.length || readNumber(piece, at + FIELD_BYTES) !== 0) return false;
  return readNumber(piece, at) >= LEAST_POINTER;
}

function followsOpcode(piece: Uint8Array, at: number): boolean {
  if (at === 0) return false;
  const kind = KINDS[piece[at - 1] ?? 0];
  if (kind === NONE) return false;
  if (kind === ALWAYS) return true;
  if (at < 2) return false;
  const before = piece[at - 2] ?? 0;
  return kind === CONDITIONAL ? before === 0x0f : TAKES_MODRM[before] === 1;
}

/** Four bytes as a signed number, the lowest first. */
export function readNumber(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}

export function writeNumber(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >> 8;
  bytes[at + 2] = value >> 16;
  bytes[at + 3] = value >> 24;
}
