import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createOutputReader } from '../../../supervisor/output/output-reader.ts';
import { until } from '../../kit/until.ts';
import { catalogueOf, diskBytes, flood, keep, linesIn, outputScene, rangesOf, wholeOutput } from './flooded.ts';

const LINES = 200_000;

test('a flood is cut into files while it is written, and every line is in one of them', async () => {
  const { folder, parts } = outputScene();
  const keeper = keep(parts);
  const { written } = flood(folder, 0, LINES, 9_973);
  await written;
  keeper.look();
  const { fileBytes } = parts.limits;
  await until(() => diskBytes(join(folder, 'server.log')) < 2 * fileBytes);
  await keeper.end();
  const { earlier } = catalogueOf(folder);
  expect(earlier.length).toBeGreaterThan(15);
  expect(rangesOf(linesIn(wholeOutput(folder)))).toBe(`0–${LINES - 1}`);
});

test('who follows gets every line once, over rotations and a restart', async () => {
  const { folder, parts } = outputScene();
  const keeper = keep(parts);
  const reader = createOutputReader(parts.files, folder);
  const lines: string[] = [];
  const ended = new AbortController();
  const follow = (async () => {
    for (let more = true; more || !ended.signal.aborted;) {
      const added = await reader.added();
      lines.push(...added);
      more = added.length > 0;
      if (!more) await parts.clock.sleep(5);
    }
  })();
  const first = flood(folder, 0, LINES / 2, 9_973);
  await first.written;
  first.child.kill('SIGKILL');
  await keeper.beforeStart();
  const second = flood(folder, LINES / 2, LINES / 2, 9_973);
  keeper.look();
  await second.written;
  await until(() => catalogueOf(folder).earlier.every(({ from, start }) => from === start));
  ended.abort();
  await follow;
  await keeper.end();
  expect(rangesOf(lines)).toBe(`0–${LINES - 1}`);
  expect(rangesOf(linesIn(wholeOutput(folder)))).toBe(`0–${LINES - 1}`);
});
