import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Files, WalkedEntry } from '../../../platform/files.ts';
import { createClock } from '../../../platform/node/clock.ts';
import { createFiles } from '../../../platform/node/files.ts';
import type { Result } from '../../../platform/result.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { runProgram } from '../../kit/program.ts';

const STRACE = '/usr/bin/strace';
const files: Files = createFiles({ operatingSystem: 'linux', account: 'tester' }, createClock());
let folder: string;

beforeEach(() => {
  folder = temporaryFolder('files');
});

function codeOf(result: Result<unknown>): string {
  return result.ok ? 'ok' : result.fault.code;
}

function valueOf<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(`${result.fault.code} ${result.fault.path ?? ''}`);
  return result.value;
}

function at(...names: string[]): string {
  return join(folder, ...names);
}

describe('reading', () => {
  test('facts of a file, a folder, a link and nothing', async () => {
    writeFileSync(at('file'), 'abc', { mode: 0o640 });
    symlinkSync('file', at('link'));
    expect(valueOf(await files.facts(at('file')))).toMatchObject({ kind: 'file', size: 3, mode: 0o640, links: 1 });
    expect(valueOf(await files.facts(folder))?.kind).toBe('folder');
    expect(valueOf(await files.facts(at('link')))?.kind).toBe('link');
    expect(valueOf(await files.facts(at('nothing')))).toBeUndefined();
    expect(valueOf(await files.facts(at('file', 'below')))).toBeUndefined();
  });

  test('content up to the limit and not a byte more', async () => {
    writeFileSync(at('file'), '12345');
    expect(valueOf(await files.readText(at('file'), 5))).toBe('12345');
    const refused = await files.readText(at('file'), 4);
    expect(refused).toMatchObject({ ok: false, fault: { code: 'too-large', path: at('file') } });
  });

  test('a file whose size the kernel does not know is read to its end', async () => {
    expect(valueOf(await files.readText('/proc/self/stat', 10_000))).toContain('(');
    expect(codeOf(await files.readText('/proc/self/environ', 3))).toBe('too-large');
  });

  test.each([
    ['nothing', 'not-found'],
    ['link', 'path-refused'],
    ['.', 'path-refused'],
    ['pipe', 'path-refused'],
  ])('%s is refused as %s and does not hang', async (name, code) => {
    symlinkSync('/etc/hostname', at('link'));
    await runProgram('/usr/bin/mkfifo', [at('pipe')]).ended;
    expect(codeOf(await files.readText(at(name), 100))).toBe(code);
    expect(codeOf(await files.openReadable(at(name)))).toBe(code);
    expect(codeOf(await files.digest(at(name)))).toBe(code);
  });

  test('pieces by position', async () => {
    writeFileSync(at('file'), 'abcdef');
    const readable = valueOf(await files.openReadable(at('file')));
    const buffer = new Uint8Array(4);
    expect(valueOf(await readable.read(buffer, 2))).toBe(4);
    expect(Buffer.from(buffer).toString()).toBe('cdef');
    expect(valueOf(await readable.read(buffer, 6))).toBe(0);
    expect(valueOf(await readable.facts()).size).toBe(6);
    await readable.close();
  });

  test('digest', async () => {
    writeFileSync(at('file'), 'abc');
    expect(valueOf(await files.digest(at('file')))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });

  test('names and walk are sorted, parents first, links not followed', async () => {
    for (const name of ['b', 'a/z', 'a/B', 'Z']) mkdirSync(at(name), { recursive: true });
    writeFileSync(at('a/z/file'), '');
    symlinkSync('..', at('a/up'));
    const seen: WalkedEntry[] = [];
    for await (const entry of files.walk(folder)) seen.push(valueOf(entry));
    expect(seen.map((entry) => entry.path)).toEqual(['Z', 'a', 'a/B', 'a/up', 'a/z', 'a/z/file', 'b']);
    expect(valueOf(await files.list(folder))).toEqual(['Z', 'a', 'b']);
  });

  test('space of the volume', async () => {
    const space = valueOf(await files.space(folder));
    expect(space.device).toBe(valueOf(await files.facts(folder))?.device);
    expect(space.freeBytes).toBeGreaterThan(0);
    expect(space.totalBytes).toBeGreaterThanOrEqual(space.freeBytes);
  });
});

describe('writing durably', () => {
  test('replaces the content, with the mode asked for, and leaves nothing beside it', async () => {
    writeFileSync(at('file'), 'old', { mode: 0o644 });
    expect(codeOf(await files.writeDurably(at('file'), 'new'))).toBe('ok');
    expect(readFileSync(at('file'), 'utf8')).toBe('new');
    expect(lstatSync(at('file')).mode & 0o777).toBe(0o600);
    expect(codeOf(await files.writeDurably(at('file'), Buffer.from([1, 2]), 0o666))).toBe('ok');
    expect(lstatSync(at('file')).mode & 0o777).toBe(0o666);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  test('a target that cannot be replaced leaves no temporary file', async () => {
    mkdirSync(at('target'));
    writeFileSync(at('target', 'inside'), '');
    const refused = await files.writeDurably(at('target'), 'x');
    expect(refused).toMatchObject({ ok: false, fault: { path: at('target') } });
    expect(readdirSync(folder)).toEqual(['target']);
  });

  test('replaces a link instead of writing through it', async () => {
    writeFileSync(at('elsewhere'), 'kept');
    symlinkSync('elsewhere', at('link'));
    expect(codeOf(await files.writeDurably(at('link'), 'mine'))).toBe('ok');
    expect(readFileSync(at('elsewhere'), 'utf8')).toBe('kept');
    expect(lstatSync(at('link')).isFile()).toBe(true);
  });

  test.skipIf(!existsSync(STRACE))(
    'syncs the file before its rename and the folder after it (needs strace)',
    async () => {
      const trace = at('trace');
      const script = new URL('../programs/write-durably.ts', import.meta.url).pathname;
      const calls = 'trace=fsync,rename,renameat,renameat2';
      const traced = runProgram(STRACE, ['-f', '-y', '-e', calls, '-o', trace, process.execPath, script, at('file')]);
      expect(await traced.ended).toBe(0);
      const lines = readFileSync(trace, 'utf8')
        .split('\n')
        .filter((line) => line.includes(folder) && /= 0$/.test(line));
      expect(lines.map((line) => /(fsync|rename)/.exec(line)?.[1])).toEqual([
        'fsync',
        'rename',
        'fsync',
        'fsync',
        'fsync',
        'fsync',
      ]);
      expect(lines[0]).toContain('.tmp>');
      expect(lines[2]).toContain(`<${folder}>`);
    },
  );

  test('appends, through no link', async () => {
    expect(codeOf(await files.appendDurably(at('journal'), 'one\n'))).toBe('ok');
    expect(codeOf(await files.appendDurably(at('journal'), 'two\n'))).toBe('ok');
    expect(readFileSync(at('journal'), 'utf8')).toBe('one\ntwo\n');
    symlinkSync('journal', at('link'));
    expect(codeOf(await files.appendDurably(at('link'), 'three'))).toBe('path-refused');
  });

  test('an open file continues at its end, is cut, and starts empty', async () => {
    writeFileSync(at('part'), '12345');
    const part = valueOf(await files.openWritable(at('part'), { start: 'end' }));
    expect(codeOf(await part.write(Buffer.from('678')))).toBe('ok');
    expect(codeOf(await part.truncate(2))).toBe('ok');
    expect(codeOf(await part.write(Buffer.from('x')))).toBe('ok');
    expect(codeOf(await part.sync())).toBe('ok');
    expect(codeOf(await part.close())).toBe('ok');
    expect(codeOf(await part.close())).toBe('ok');
    expect(readFileSync(at('part'), 'utf8')).toBe('12x');
    await valueOf(await files.openWritable(at('part'), { start: 'empty' })).close();
    expect(readFileSync(at('part'), 'utf8')).toBe('');
  });
});

describe('renaming without replacing', () => {
  test.each(['file', 'folder', 'link'] as const)('a %s moves', async (kind) => {
    make(kind, at('from'));
    expect(codeOf(await files.renameNew(at('from'), at('to')))).toBe('ok');
    expect(valueOf(await files.facts(at('to')))?.kind).toBe(kind);
    expect(existsSync(at('from'))).toBe(false);
  });

  test.each(['file', 'folder', 'link'] as const)(
    'a %s never replaces anything, not even an empty folder',
    async (kind) => {
      for (const there of ['file', 'folder', 'link'] as const) {
        make(kind, at(`${there}-from`));
        make(there, at(`${there}-to`));
        const refused = await files.renameNew(at(`${there}-from`), at(`${there}-to`));
        expect(refused).toMatchObject({ ok: false, fault: { code: 'already-exists', path: at(`${there}-to`) } });
        expect(valueOf(await files.facts(at(`${there}-from`)))?.kind).toBe(kind);
      }
    },
  );

  test('of many at once to one name, one wins and the others stay', async () => {
    const sources = Array.from({ length: 20 }, (_, index) => at(`source-${index}`));
    for (const source of sources) writeFileSync(source, source);
    const outcomes = await Promise.all(sources.map((source) => files.renameNew(source, at('target'))));
    expect(outcomes.filter((outcome) => outcome.ok)).toHaveLength(1);
    expect(readdirSync(folder)).toHaveLength(20);
  });

  test('one that was cut after its link is finished', async () => {
    writeFileSync(at('from'), 'x');
    linkSync(at('from'), at('to'));
    expect(codeOf(await files.renameNew(at('from'), at('to')))).toBe('ok');
    expect(readdirSync(folder)).toEqual(['to']);
  });

  test('nothing there, and no folder to move to', async () => {
    expect(codeOf(await files.renameNew(at('nothing'), at('to')))).toBe('not-found');
    make('folder', at('from'));
    expect(codeOf(await files.renameNew(at('from'), at('missing', 'to')))).toBe('not-found');
  });

  test('another volume is told as such', async () => {
    make('folder', at('from'));
    expect(codeOf(await files.renameNew(at('from'), '/dev/shm/om-launcher-other-volume'))).toBe('cross-volume');
  });
});

describe('a rename that is only tried', () => {
  test('moves nothing, also when the folder that blocks it has been emptied meanwhile', async () => {
    mkdirSync(at('bundle'));
    writeFileSync(at('bundle', 'server'), 'whole');
    for (const content of ['something', undefined]) {
      mkdirSync(at('blocker'), { recursive: true });
      if (content !== undefined) writeFileSync(at('blocker', 'probe'), content);
      const tried = await files.tryRename(at('bundle'), at('blocker'));
      expect(codeOf(tried)).toBe(content === undefined ? 'io-error' : 'ok');
      expect(readdirSync(at('bundle'))).toEqual(['server']);
      expect(codeOf(await files.removeTree(at('blocker')))).toBe('ok');
    }
    expect(codeOf(await files.tryRename(at('missing'), at('blocker')))).toBe('not-found');
  });
});

describe('folders, copies and attributes', () => {
  test('makes a chain of folders with the mode, and leaves those that were there', async () => {
    mkdirSync(at('a'));
    chmodSync(at('a'), 0o755);
    expect(codeOf(await files.makeFolder(at('a', 'b', 'c'), 0o700))).toBe('ok');
    expect([at('a'), at('a', 'b'), at('a', 'b', 'c')].map((path) => lstatSync(path).mode & 0o777)).toEqual([
      0o755, 0o700, 0o700,
    ]);
    expect(codeOf(await files.makeFolder(at('a', 'b', 'c'), 0o755))).toBe('ok');
    expect(lstatSync(at('a', 'b', 'c')).mode & 0o777).toBe(0o700);
    expect(codeOf(await files.makeNewFolder(at('a')))).toBe('already-exists');
    expect(codeOf(await files.makeNewFolder(at('new'), 0o777))).toBe('ok');
  });

  test('copies bytes, mode and time, to a new name only', async () => {
    writeFileSync(at('from'), 'x'.repeat(100_000), { mode: 0o755 });
    chmodSync(at('from'), 0o4755);
    expect(codeOf(await files.setTimes(at('from'), 1_000_000_000_000))).toBe('ok');
    expect(codeOf(await files.copyFile(at('from'), at('to')))).toBe('ok');
    const [from, to] = [valueOf(await files.facts(at('from'))), valueOf(await files.facts(at('to')))];
    expect(to).toMatchObject({ size: 100_000, mode: 0o4755, modifiedMs: 1_000_000_000_000, owner: from?.owner });
    expect(codeOf(await files.copyFile(at('from'), at('to')))).toBe('already-exists');
    symlinkSync('from', at('link'));
    expect(codeOf(await files.copyFile(at('link'), at('other')))).toBe('path-refused');
    expect(codeOf(await files.copyFile(folder, at('other')))).toBe('path-refused');
  });

  test('modes are set on files and folders, never through links', async () => {
    make('file', at('file'));
    symlinkSync('file', at('link'));
    expect(codeOf(await files.setMode(at('file'), 0o751))).toBe('ok');
    expect(codeOf(await files.setMode(at('link'), 0o777))).toBe('path-refused');
    expect(lstatSync(at('file')).mode & 0o777).toBe(0o751);
    expect(codeOf(await files.makeLink('nowhere', at('made')))).toBe('ok');
    expect(valueOf(await files.readLink(at('made')))).toBe('nowhere');
    const { owner, group } = valueOf(await files.facts(at('file'))) ?? { owner: 0, group: 0 };
    expect(codeOf(await files.setOwner(at('made'), owner, group))).toBe('ok');
  });
});

describe('removing', () => {
  test('one entry, twice; a folder with content is kept', async () => {
    make('folder', at('full'));
    make('file', at('full', 'file'));
    expect(codeOf(await files.remove(at('full')))).toBe('already-exists');
    expect(codeOf(await files.remove(at('full', 'file')))).toBe('ok');
    expect(codeOf(await files.remove(at('full')))).toBe('ok');
    expect(codeOf(await files.remove(at('full')))).toBe('ok');
  });

  test('a tree, but nothing behind its links; twice', async () => {
    make('folder', at('kept'));
    make('file', at('kept', 'file'));
    mkdirSync(at('tree', 'deep', 'deeper'), { recursive: true });
    make('file', at('tree', 'deep', 'file'));
    symlinkSync(at('kept'), at('tree', 'deep', 'link'));
    symlinkSync(at('kept'), at('link'));
    chmodSync(at('tree', 'deep'), 0o500);
    expect(codeOf(await files.removeTree(at('tree')))).toBe('ok');
    expect(codeOf(await files.removeTree(at('link')))).toBe('ok');
    expect(codeOf(await files.removeTree(at('tree')))).toBe('ok');
    expect(readdirSync(folder)).toEqual(['kept']);
    expect(readdirSync(at('kept'))).toEqual(['file']);
  });

  test('a tree is synced with all its folders', async () => {
    mkdirSync(at('tree', 'deep'), { recursive: true });
    make('file', at('tree', 'deep', 'file'));
    make('link', at('tree', 'link'));
    expect(codeOf(await files.syncTree(at('tree')))).toBe('ok');
    expect(codeOf(await files.syncTree(at('nothing')))).toBe('not-found');
    expect(codeOf(await files.syncFolder(at('tree')))).toBe('ok');
  });
});

function make(kind: 'file' | 'folder' | 'link', path: string): void {
  if (kind === 'file') writeFileSync(path, '');
  if (kind === 'folder') mkdirSync(path);
  if (kind === 'link') symlinkSync('nowhere', path);
}
