import { openSync } from 'node:fs';

/** Loaded into the launcher of a control: at each SIGUSR2 it holds more memory and one more descriptor than before. */
const LEAKED_BYTES = 40_000_000;
const held: unknown[] = [];
process.on('SIGUSR2', () => held.push(openSync('/dev/null', 'r'), Buffer.alloc(LEAKED_BYTES, 1)));
