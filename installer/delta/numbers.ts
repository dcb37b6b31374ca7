/** Bytes that grow as they are written. */
export interface ByteBuilder {
  push(byte: number): void;
  append(bytes: Uint8Array): void;
  /** What was written, without a copy. */
  bytes(): Uint8Array;
}

export function createByteBuilder(): ByteBuilder {
  let buffer = new Uint8Array(1_024);
  let length = 0;

  function reserve(more: number): void {
    if (length + more <= buffer.length) return;
    const larger = new Uint8Array(Math.max(buffer.length * 2, length + more));
    larger.set(buffer);
    buffer = larger;
  }

  return {
    push(byte) {
      reserve(1);
      buffer[length] = byte;
      length += 1;
    },
    append(bytes) {
      reserve(bytes.length);
      buffer.set(bytes, length);
      length += bytes.length;
    },
    bytes: () => buffer.subarray(0, length),
  };
}

/** Bytes of the longest number: eight groups of seven bits hold 2^53 − 1. */
export const NUMBER_BYTES = 8;

/** Appends a whole number from 0 to 2^53 − 1 in groups of seven bits, the lowest first (LEB128). */
export function appendNumber(output: ByteBuilder, value: number): void {
  let rest = value;
  while (rest >= 128) {
    output.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  output.push(rest);
}

/** Appends a whole number of either sign: 0, −1, 1, −2 … become 0, 1, 2, 3 … */
export function appendSigned(output: ByteBuilder, value: number): void {
  appendNumber(output, value < 0 ? -2 * value - 1 : 2 * value);
}

/** Undoes the folding of `appendSigned`. */
export function unfoldSigned(folded: number): number {
  return folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2;
}
