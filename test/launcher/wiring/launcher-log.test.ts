import { existsSync, mkdirSync, readFileSync, rmdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLauncherLog } from '../../../launcher/wiring/launcher-log.ts';
import { openPlatform } from '../../../platform/current.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';

const { files } = openPlatform();

test('a line of the log is one JSON line in the file, and a plain one for a person', async () => {
  const folder = temporaryFolder();
  const shown: string[] = [];
  const output = { write: (text: string) => void shown.push(text), isTerminal: false, columns: 80 };
  const log = await openLauncherLog(files, { folder, level: 'info', output });
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
  const log = await openLauncherLog(files, { folder, level: 'info', output });
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
  const log = await openLauncherLog(files, { folder, level: 'info', output });
  log.info('nobody reads this');
  log.info('nor this');
  expect(shown.some((line) => line.includes('ENOSPC'))).toBe(true);
  expect(shown.at(-1)).toContain('nor this');
});
