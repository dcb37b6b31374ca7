import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLauncherLog } from '../../../launcher/wiring/launcher-log.ts';
import { faultOf } from '../../../platform/fault.ts';
import { fail } from '../../../platform/result.ts';
import { openPlatform } from '../../../platform/current.ts';
import { createLogTail } from '../../../launcher/cli/log-tail.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { until } from '../../kit/until.ts';

const { files, clock } = openPlatform();
const LIMITS = { fileBytes: 1_000_000, ageMs: 86_400_000 };

test('a line of the log is one JSON line in the file, and a plain one for a person', async () => {
  const folder = temporaryFolder();
  const shown: string[] = [];
  const output = { write: (text: string) => void shown.push(text), isTerminal: false, columns: 80 };
  const log = await openLauncherLog({ files, clock }, { folder, limits: LIMITS, level: 'info', output });
  log.info('ready', { port: 1 });
  const lines = readFileSync(join(folder, 'launcher.log'), 'utf8').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ msg: 'ready', port: 1 }]);
  expect(shown).toEqual([expect.stringMatching(/ ready port=1\n$/)]);
});

test('a log that cannot be opened costs its lines, is said once a line, and is tried again', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'launcher.log');
  mkdirSync(path);
  const shown: string[] = [];
  const output = { write: (text: string) => void shown.push(text), isTerminal: false, columns: 80 };
  const log = await openLauncherLog({ files, clock }, { folder, limits: LIMITS, level: 'info', output });
  log.info('one');
  expect(shown).toEqual([expect.stringContaining('EISDIR'), expect.stringContaining('one')]);
  rmdirSync(path);
  log.info('two');
  expect(readFileSync(path, 'utf8')).toContain('two');
});

test.skipIf(!existsSync('/dev/full'))('a disk that takes nothing more does not end the launcher', async () => {
  const folder = temporaryFolder();
  symlinkSync('/dev/full', join(folder, 'launcher.log'));
  const shown: string[] = [];
  const output = { write: (text: string) => void shown.push(text), isTerminal: false, columns: 80 };
  const log = await openLauncherLog({ files, clock }, { folder, limits: LIMITS, level: 'info', output });
  log.info('nobody reads this');
  log.info('nor this');
  expect(shown.some((line) => line.includes('ENOSPC'))).toBe(true);
  expect(shown.at(-1)).toContain('nor this');
});

function logsIn(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => /^launcher(-\d{8}T\d{9}Z)?\.log$/.test(name));
}

function numbersIn(lines: readonly string[]): readonly number[] {
  return lines.map((line) => (JSON.parse(line) as { readonly number: number }).number);
}

test('a large log gets a name of its own; no line is lost or doubled, and a reader follows over all of them', async () => {
  const folder = temporaryFolder();
  const limits = { fileBytes: 2_000, ageMs: 86_400_000 };
  const log = await openLauncherLog({ files, clock }, { folder, limits, level: 'info' });
  const tail = createLogTail(files, join(folder, 'launcher.log'));
  const follower = createLogTail(files, join(folder, 'launcher.log'));
  const followed: string[] = [];
  let number = 0;
  await until(async () => {
    for (let count = 0; count < 7; count += 1) log.info('line', { number: (number += 1) });
    followed.push(...(await follower.added()));
    return logsIn(folder).length >= 5;
  });
  const expected = Array.from({ length: number }, (_, index) => index + 1);
  expect(numbersIn(await tail.last(10_000))).toEqual(expected);
  // A renaming under way shows the file by both of its names.
  const path = join(folder, 'launcher.log');
  await until(() => !existsSync(path) || statSync(path).nlink === 1);
  const written = logsIn(folder).toSorted((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1));
  expect(numbersIn(written.flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n')))).toEqual(
    expected,
  );
  await until(async () => followed.push(...(await follower.added())) >= number);
  expect(numbersIn(followed)).toEqual(expected);
  await Promise.all([tail.close(), follower.close()]);
});

/** The file that is written now comes last. */
function orderOf(name: string): string {
  return name === 'launcher.log' ? '~' : name;
}

test('an old log gets a name of its own, with the age of its first line, whoever wrote that', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'launcher.log');
  const fake = createFakeClock();
  const at = (age: number): string => new Date(fake.now() - age).toISOString();
  writeFileSync(path, `{"level":30,"time":"${at(80_000)}","msg":"first"}\n{"time":"${at(10)}","msg":"last"}\n`);
  const log = await openLauncherLog(
    { files, clock: fake },
    { folder, limits: { ...LIMITS, ageMs: 90_000 }, level: 'info' },
  );
  log.info('young enough');
  expect(logsIn(folder)).toEqual(['launcher.log']);
  await fake.advance(10_000);
  log.info('the last one of the old file');
  await until(() => {
    if (!existsSync(path)) log.info('the first one of the new file');
    return logsIn(folder).length === 2;
  });
  expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(1);
  await fake.advance(80_000);
  log.info('young again');
  expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(2);
});

test('a launcher that died between the halves of a renaming leaves no log with two names', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'launcher.log');
  writeFileSync(path, '{"msg":"before"}\n');
  linkSync(path, join(folder, 'launcher-20260101T000000000Z.log'));
  const log = await openLauncherLog({ files, clock }, { folder, limits: LIMITS, level: 'info' });
  log.info('after');
  expect(readFileSync(path, 'utf8')).not.toContain('before');
  expect(readFileSync(join(folder, 'launcher-20260101T000000000Z.log'), 'utf8')).toBe('{"msg":"before"}\n');
});

test('a log that cannot be set aside is written on, and that is said once', async () => {
  const folder = temporaryFolder();
  const shown: string[] = [];
  const output = { write: (text: string) => void shown.push(text), isTerminal: false, columns: 80 };
  const refusing = { ...files, renameNew: () => Promise.resolve(fail(faultOf('no-permission', 'played'))) };
  const options = { folder, limits: { fileBytes: 10, ageMs: 1e9 }, level: 'info', output } as const;
  const log = await openLauncherLog({ files: refusing, clock }, options);
  for (let number = 1; number <= 5; number += 1) {
    log.info('line', { number });
    await Promise.resolve();
  }
  await until(() => shown.some((line) => line.includes('played')));
  log.info('line', { number: 6 });
  expect(shown.filter((line) => line.includes('played'))).toHaveLength(1);
  expect(numbersIn(readFileSync(join(folder, 'launcher.log'), 'utf8').trim().split('\n'))).toEqual([1, 2, 3, 4, 5, 6]);
});
