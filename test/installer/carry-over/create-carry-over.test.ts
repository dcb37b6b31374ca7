import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CarryOverReport, CarryOverRequest } from '../../../installer/carry-over/carry-over.ts';
import { createCarryOver } from '../../../installer/carry-over/create-carry-over.ts';
import { officeMakerRules } from '../../../installer/carry-over/presets.ts';
import { openPlatform } from '../../../platform/current.ts';
import type { Files } from '../../../platform/files.ts';
import type { Result } from '../../../platform/result.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { INTERRUPTIONS, interruptFiles, untilKilled } from '../data/interrupted-files.ts';
import { memoryFolder } from '../data/memory-folder.ts';
import { type BundleTree, manifestOf, snapshot, writeBundle } from './bundle-tree.ts';
import { CERTIFICATE, KEY, OTHER_CERTIFICATE, OTHER_KEY } from './key-pairs.ts';

const platform = openPlatform();
const MANY_RUNS_MS = 60_000;

const SHIPPED: BundleTree = {
  'OM Server': { content: 'program 1', mode: 0o755 },
  'Resources/cert.pem': OTHER_CERTIFICATE,
  'Resources/key.pem': { content: OTHER_KEY, mode: 0o600 },
  'Server Database/OM Finance.4DZ': 'structure 1',
  'Server Database/OM Finance.4DIndy': 'index 1',
  'Server Database/Settings/settings.4DSettings': '<settings default="1"/>',
  'Server Database/Settings/directory.json': '{"users":[]}',
  'Server Database/WebFolder/index.html': '<p>vendor 1',
  'PlugIns/Vendor.bundle': 'plug-in',
};

const NEXT: BundleTree = {
  ...SHIPPED,
  'OM Server': { content: 'program 2', mode: 0o755 },
  'Server Database/OM Finance.4DZ': 'structure two',
  'Server Database/OM Finance.4DIndy': 'index two',
  'Server Database/Settings/settings.4DSettings': '<settings default="2"/>',
  'Server Database/WebFolder/index.html': '<p>vendor 2',
};

/** An installation of release 1 that its admin worked on, and release 2 staged beside it. */
function scene(): { readonly installed: string; readonly staged: string; readonly request: CarryOverRequest } {
  const folder = temporaryFolder('carry-over');
  const installed = writeBundle(join(folder, 'installed'), SHIPPED);
  const shipped = manifestOf(installed, '1');
  const staged = writeBundle(join(folder, 'staged'), NEXT);
  const next = manifestOf(staged, '2');
  const database = join(installed, 'Server Database');
  renameSync(join(database, 'OM Finance.4DZ'), join(database, 'OM Finance 2.4DZ'));
  renameSync(join(database, 'OM Finance.4DIndy'), join(database, 'OM Finance 2.4DIndy'));
  writeFileSync(join(database, 'Settings/settings.4DSettings'), '<settings mine="1"/>');
  writeFileSync(join(database, 'Settings/Backup.4DSettings'), '<backup hourly="1"/>');
  writeFileSync(join(database, 'key.pem'), KEY, { mode: 0o600 });
  writeFileSync(join(database, 'cert.pem'), CERTIFICATE);
  mkdirSync(join(database, 'WebFolder/images'));
  chmodSync(join(database, 'WebFolder/images'), 0o750);
  writeFileSync(join(database, 'WebFolder/images/logo.svg'), '<svg/>');
  writeFileSync(join(installed, 'PlugIns/Mine.bundle'), 'x');
  writeFileSync(join(installed, 'notes.txt'), 'ask Anna');
  return { installed, staged, request: { installed, staged, rules: officeMakerRules('windows-like'), shipped, next } };
}

const CARRIED = [
  'Server Database/OM Finance 2.4DIndy',
  'Server Database/OM Finance 2.4DZ',
  'Server Database/Settings/Backup.4DSettings',
  'Server Database/Settings/settings.4DSettings',
  'Server Database/WebFolder/images/logo.svg',
  'Server Database/cert.pem',
  'Server Database/key.pem',
];

function carryOver(request: CarryOverRequest, files: Files = platform.files) {
  return createCarryOver({ ...platform, files }).carry(request);
}

async function carried(request: CarryOverRequest): Promise<CarryOverReport> {
  const result = await carryOver(request);
  if (!result.ok) throw new Error(JSON.stringify(result.fault));
  return result.value;
}

describe('an update of a customised installation', () => {
  test('carries what is the customer’s and leaves the rest to the vendor', async () => {
    const { installed, staged, request } = scene();
    const before = snapshot(installed);
    const report = await carried(request);
    expect(report.carried.map(({ path }) => path)).toEqual(CARRIED);
    expect(report.leftBehind).toEqual(['notes.txt']);
    expect(report.reported).toEqual(['PlugIns/Mine.bundle']);
    expect(report.warnings).toBeUndefined();
    expect(snapshot(installed)).toBe(before);
    const text = (path: string) => readFileSync(join(staged, path), 'utf8');
    expect(text('OM Server')).toBe('program 2');
    expect(text('Server Database/OM Finance 2.4DZ')).toBe('structure two');
    expect(text('Server Database/Settings/settings.4DSettings')).toBe('<settings mine="1"/>');
    expect(text('Server Database/WebFolder/index.html')).toBe('<p>vendor 2');
    expect(text('Server Database/key.pem')).toBe(KEY);
    expect(statSync(join(staged, 'Server Database/key.pem')).mode & 0o777).toBe(0o600);
    expect(statSync(join(staged, 'Server Database/WebFolder/images')).mode & 0o777).toBe(0o750);
    expect(snapshot(staged)).not.toContain('Mine.bundle');
    expect(snapshot(staged)).not.toContain('OM Finance.4DZ');
  });

  test('a second pass changes nothing and reports the same', async () => {
    const { staged, request } = scene();
    const first = await carried(request);
    const after = snapshot(staged);
    expect(await carried({ ...request, previous: first })).toEqual(first);
    expect(snapshot(staged)).toBe(after);
  });

  test('a second pass takes over what changed since the first', async () => {
    const { installed, staged, request } = scene();
    const carryOver = createCarryOver(platform);
    expect((await carryOver.carry(request)).ok).toBe(true);
    const settings = join('Server Database/Settings/settings.4DSettings');
    writeFileSync(join(installed, settings), '<settings mine="2"/>');
    rmSync(join(installed, 'Server Database/WebFolder/images/logo.svg'));
    const second = await carryOver.carry(request);
    expect(second.ok && second.value.carried.map(({ path }) => path)).not.toContain(
      'Server Database/WebFolder/images/logo.svg',
    );
    expect(readFileSync(join(staged, settings), 'utf8')).toBe('<settings mine="2"/>');
    expect(snapshot(staged)).not.toContain('logo.svg');
  });
});

/** What an admin may do in the minutes between rehearsal and stop. */
const CHANGES = {
  'settings as shipped': (installed) =>
    writeFileSync(join(installed, 'Server Database/Settings/settings.4DSettings'), '<settings default="1"/>'),
  'a carried file taken away': (installed) => rmSync(join(installed, 'Server Database/WebFolder/images/logo.svg')),
  'files added where a rule reaches': (installed) =>
    writeBundle(join(installed, 'Server Database/WebFolder'), { 'new/deep/page.html': '<p>', link: { link: 'new' } }),
  'the structure named anew': (installed) =>
    renameSync(
      join(installed, 'Server Database/OM Finance 2.4DZ'),
      join(installed, 'Server Database/OM Finance 3.4DZ'),
    ),
  'files added that no rule names': (installed) =>
    writeBundle(installed, { 'todo.txt': 'call Bern', 'Resources/dhparams.pem': 'd' }),
  'a note taken away': (installed) => rmSync(join(installed, 'notes.txt')),
} satisfies Record<string, (installed: string) => unknown>;

type Change = keyof typeof CHANGES;

const WAYS_TO_CHANGE: readonly (readonly Change[])[] = [
  ['settings as shipped'],
  ['a carried file taken away'],
  ['files added where a rule reaches'],
  ['the structure named anew'],
  ['files added that no rule names'],
  ['a note taken away'],
  ['settings as shipped', 'a carried file taken away', 'files added where a rule reaches', 'a note taken away'],
];

describe('the pass after the stop', () => {
  test('tells the same as the rehearsal when nothing changed', async () => {
    const { staged, request } = scene();
    const carryOver = createCarryOver(platform);
    const rehearsal = await carryOver.carry(request);
    const after = snapshot(staged);
    const short = carryOver.rehearsed(staged);
    if (short === undefined) throw new Error('the rehearsal is not remembered');
    expect(await carryOver.carry(short)).toEqual(rehearsal);
    expect(await carryOver.carry(carryOver.rehearsed(staged) ?? request)).toEqual(rehearsal);
    expect(snapshot(staged)).toBe(after);
  });

  test('looks only where a rule reaches, however many files the bundles have', async () => {
    const { installed, staged, request } = scene();
    const many = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`Server Database/Resources/${index}`, 'x']),
    );
    writeBundle(installed, many);
    writeBundle(staged, many);
    const next = manifestOf(staged, '2');
    const looked: string[] = [];
    const files: Files = {
      ...platform.files,
      async *walk(folder, enters) {
        for await (const entry of platform.files.walk(folder, enters)) {
          if (entry.ok) looked.push(entry.value.path);
          yield entry;
        }
      },
    };
    const carryOver = createCarryOver({ ...platform, files });
    expect((await carryOver.carry({ ...request, next })).ok).toBe(true);
    expect(looked.length).toBeGreaterThan(300);
    looked.length = 0;
    expect((await carryOver.carry(carryOver.rehearsed(staged) ?? request)).ok).toBe(true);
    expect(looked).not.toContain('Server Database/Resources/0');
    expect(looked).toContain('Server Database/WebFolder/images/logo.svg');
    expect(carryOver.rehearsed(staged)?.next.entries.length).toBeLessThan(30);
  });

  test('knows nothing of another bundle, nor after a pass that failed', async () => {
    const { installed, staged, request } = scene();
    const carryOver = createCarryOver(platform);
    expect(carryOver.rehearsed(staged)).toBeUndefined();
    await carryOver.carry(request);
    expect(carryOver.rehearsed(installed)).toBeUndefined();
    writeFileSync(join(installed, 'Server Database/Settings/directory.json'), '{');
    expect((await carryOver.carry(request)).ok).toBe(false);
    expect(carryOver.rehearsed(staged)).toBeUndefined();
  });

  test.each(WAYS_TO_CHANGE.map((names) => [names.join(' · '), names] as const))(
    'gives what a pass over everything gives: %s',
    async (_title, names) => {
      const [short, whole] = [scene(), scene()];
      const carryOver = createCarryOver(platform);
      await carryOver.carry(short.request);
      await carried(whole.request);
      for (const { installed } of [short, whole]) for (const name of names) CHANGES[name](installed);
      const told = (report: Result<CarryOverReport>, { installed }: typeof short) =>
        JSON.stringify(report).replaceAll(join(installed, '..'), 'X');
      const after = told(await carryOver.carry(carryOver.rehearsed(short.staged) ?? short.request), short);
      expect(after).toBe(told(await createCarryOver(platform).carry(whole.request), whole));
      expect(snapshot(short.staged)).toBe(snapshot(whole.staged));
    },
  );
});

describe('a broken installed file is refused before anything is carried', () => {
  test.each([
    ['Settings/settings.4DSettings', '<settings mine=', 'XML'],
    ['Settings/Backup.4DSettings', '', 'XML'],
    ['Settings/directory.json', '{"users":', 'JSON'],
    ['key.pem', OTHER_KEY, 'does not belong'],
    ['cert.pem', 'not a certificate', 'neither'],
  ])('%s', async (name, content, reason) => {
    const { installed, staged, request } = scene();
    writeFileSync(join(installed, 'Server Database', name), content);
    const before = snapshot(staged);
    const result = await carryOver(request);
    if (result.ok) throw new Error('it was carried');
    expect(result.fault.code).toBe('carry-over-invalid');
    expect(result.fault.detail).toContain(reason);
    expect(result.fault.path?.startsWith(join(installed, 'Server Database'))).toBe(true);
    expect(snapshot(staged)).toBe(before);
  });
});

test('a source that was carried last time and is gone now is refused, with its path', async () => {
  const { installed, request } = scene();
  const previous = await carried(request);
  const path = join(installed, 'Server Database/Settings/Backup.4DSettings');
  rmSync(path);
  expect(await carryOver({ ...request, previous })).toMatchObject({
    ok: false,
    fault: { code: 'carry-over-emptied', path },
  });
});

test('an installation that is not there is `bundle-missing`', async () => {
  const { request } = scene();
  const installed = join(request.installed, 'elsewhere');
  expect(await carryOver({ ...request, installed })).toMatchObject({
    ok: false,
    fault: { code: 'bundle-missing', path: installed },
  });
});

test('a folder of the new bundle that was swapped for a link is not written through', async () => {
  const { installed, staged, request } = scene();
  const outside = join(temporaryFolder('outside'), 'settings');
  renameSync(join(staged, 'Server Database/Settings'), outside);
  writeBundle(staged, { 'Server Database/Settings': { link: outside } });
  const before = snapshot(outside);
  writeFileSync(join(installed, 'Server Database/Settings/Backup.4DSettings'), '<evil/>');
  expect(await carryOver(request)).toMatchObject({ ok: false, fault: { code: 'path-refused' } });
  expect(snapshot(outside)).toBe(before);
});

/** As `scene`, with as few files as show every kind of act. */
function smallScene(): ReturnType<typeof scene> {
  const folder = memoryFolder('carry-over');
  const tree = { 'db/OM.4DZ': 'structure 1', 'db/settings': 'default' };
  const installed = writeBundle(join(folder, 'installed'), tree);
  const shipped = manifestOf(installed, '1');
  const staged = writeBundle(join(folder, 'staged'), { ...tree, 'db/OM.4DZ': 'structure two' });
  const next = manifestOf(staged, '2');
  renameSync(join(installed, 'db/OM.4DZ'), join(installed, 'db/Mine.4DZ'));
  writeFileSync(join(installed, 'db/settings'), 'mine', { mode: 0o600 });
  writeBundle(installed, { 'web/mine.html': { content: '<p>', mode: 0o444 }, 'web/link': { link: 'mine.html' } });
  const rules: CarryOverRequest['rules'] = [
    { pattern: 'db/settings', action: 'always' },
    { pattern: 'web/**', action: 'changed' },
    { pattern: 'db/*.4DZ', action: 'rename' },
  ];
  return { installed, staged, request: { installed, staged, rules, shipped, next } };
}

describe('interrupted at any change of the disk and repeated, the result is the same', () => {
  test.each(INTERRUPTIONS)(
    '%s',
    async (interruption) => {
      const whole = smallScene();
      const counting = interruptFiles(platform.files, interruption, 0);
      const expected = await carryOver(whole.request, counting);
      const expectedTree = snapshot(whole.staged);
      expect(expected).toMatchObject({ ok: true, value: { carried: { length: 4 } } });
      expect(counting.places().length).toBeGreaterThan(3);
      for (const at of counting.places()) {
        const { installed, staged, request } = smallScene();
        const before = snapshot(installed);
        const first = await untilKilled(() => carryOver(request, interruptFiles(platform.files, interruption, at)));
        expect(first?.ok ?? false, `${interruption} at ${at}`).toBe(false);
        expect(await carryOver(request)).toEqual(expected);
        expect(snapshot(staged), `${interruption} at ${at}`).toBe(expectedTree);
        expect(snapshot(installed)).toBe(before);
      }
    },
    MANY_RUNS_MS,
  );
});
