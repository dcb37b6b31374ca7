import { describe, expect, it } from 'vitest';
import { constants, zstdCompressSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import { decodeManifest, decodeManifestFile, encodeManifest } from '../../../installer/pack/manifest.ts';
import { EMPTY_SHA256 } from '../../../installer/pack/manifest-rules.ts';
import type { FileManifest, ManifestEntry, PackObject } from '../../../installer/release.ts';

const CONTENT = createHash('sha256').update('x').digest('hex');
const OTHER = createHash('sha256').update('yy').digest('hex');

function file(path: string, more: Partial<Extract<ManifestEntry, { kind: 'file' }>> = {}): ManifestEntry {
  return { kind: 'file', path, mode: 0o644, size: 0, sha256: EMPTY_SHA256, ...more };
}
const folder = (path: string, mode = 0o755): ManifestEntry => ({ kind: 'folder', path, mode });
const link = (path: string, target: string): ManifestEntry => ({ kind: 'link', path, target });
const object = (more: Partial<PackObject> = {}): PackObject => ({
  offset: 0,
  length: 10,
  sha256: OTHER,
  size: 1,
  contents: [CONTENT],
  ...more,
});
function manifest(entries: readonly unknown[], objects: readonly unknown[] = []): unknown {
  return { schema: 1, version: '1.0', entries, objects };
}
function refusal(value: unknown): string {
  const decoded = decodeManifest(value);
  return decoded.ok ? 'accepted' : `${decoded.fault.code}: ${decoded.fault.detail}`;
}

describe('paths that are refused on every system', () => {
  it.each([
    ['../outside', '".."'],
    ['a/../../outside', '".."'],
    ['./a', '"."'],
    ['/etc/passwd', 'absolute'],
    ['C:/Windows', 'drive letter'],
    ['c:evil', 'drive letter'],
    ['a\\b', 'backslash'],
    ['..\\b', 'backslash'],
    ['a\0b', 'control character'],
    ['a\nb', 'control character'],
    ['a\u007fb', 'control character'],
    ['a\u0085b', 'control character'],
    ['x:stream', 'drive letter'],
    ['file.txt:$DATA', 'Windows forbids'],
    ['what?', 'Windows forbids'],
    ['a*', 'Windows forbids'],
    ['"a"', 'Windows forbids'],
    ['CON', 'device'],
    ['con', 'device'],
    ['nul.txt', 'device'],
    ['NUL .tar.gz', 'device'],
    ['COM1', 'device'],
    ['com¹.log', 'device'],
    ['LPT9.a', 'device'],
    ['conin$', 'device'],
    ['name.', 'dot or a space'],
    ['name ', 'dot or a space'],
    ['...', 'dot or a space'],
    ['a//b', 'empty'],
    ['a/', 'empty'],
    ['\ud800', 'Unicode'],
    ['ä'.repeat(128), '255 bytes'],
  ])('%j', (path, why) => {
    expect(refusal(manifest([folder('a'), file(path)]))).toContain(why);
  });

  it('a path of 401 characters, while one of 400 passes', () => {
    const folders = [folder('d'.repeat(199))];
    expect(refusal(manifest([...folders, file(`${'d'.repeat(199)}/${'f'.repeat(200)}`)]))).toBe('accepted');
    expect(refusal(manifest([...folders, file(`${'d'.repeat(199)}/${'f'.repeat(201)}`)]))).toContain('archive-invalid');
  });

  it.each(['console', 'COM10', 'a.con', 'Éléphant', '日本語', '.hidden', 'a b', '[x]', 'nulle'])(
    'but not %j',
    (path) => {
      expect(refusal(manifest([file(path)]))).toBe('accepted');
    },
  );
});

describe('trees that are refused', () => {
  it.each<[string, unknown[], string]>([
    ['the same path twice', [file('a'), file('a')], 'two entries'],
    ['letter case alone', [file('Readme'), file('README')], 'two entries'],
    ['a file and a folder of the same name', [folder('a'), file('A')], 'two entries'],
    ['Unicode forms', [file('caf\u00e9'), file('cafe\u0301')], 'two entries'],
    ['sharp s', [file('straße'), file('STRASSE')], 'two entries'],
    ['a folder that is not declared', [file('a/b')], 'not declared'],
    ['a folder that is declared too late', [file('a/b'), folder('a')], 'not declared'],
    ['an entry below a file', [file('a'), file('a/b')], 'below a file'],
    ['an entry below a link', [folder('d'), link('a', 'd'), file('a/b')], 'below a link'],
    ['setuid', [file('a', { mode: 0o4755 })], 'archive-invalid'],
    ['setgid folder', [folder('a', 0o2755)], 'archive-invalid'],
    ['sticky', [folder('a', 0o1777)], 'archive-invalid'],
    ['a file that its owner cannot read', [file('a', { mode: 0o200 })], 'may not read'],
    ['a folder that its owner cannot change', [folder('a', 0o555)], 'may not change'],
    ['a fifo', [{ kind: 'fifo', path: 'a', mode: 0o644 }], 'archive-invalid'],
    ['a device', [{ kind: 'device', path: 'a', mode: 0o644, major: 1 }], 'archive-invalid'],
    ['an unknown field', [{ ...file('a'), owner: 0 }], 'archive-invalid'],
    ['a negative size', [file('a', { size: -1 })], 'archive-invalid'],
    ['a size that is no number to count with', [file('a', { size: 2 ** 53 })], 'archive-invalid'],
  ])('%s', (_, entries, why) => {
    expect(refusal(manifest(entries))).toContain(why);
  });
});

describe('links', () => {
  const tree = [folder('a'), folder('a/b'), file('a/b/f'), folder('c')];
  it.each([
    ['x', '/etc/passwd', 'absolute'],
    ['x', '../outside', 'leaves'],
    ['a/b/x', '../../../etc', 'leaves'],
    ['x', 'a/../../y', 'leaves'],
    ['x', 'C:\\Windows', 'backslash'],
    ['x', 'C:/Windows', 'drive letter'],
    ['x', 'a//b', 'empty'],
    ['x', 'nothing', 'leads to nothing'],
    ['x', '.', 'holds it'],
    ['a/b/x', '..', 'holds it'],
    ['x', 'x', 'cycle'],
    ['x', 'con', 'device'],
  ])('%s → %s is refused', (path, target, why) => {
    expect(refusal(manifest([...tree, link(path, target)]))).toContain(why);
  });

  it('a chain that leaves through a second link is refused', () => {
    const chain = [folder('d'), folder('d/e'), link('d/e/up', '../..'), link('x', 'd/e/up/../y')];
    expect(refusal(manifest(chain))).toMatch(/leaves|holds it/u);
  });

  it('a → . with an entry through it is refused', () => {
    expect(refusal(manifest([link('a', '.'), link('a/b', '..')]))).toContain('below a link');
  });

  it('cycles of links are refused', () => {
    expect(refusal(manifest([link('a', 'b'), link('b', 'c'), link('c', 'a')]))).toContain('cycle');
  });

  it('those of a macOS framework pass', () => {
    const framework = [
      folder('F'),
      folder('F/Versions'),
      folder('F/Versions/A'),
      file('F/Versions/A/F'),
      link('F/Versions/Current', 'A'),
      link('F/F', 'Versions/Current/F'),
    ];
    expect(refusal(manifest(framework))).toBe('accepted');
  });
});

describe('contents that do not add up', () => {
  const one = file('one', { size: 1, sha256: CONTENT });
  it.each<[string, unknown[], unknown[], string]>([
    ['a file that the pack lacks', [one], [], 'manifest incomplete'],
    ['a content that no file wants', [], [object()], 'no file wants'],
    ['a content that comes twice', [one], [object(), object({ offset: 10 })], 'there before'],
    ['a gap', [one], [object({ offset: 5 })], 'does not begin'],
    ['a size that its contents contradict', [one], [object({ size: 2 })], 'declares 2 bytes'],
    ['no bytes', [one], [object({ length: 0 })], 'archive-invalid'],
    ['one content of two sizes', [one, file('two', { size: 2, sha256: CONTENT })], [object()], 'two sizes'],
    ['an empty file with a digest', [file('a', { sha256: CONTENT })], [object({ size: 1 })], 'contradict'],
    ['a full file with the digest of nothing', [file('a', { size: 3 })], [], 'contradict'],
    ['lengths beyond counting', [one], [object({ length: 2 ** 53 })], 'archive-invalid'],
  ])('%s', (_, entries, objects, why) => {
    expect(refusal(manifest(entries, objects))).toContain(why);
  });
});

describe('manifest files', () => {
  const whole: FileManifest = {
    schema: 1,
    version: '1.0',
    rootMode: 0o750,
    entries: [folder('a'), file('a/one', { size: 1, sha256: CONTENT }), link('l', 'a/one')],
    objects: [object()],
  };
  it('come back as they were written, always in the same bytes', () => {
    const bytes = encodeManifest(whole);
    expect(decodeManifestFile(bytes)).toEqual({ ok: true, value: whole });
    expect(encodeManifest(whole)).toEqual(bytes);
  });

  it('are refused at every cut and with anything behind them', () => {
    const bytes = encodeManifest(whole);
    for (let cut = 0; cut < bytes.length; cut += 1) expect(decodeManifestFile(bytes.subarray(0, cut)).ok).toBe(false);
    expect(decodeManifestFile(Buffer.concat([bytes, Buffer.from('x')])).ok).toBe(false);
    expect(decodeManifestFile(Buffer.concat([bytes, bytes])).ok).toBe(false);
  });

  it.each<[string, Buffer, RegExp]>([
    ['a bomb', zstdCompressSync(Buffer.alloc(256 * 1024 * 1024)), /larger|Larger|cannot be read/u],
    ['a million nested arrays', zstdCompressSync(Buffer.from('['.repeat(1_000_000))), /cannot be read/u],
    ['well-formed nested arrays', zstdCompressSync(Buffer.from('['.repeat(5_000) + ']'.repeat(5_000))), /manifest/u],
    ['a 2 GiB window', windowOf(31), /window/u],
    ['no JSON', zstdCompressSync(Buffer.from('hello')), /cannot be read/u],
    ['a later schema', zstdCompressSync(Buffer.from('{"schema":2}')), /newer launcher/u],
    ['too many entries', zstdCompressSync(Buffer.from(JSON.stringify(manifest(Array(200_001).fill(0))))), /entries/u],
  ])('are refused: %s', (_, bytes, why) => {
    const started = performance.now();
    const decoded = decodeManifestFile(bytes);
    expect(decoded.ok ? 'accepted' : decoded.fault.detail).toMatch(why);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

/** A small frame whose header asks for a window of 2^log bytes: byte 5 is Window_Descriptor (RFC 8878 §3.1.1.1.2). */
function windowOf(log: number): Buffer {
  const frame = zstdCompressSync(Buffer.alloc(100_000), { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } });
  const changed = Buffer.from(frame);
  changed[5] = (log - 10) << 3;
  return changed;
}
