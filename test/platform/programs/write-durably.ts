import { createClock } from '../../../platform/node/clock.ts';
import { createFiles } from '../../../platform/node/files.ts';

/** Replaces the file, then appends to it twice; traced by the test. */
const [path = ''] = process.argv.slice(2);
const files = createFiles({ operatingSystem: 'linux', account: 'tester' }, createClock());
const outcomes = [
  await files.writeDurably(path, 'content'),
  await files.appendDurably(path, 'more'),
  await files.appendDurably(path, 'still more'),
];
if (outcomes.some((outcome) => !outcome.ok)) process.exitCode = 1;
