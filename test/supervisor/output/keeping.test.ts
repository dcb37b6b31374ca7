import { appendFileSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { faultOf } from '../../../platform/fault.ts';
import { fail, succeed } from '../../../platform/result.ts';
import type { OutputParts } from '../../../supervisor/output/output-parts.ts';
import { createOutputReader } from '../../../supervisor/output/output-reader.ts';
import { tailOf } from '../../../supervisor/output/output-tail.ts';
import { until } from '../../kit/until.ts';
import { catalogueOf, diskBytes, keep, outputScene, type Scene, wholeOutput } from './flooded.ts';

const DAY_MS = 86_400_000;
const LONG = Array.from({ length: 100_000 }, (_, line) => `line number ${line}\n`).join('');

test('what is old is cut off behind its last whole line, however short it is', async () => {
  const { folder, parts } = outputScene();
  const path = join(folder, 'server.log');
  writeFileSync(path, 'one\ntwo\nthr');
  let now = Date.parse('2026-03-01T00:00:00Z');
  const clock = { ...parts.clock, now: () => now };
  const keeper = keep({ ...parts, clock });
  await until(() => catalogueExists(folder));
  now += DAY_MS;
  keeper.look();
  await until(() => catalogueOf(folder).earlier.length === 1);
  appendFileSync(path, 'ee\n');
  await keeper.end();
  expect(earlierFiles(folder)).toEqual(['server-20260302T000000000Z.log']);
  expect(readFileSync(join(folder, 'server-20260302T000000000Z.log'), 'utf8')).toBe('one\ntwo\n');
  expect(wholeOutput(folder)).toBe('one\ntwo\nthree\n');
  expect(await createOutputReader(parts.files, folder).last(2)).toEqual(['two', 'three']);
  // The last words of a run never hold the zeros of its hole.
  expect(await tailOf(parts.files, path, 20)).toEqual(['three']);
});

test('a run that was cut is set aside, and soon nothing has a hole any more', async () => {
  const { folder, parts } = outputScene();
  writeFileSync(join(folder, 'server.log'), `${'long line '.repeat(150_000)}\nlast\nunfinished`);
  const keeper = keep(parts);
  await until(() => catalogueExists(folder) && catalogueOf(folder).current?.cut !== 0);
  await keeper.beforeStart();
  writeFileSync(join(folder, 'server.log'), 'next run\n');
  keeper.look();
  await until(
    () =>
      catalogueOf(folder).current?.cut === 0 && catalogueOf(folder).earlier.every(({ from, start }) => from === start),
  );
  await keeper.end();
  const files = earlierFiles(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  expect(files.join('')).toBe(`${'long line '.repeat(150_000)}\nlast\nunfinished`);
  expect(await createOutputReader(parts.files, folder).last(3)).toEqual(['last', 'unfinished', 'next run']);
});

test('the oldest files go first, by number, the launcher’s counted by themselves', async () => {
  const { folder, parts } = withEarlier(12);
  const launchers = names(8).map((name) => name.replace('server', 'launcher'));
  for (const name of launchers) writeFileSync(join(folder, name), 'x');
  const launcherFiles = (): readonly string[] => readdirSync(folder).filter((name) => name.startsWith('launcher-'));
  const keeper = keep({ ...parts, limits: { ...parts.limits, filesKept: 5 } });
  await until(() => earlierFiles(folder).length === 5 && launcherFiles().length === 5);
  await keeper.end();
  expect(earlierFiles(folder)).toEqual(names(12).slice(-5));
  expect(launcherFiles()).toEqual(launchers.slice(-5));
  expect(catalogueOf(folder).earlier.map(({ name }) => name)).toEqual(names(12).slice(-5));
});

test('the oldest files go first, by the budget of the whole folder, the launcher’s among them', async () => {
  const { folder, parts } = withEarlier(12);
  writeFileSync(join(folder, 'launcher-20251231T000000000Z.log'), 'x'.repeat(1000));
  const keeper = keep({ ...parts, limits: { ...parts.limits, budgetBytes: 7_000 } });
  await until(() => earlierFiles(folder).length < 12);
  await keeper.end();
  expect(readdirSync(folder)).not.toContain('launcher-20251231T000000000Z.log');
  expect(earlierFiles(folder)).toEqual(names(12).slice(-earlierFiles(folder).length));
  expect(earlierFiles(folder).length).toBeGreaterThan(3);
  expect(earlierFiles(folder).length).toBeLessThan(7);
});

test('a nearly full disk reduces the budget', async () => {
  const { folder, parts } = withEarlier(12);
  const space = () => Promise.resolve(succeed({ device: '1', freeBytes: 47_000, totalBytes: 1_000_000 }));
  const keeper = keep({ ...parts, files: { ...parts.files, space } });
  await until(() => earlierFiles(folder).length < 12);
  await keeper.end();
  expect(earlierFiles(folder)).toEqual(names(12).slice(-9));
});

test('on a full disk, when nothing older is left, the oldest lines of the running server go', async () => {
  const { folder, parts, log } = withEarlier(2);
  const path = join(folder, 'server.log');
  writeFileSync(path, LONG);
  const files: OutputParts['files'] = {
    ...parts.files,
    space: () => Promise.resolve(succeed({ device: '1', freeBytes: 0, totalBytes: 20_000_000 })),
    openWritable: (target, options) =>
      target.endsWith('.partial')
        ? Promise.resolve(fail(faultOf('disk-full', 'no space left on the volume', { path: target })))
        : parts.files.openWritable(target, options),
  };
  const keeper = keep({ ...parts, files, limits: { ...parts.limits, fileBytes: 200_000 } });
  await until(() => log.messages().some((message) => message.includes('dropped')));
  await keeper.end();
  expect(earlierFiles(folder)).toEqual([]);
  const rest = wholeOutput(folder);
  expect(LONG.endsWith(`\n${rest}`)).toBe(true);
  // 5 % of the volume have to be free, as far as the newest piece allows.
  expect(LONG.length - rest.length).toBeGreaterThan(990_000);
  expect(LONG.length - rest.length).toBeLessThan(1_010_000);
  expect(diskBytes(path)).toBeLessThan(rest.length + 8_192);
});

test('where the start of a file cannot be given back, the file stays whole, and that is said once', async () => {
  const { folder, parts, log } = outputScene({
    freeStart: (path) => Promise.resolve(fail(faultOf('command-failed', 'not supported', { path }))),
  });
  const content = 'line\n'.repeat(500_000);
  writeFileSync(join(folder, 'server.log'), content);
  const keeper = keep(parts);
  const said = (): number => log.lines.filter(({ message }) => message.includes('at starts only')).length;
  await until(() => said() > 0);
  keeper.look();
  await parts.clock.sleep(50);
  await keeper.end();
  expect(said()).toBe(1);
  expect(earlierFiles(folder)).toEqual([]);
  expect(wholeOutput(folder)).toBe(content);
});

test('a catalogue that is lost or damaged is made again from the files, and zeros are never read', async () => {
  for (const damage of [(path: string) => rmSync(path), (path: string) => writeFileSync(path, '{"schema":9}')]) {
    const { folder, parts } = outputScene();
    writeFileSync(join(folder, 'server.log'), LONG);
    const keeper = keep(parts);
    await until(() => catalogueExists(folder) && catalogueOf(folder).current?.cut !== 0);
    await keeper.end();
    damage(join(folder, 'server-output.json'));
    const lines = await createOutputReader(parts.files, folder).last(9);
    expect(lines).toEqual(LONG.split('\n').slice(-10, -1));
    const next = keep(parts);
    await until(() => catalogueExists(folder) && catalogueOf(folder).current !== undefined);
    await next.end();
    expect(wholeOutput(folder)).toBe(LONG);
  }
});

test('who follows begins anew in a file that somebody emptied', async () => {
  const { folder, parts } = outputScene();
  const path = join(folder, 'server.log');
  const reader = createOutputReader(parts.files, folder);
  expect(await reader.last(5)).toEqual([]);
  writeFileSync(path, 'one\r\ntwo\nunfinished');
  expect(await reader.added()).toEqual(['one', 'two']);
  expect(await reader.added()).toEqual([]);
  truncateSync(path, 0);
  appendFileSync(path, 'x\n');
  expect(await reader.added()).toEqual(['unfinished', 'x']);
});

function withEarlier(count: number): Scene {
  const scene = outputScene();
  const { folder } = scene;
  for (const name of names(count)) writeFileSync(join(folder, name), 'x'.repeat(1_000));
  writeFileSync(join(folder, 'server.log'), 'now\n');
  return scene;
}

function names(count: number): readonly string[] {
  return Array.from({ length: count }, (_, day) => `server-202601${String(day + 10)}T000000000Z.log`);
}

function earlierFiles(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => /^server-.*\.log$/.test(name));
}

function catalogueExists(folder: string): boolean {
  return readdirSync(folder).includes('server-output.json');
}
