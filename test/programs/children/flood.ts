import { writeSync } from 'node:fs';

/**
 * Writes numbered lines to its output, in pieces that end anywhere, as fast as it can or with pauses; then it goes on living.
 *
 * Arguments: the first number, how many lines, bytes of a piece, pause between pieces in milliseconds.
 */
const [first = 0, lines = 0, pieceBytes = 65_536, pauseMs = 0] = process.argv.slice(2).map(Number);
const FILLING = 'x'.repeat(100);
const LINES_AT_ONCE = 4096;

for (let number = first; number < first + lines; number += LINES_AT_ONCE) {
  const count = Math.min(LINES_AT_ONCE, first + lines - number);
  const text = Array.from({ length: count }, (_, index) => `line ${number + index} ${FILLING}\n`).join('');
  await write(Buffer.from(text));
}
process.stderr.write(`wrote ${first + lines}\n`);
setInterval(() => undefined, 60_000);

async function write(bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(1, bytes, done, Math.min(pieceBytes, bytes.length - done));
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
