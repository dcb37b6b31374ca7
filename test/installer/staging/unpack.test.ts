import { chmodSync, lstatSync, mkdirSync, readFileSync, readlinkSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeManifestFile, encodeManifest } from '../../../installer/pack/manifest.ts';
import { readPack } from '../../../installer/pack/reader.ts';
import { packBundle } from '../../../installer/pack/writer.ts';
import { unpackRelease } from '../../../installer/staging/unpack.ts';
import { openStagedBundle } from '../../../installer/staging/open-bundle.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { noise, pack, platform, unpack, writeTree } from './scene.ts';

const PRECOMPOSED = 'caf\u00e9.txt';

function nastyTree(folder: string, smallFiles = 60): string {
  const small = Object.fromEntries(
    Array.from({ length: smallFiles }, (_, index) => [
      `many/${String(index % 17)}/file ${String(index)}.txt`,
      `content ${String(index % 50)}`,
    ]),
  );
  writeTree(folder, {
    ...small,
    'empty.txt': '',
    'also empty': '',
    'empty folder/': '',
    'deep/a/b/c/d/e/f': 'deep',
    [PRECOMPOSED]: 'precomposed',
    '日本語/ファイル 😀': 'Unicode',
    '.hidden/.file': 'dot',
    'big.bin': noise('big', 900_000),
    'zeros.bin': Buffer.alloc(3_000_000),
    'copy of zeros.bin': Buffer.alloc(3_000_000),
    'boundary.bin': noise('boundary', 256 * 1024),
    'run.sh': '#!/bin/sh\n',
    'private.pem': 'key',
    'links/to file': { link: '../big.bin' },
    'links/to folder': { link: '../deep/a' },
    'links/to link': { link: 'to file' },
  });
  chmodSync(join(folder, 'run.sh'), 0o755);
  chmodSync(join(folder, 'private.pem'), 0o600);
  chmodSync(join(folder, 'deep/a'), 0o700);
  return folder;
}

/** What a tree is, in text: kind, mode, content or target of every entry. */
function portrait(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const mode = entry.isSymbolicLink() ? '' : (lstatSync(path).mode & 0o7777).toString(8);
      const content = entry.isFile() ? readFileSync(path).toString('base64') : '';
      const target = entry.isSymbolicLink() ? readlinkSync(path) : '';
      return [path.slice(folder.length), mode, content, target].join('|');
    })
    .sort();
}

describe('a bundle that is packed and unpacked', () => {
  // A thousand files are a thousand fsyncs: long on a busy machine.
  it('comes back entry by entry, closed until it is opened', { timeout: 90_000 }, async () => {
    const work = temporaryFolder();
    const source = nastyTree(join(work, 'source'), 1_000);
    const { manifest, packFile } = await pack(source, work);
    const decoded = decodeManifestFile(encodeManifest(manifest));
    expect(decoded).toEqual({ ok: true, value: manifest });

    const folder = join(work, 'staged');
    const progress: number[] = [];
    const unpacked = await unpack({ manifest, packFile, folder, onProgress: (done) => progress.push(done) });

    expect(unpacked).toEqual({ ok: true, value: { files: 1_012, unpackedBytes: progress.at(-1) } });
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(portrait(folder)).toEqual(portrait(source));
    expect(lstatSync(folder).mode & 0o777).toBe(0o700);
    expect(await openStagedBundle(platform.files, folder, manifest)).toEqual({ ok: true });
    expect(lstatSync(folder).mode & 0o777).toBe(0o755);
  });

  it('is packed into the same bytes whenever and wherever, identical contents once', async () => {
    const work = temporaryFolder();
    const first = nastyTree(join(work, 'first'));
    const second = nastyTree(join(work, 'elsewhere', 'second'));
    utimesSync(join(second, 'big.bin'), 1_000, 1_000);
    chmodSync(join(second, 'run.sh'), 0o775); // another umask
    const one = await pack(first, work, 'one');
    const two = await pack(second, work, 'two');
    expect(encodeManifest(two.manifest)).toEqual(encodeManifest(one.manifest));
    expect(two.bytes.equals(one.bytes)).toBe(true);
    const contents = one.manifest.objects.flatMap((object) => object.contents);
    expect(new Set(contents).size).toBe(contents.length);
    expect(contents.length).toBe(50 + 9);
    expect(one.manifest.objects.length).toBeLessThan(10);
    expect(one.bytes.length).toBeLessThan(1_300_000);
  });

  it('may be empty', async () => {
    const work = temporaryFolder();
    const { manifest, packFile, bytes } = await pack(writeTree(join(work, 'source'), {}), work);
    expect(bytes).toHaveLength(0);
    expect(await unpack({ manifest, packFile, folder: join(work, 'staged') })).toMatchObject({ ok: true });
    expect(readdirSync(join(work, 'staged'))).toEqual([]);
  });
});

describe('unpacking', () => {
  it('refuses a folder that is there, and leaves it alone', async () => {
    const work = temporaryFolder();
    const packed = await pack(writeTree(join(work, 'source'), { a: 'a' }), work);
    const folder = writeTree(join(work, 'staged'), { keep: 'me' });
    expect(await unpack({ ...packed, folder })).toMatchObject({ ok: false, fault: { code: 'already-exists' } });
    expect(readdirSync(folder)).toEqual(['keep']);
  });

  it('can be cancelled, and leaves nothing behind', async () => {
    const work = temporaryFolder();
    const packed = await pack(nastyTree(join(work, 'source')), work);
    const folder = join(work, 'staged');
    const cancelling = new AbortController();
    const onProgress = (done: number): void => {
      if (done > 1_000_000) cancelling.abort();
    };
    const unpacked = await unpack({ ...packed, folder, signal: cancelling.signal, onProgress });
    expect(unpacked).toMatchObject({ ok: false, fault: { code: 'cancelled' } });
    expect(readdirSync(work).sort()).toEqual(['full.pack', 'source']);
  });

  it('removes what it wrote when the disk fails, whatever the write', async () => {
    const work = temporaryFolder();
    const packed = await pack(writeTree(join(work, 'source'), { a: 'aa', b: noise('b', 300_000), 'c/d': 'd' }), work);
    for (let healthy = 0; healthy < 4; healthy += 1) {
      let writes = 0;
      const files: typeof platform.files = {
        ...platform.files,
        openWritable: async (path, options) => {
          const opened = await platform.files.openWritable(path, options);
          if (!opened.ok) return opened;
          const write: typeof opened.value.write = (bytes) =>
            writes++ < healthy
              ? opened.value.write(bytes)
              : Promise.resolve({ ok: false, fault: { code: 'disk-full', detail: 'no space left', path } });
          return { ok: true, value: { ...opened.value, write } };
        },
      };
      const unpacked = await unpackRelease({ ...platform, files }, { ...packed, folder: join(work, 'staged') });
      expect(unpacked).toMatchObject({ ok: false, fault: { code: 'disk-full' } });
      expect(readdirSync(work).sort()).toEqual(['full.pack', 'source']);
    }
  });
});

describe('packing', () => {
  it.each([
    ['a Windows device', { 'sub/nul.txt': 'x' }, 'archive-invalid'],
    ['a link out of the folder', { out: { link: '/etc/passwd' } }, 'archive-invalid'],
    ['two names that some volumes take for one', { Readme: 'a', README: 'b' }, 'archive-invalid'],
  ])('refuses what it would not unpack: %s', async (_, tree, code) => {
    const work = temporaryFolder();
    const folder = writeTree(join(work, 'source'), tree);
    const packed = await packBundle(platform.files, { folder, version: '1.0', packFile: join(work, 'p') });
    expect(packed).toMatchObject({ ok: false, fault: { code } });
  });

  it('refuses set-user-ID, a fifo and a folder that is not there', async () => {
    const work = temporaryFolder();
    const folder = writeTree(join(work, 'source'), { tool: 'x' });
    const request = { folder, version: '1.0', packFile: join(work, 'p') };
    chmodSync(join(folder, 'tool'), 0o4755);
    expect(await packBundle(platform.files, request)).toMatchObject({ fault: { code: 'archive-invalid' } });
    chmodSync(join(folder, 'tool'), 0o755);
    expect(await packBundle(platform.files, request)).toMatchObject({ ok: true });
    const made = await platform.processes.run({ command: 'mkfifo', args: [join(folder, 'pipe')], timeoutMs: 10_000 });
    expect(made).toMatchObject({ ok: true, value: { exit: { kind: 'exited', code: 0 } } });
    expect(await packBundle(platform.files, request)).toMatchObject({ fault: { code: 'archive-invalid' } });
    const absent = await packBundle(platform.files, { ...request, folder: join(work, 'nowhere') });
    expect(absent).toMatchObject({ fault: { code: 'folder-missing' } });
  });

  it('notices a file that changes while it is packed', async () => {
    const work = temporaryFolder();
    const folder = writeTree(join(work, 'source'), { a: noise('a', 400_000) });
    const files: typeof platform.files = {
      ...platform.files,
      digest: () => Promise.resolve({ ok: true, value: 'f'.repeat(64) }),
    };
    const packed = await packBundle(files, { folder, version: '1.0', packFile: join(work, 'p') });
    expect(packed).toMatchObject({ ok: false, fault: { code: 'digest-mismatch', path: join(folder, 'a') } });
  });
});

describe('reading a pack', () => {
  it('hands every content over once', async () => {
    const work = temporaryFolder();
    mkdirSync(join(work, 'x'));
    const { manifest, packFile } = await pack(nastyTree(join(work, 'source')), work);
    const seen: string[] = [];
    const done = { ok: true, value: undefined } as const;
    const read = await readPack(
      { files: platform.files, packFile, manifest },
      {
        open: (sha256) => {
          seen.push(sha256);
          return Promise.resolve({
            ok: true,
            value: { write: () => Promise.resolve(done), close: () => Promise.resolve(done) },
          });
        },
      },
    );
    expect(read).toEqual({ ok: true });
    expect(seen.toSorted()).toEqual(manifest.objects.flatMap((object) => object.contents).toSorted());
  });
});
