import { createCipheriv } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const LARGE_BYTES = 4 * 1024 * 1024;
const SMALL_BYTES = 8 * 1024;
/** Small files to each large one: about as many as a server of this kind has. */
const SMALL_FILES = 8;

/** Writes about `bytes` of files that compress by half, the same for the same seed. */
export function writeTree(folder: string, bytes: number, seed: number): void {
  for (let written = 0, part = 0; written < bytes; part += 1) {
    const own = path.join(folder, `part-${part}`);
    mkdirSync(own, { recursive: true });
    writeFileSync(path.join(own, 'large.bin'), content(seed + part, LARGE_BYTES));
    for (let file = 0; file < SMALL_FILES; file += 1)
      writeFileSync(path.join(own, `small-${file}.txt`), content((seed + part) * 100 + file + 1, SMALL_BYTES));
    written += LARGE_BYTES + SMALL_FILES * SMALL_BYTES;
  }
}

/** Half noise, half zeros, in turns of a kilobyte. */
function content(seed: number, length: number): Buffer {
  const key = Buffer.alloc(16);
  key.writeUInt32LE(seed);
  const bytes = createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
  for (let at = 1_024; at < length; at += 2_048) bytes.fill(0, at, at + 1_024);
  return bytes;
}
