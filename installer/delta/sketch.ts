/** Hashes kept of a content. */
const SKETCH_SIZE = 24;

/** Pseudo-random words, one for each byte value: the rolling hash of the last 32 bytes is their sum, shifted. */
const WORDS = Int32Array.from({ length: 256 }, (_, byte) => scatter(byte + 1));

/** The smallest hashes of all windows of 32 bytes: two contents share about as many as they share windows (A. Broder, 1997). */
export type Sketch = readonly number[];

export interface Sketcher {
  add(bytes: Uint8Array): void;
  sketch(): Sketch;
}

/** Makes a sketch of bytes as they come; constant memory, one look at each byte. */
export function createSketcher(): Sketcher {
  const smallest: number[] = [];
  let rolling = 0;
  let largest = 0xffffffff;

  function keep(hash: number): void {
    if (smallest.includes(hash)) return;
    smallest.push(hash);
    smallest.sort((a, b) => a - b);
    if (smallest.length > SKETCH_SIZE) smallest.pop();
    if (smallest.length === SKETCH_SIZE) largest = smallest[SKETCH_SIZE - 1] ?? 0;
  }

  return {
    add(bytes) {
      for (const byte of bytes) {
        rolling = ((rolling << 1) + (WORDS[byte] ?? 0)) | 0;
        const hash = Math.imul(rolling, 0x9e3779b1) >>> 0;
        if (hash < largest) keep(hash);
      }
    },
    sketch: () => smallest,
  };
}

function scatter(seed: number): number {
  let hash = Math.imul(seed, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
