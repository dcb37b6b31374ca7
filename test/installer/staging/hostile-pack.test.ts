import { createHash } from 'node:crypto';
import { existsSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, zstdCompressSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { decodeManifest } from '../../../installer/pack/manifest.ts';
import type { FileManifest } from '../../../installer/release.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { type Packed, noise, pack, unpack, writeTree } from './scene.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let work: string;
let packed: Packed;
beforeEach(async () => {
  work = temporaryFolder();
  const tree = { 'a.txt': 'alpha', 'b/c.txt': 'gamma', 'big.bin': noise('big', 262_200), 'b/l': { link: 'c.txt' } };
  packed = await pack(writeTree(join(work, 'source'), tree), work);
});

/** Unpacks other bytes under this manifest through the public way: decode, then unpack. */
async function attempt(bytes: Uint8Array, manifest: unknown = packed.manifest): Promise<string> {
  const packFile = join(work, 'hostile.pack');
  writeFileSync(packFile, bytes);
  const decoded = decodeManifest(manifest);
  if (!decoded.ok) return decoded.fault.code;
  const folder = join(work, 'staged');
  const unpacked = await unpack({ manifest: decoded.value, packFile, folder });
  if (unpacked.ok) return 'accepted';
  expect(existsSync(folder)).toBe(false);
  return unpacked.fault.code;
}

/** A manifest of one file and one object, made to fit these compressed bytes. */
function oneObject(frame: Uint8Array, size: number, content: string): FileManifest {
  return {
    schema: 1,
    version: '1.0',
    entries: [{ kind: 'file', path: 'f', mode: 0o644, size, sha256: content }],
    objects: [{ offset: 0, length: frame.length, sha256: sha256(frame), size, contents: [content] }],
  };
}

describe('a pack that was tampered with', () => {
  it('is refused when it is cut at each 512-byte block, and at its last bytes', { timeout: 60_000 }, async () => {
    const { bytes } = packed;
    const cuts = Array.from({ length: Math.ceil(bytes.length / 512) }, (_, index) => index * 512);
    for (const cut of [...cuts, bytes.length - 2, bytes.length - 1])
      expect(await attempt(bytes.subarray(0, cut))).toBe('archive-invalid');
    expect(await attempt(bytes)).toBe('accepted');
  });

  it('is refused when it is longer', async () => {
    expect(await attempt(Buffer.concat([packed.bytes, Buffer.from('x')]))).toBe('archive-invalid');
  });

  it('is refused when one bit of any object is flipped', async () => {
    for (const object of packed.manifest.objects) {
      for (const place of [0, 4, Math.floor(object.length / 2), object.length - 1]) {
        const bytes = Buffer.from(packed.bytes);
        bytes.writeUInt8(bytes.readUInt8(object.offset + place) ^ 1, object.offset + place);
        expect(await attempt(bytes)).toBe('digest-mismatch');
      }
    }
  });

  it('is refused when its objects are exchanged', async () => {
    const objects = packed.manifest.objects.toReversed();
    expect(objects.length).toBeGreaterThan(1);
    const parts = objects.map((object) => packed.bytes.subarray(object.offset, object.offset + object.length));
    expect(await attempt(Buffer.concat(parts))).toBe('digest-mismatch');
  });
});

describe('a pack that fits its manifest and is hostile all the same', () => {
  it('1 GB of zeros in 30 KB: stopped at the signed size', { timeout: 60_000 }, async () => {
    const bomb = zstdCompressSync(Buffer.alloc(1024 ** 3), { params: { [constants.ZSTD_c_windowLog]: 20 } });
    expect(bomb.length).toBeLessThan(100_000);
    const before = process.memoryUsage.rss();
    expect(await attempt(bomb, oneObject(bomb, 1_000, sha256(Buffer.alloc(1_000))))).toBe('archive-invalid');
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 1024 * 1024);
  });

  it('a frame that unpacks to less than its size', async () => {
    const frame = zstdCompressSync(Buffer.alloc(999));
    expect(await attempt(frame, oneObject(frame, 1_000, sha256(Buffer.alloc(1_000))))).toBe('archive-invalid');
  });

  it('a frame that unpacks to other contents', async () => {
    const frame = zstdCompressSync(Buffer.alloc(1_000, 1));
    expect(await attempt(frame, oneObject(frame, 1_000, sha256(Buffer.alloc(1_000))))).toBe('digest-mismatch');
  });

  it('a frame with a 2 GB window', async () => {
    const content = Buffer.alloc(100_000);
    const frame = Buffer.from(zstdCompressSync(content, { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } }));
    expect(await attempt(frame, oneObject(frame, content.length, sha256(content)))).toBe('accepted');
    frame[5] = (31 - 10) << 3;
    expect(await attemptElsewhere(frame, oneObject(frame, content.length, sha256(content)))).toMatch(/window/u);
  });

  it('a second frame behind the first, which node:zlib would drop silently', async () => {
    const content = Buffer.from('content');
    const frame = Buffer.concat([zstdCompressSync(content), zstdCompressSync(Buffer.from('hidden'))]);
    expect(await attempt(frame, oneObject(frame, content.length, sha256(content)))).toBe('archive-invalid');
  });

  it('bytes that are no frame', async () => {
    const bytes = noise('frame', 500);
    expect(await attempt(bytes, oneObject(bytes, 10, sha256(Buffer.alloc(10))))).toBe('archive-invalid');
  });
});

/** As `attempt`, but into another folder, and with the sentence instead of the code. */
async function attemptElsewhere(bytes: Uint8Array, manifest: FileManifest): Promise<string> {
  const packFile = join(work, 'other.pack');
  writeFileSync(packFile, bytes);
  const unpacked = await unpack({ manifest, packFile, folder: join(work, 'other') });
  return unpacked.ok ? 'accepted' : unpacked.fault.detail;
}

describe('a manifest that was tampered with writes nothing at all', () => {
  const entryOf = (path: string): unknown => ({ kind: 'folder', path, mode: 0o755 });
  it.each<[string, unknown[]]>([
    ['../', [entryOf('../evil')]],
    ['an absolute path', [entryOf('/evil')]],
    ['a drive letter', [entryOf('C:/evil')]],
    [
      'a link out of the tree, then a write through it',
      [{ kind: 'link', path: 'out', target: '..' }, entryOf('out/evil')],
    ],
    [
      'the chain a → . , a/b → ..',
      [
        { kind: 'link', path: 'a', target: '.' },
        { kind: 'link', path: 'a/b', target: '..' },
      ],
    ],
    ['a device name', [entryOf('nul.txt')]],
    ['a stream', [entryOf('file:stream')]],
    ['a trailing dot', [entryOf('dot.')]],
    ['setuid', [{ kind: 'folder', path: 'a', mode: 0o4755 }]],
    ['a fifo', [{ kind: 'fifo', path: 'a', mode: 0o644 }]],
  ])('%s', async (_, added) => {
    const entries = [...packed.manifest.entries, ...added];
    expect(await attempt(packed.bytes, { ...packed.manifest, entries })).toBe('archive-invalid');
    expect(readdirSync(work).sort()).toEqual(['full.pack', 'hostile.pack', 'source']);
  });

  it('an entry less, though the pack is well-formed', async () => {
    const entries = packed.manifest.entries.filter((entry) => entry.path !== 'a.txt');
    expect(await attempt(packed.bytes, { ...packed.manifest, entries })).toBe('archive-invalid');
  });

  it('an entry more than the pack has', async () => {
    const extra = { kind: 'file', path: 'extra', mode: 0o644, size: 5, sha256: sha256(Buffer.from('extra')) };
    const entries = [...packed.manifest.entries, extra];
    expect(await attempt(packed.bytes, { ...packed.manifest, entries })).toBe('archive-invalid');
  });
});

describe('somebody at the staging folder', () => {
  it('a link in its place is refused, and its target untouched', async () => {
    const target = writeTree(join(work, 'target'), {});
    symlinkSync(target, join(work, 'staged'));
    const unpacked = await unpack({ ...packed, folder: join(work, 'staged') });
    expect(unpacked).toMatchObject({ ok: false, fault: { code: 'already-exists' } });
    expect(readdirSync(target)).toEqual([]);
  });

  it('a file more in it is found before the bundle is handed on', async () => {
    const folder = join(work, 'staged');
    let planted = false;
    const onProgress = (): void => {
      if (!planted) writeFileSync(join(folder, 'evil.dll'), 'x');
      planted = true;
    };
    const unpacked = await unpack({ ...packed, folder, onProgress });
    expect(unpacked).toMatchObject({ ok: false, fault: { code: 'digest-mismatch', path: folder } });
    expect(JSON.stringify(unpacked)).toContain('evil.dll');
    expect(existsSync(folder)).toBe(false);
  });

  it('a file changed after it was written is found as well', async () => {
    const folder = join(work, 'staged');
    const onProgress = (done: number): void => {
      if (done > 262_000) writeFileSync(join(folder, 'a.txt'), 'alphA');
    };
    const unpacked = await unpack({ ...packed, folder, onProgress });
    expect(unpacked).toMatchObject({ ok: false, fault: { code: 'digest-mismatch' } });
    expect(JSON.stringify(unpacked)).toContain('a.txt');
  });
});
