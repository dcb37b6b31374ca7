import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { constants, zstdCompressSync } from 'node:zlib';
import type { FileManifest, ManifestEntry } from '../../../installer/release.ts';
import type { FaultCode } from '../../../platform/fault.ts';
import { etagOf, rangeStart } from '../../installer/repository/kit/repository-server.ts';
import { answering, type Packed, type Stage } from './vendor.ts';

const PACK = /\.full\.pack$/u;
// That of the installed release is asked for, too.
const MANIFEST = /\/2026\.2\.0\/.*\.manifest\.json\.zst$/u;

export interface ContentCase {
  readonly name: string;
  readonly act: (stage: Stage) => unknown;
  /** How the order is refused; a look still sees the release, for its lists are in order. */
  readonly code: FaultCode;
}

/** Valid lists, and files that lie on the way. */
export const DOWNLOAD_CASES: readonly ContentCase[] = [
  onTheWay('a pack of other bytes under the same length and ETag', PACK, other, 'digest-mismatch'),
  onTheWay('a pack that goes on behind its signed end', PACK, longer, 'body-too-long'),
  onTheWay('a login page in place of the pack', PACK, loginPage, 'metadata-invalid'),
  onTheWay('a pack that was encoded', PACK, encoded, 'metadata-invalid'),
  {
    name: 'a redirect of the pack to another port of this machine',
    act: ({ server, trap }) =>
      (server.misbehave = answering(PACK, (response) => response.writeHead(307, { location: trap.url }).end())),
    code: 'redirect-refused',
  },
  onTheWay('a manifest of other bytes', MANIFEST, other, 'digest-mismatch'),
  onTheWay('a manifest that goes on behind its signed end', MANIFEST, longer, 'body-too-long'),
  onTheWay('a login page in place of the manifest', MANIFEST, loginPage, 'metadata-invalid'),
];

/** Releases that the vendor's own keys signed, and that are hostile all the same. */
export const ARCHIVE_CASES: readonly ContentCase[] = [
  ...(
    [
      ['../', folder('../evil')],
      ['an absolute path', folder('/evil')],
      ['a drive letter', folder('C:/evil')],
      ['a device name', folder('CON')],
      ['a device name with an ending', folder('nul.txt')],
      ['a stream of another file', folder('x:stream')],
      ['a trailing dot', folder('dot.')],
      ['a backslash', folder('a\\b')],
      ['a link out of the tree, then a write through it', link('out', '..'), folder('out/evil')],
      ['the chain a → . , a/b → ..', link('a', '.'), link('a/b', '..')],
      ['a set-user-ID file', { ...folder('setuid'), mode: 0o4755 }],
      ['a fifo', { ...folder('fifo'), kind: 'fifo' }],
      ['a device', { ...folder('device'), kind: 'device' }],
    ] as const
  ).map(([name, ...added]) =>
    signed(name, ({ manifest }) => ({ ...manifest, entries: [...manifest.entries, ...added] })),
  ),
  signed('an entry less than the pack holds', ({ manifest }) => ({ ...manifest, entries: withoutOneFile(manifest) })),
  signed('an entry more than the pack holds', ({ manifest }) => ({
    ...manifest,
    entries: [
      ...manifest.entries,
      { kind: 'file', path: 'extra', mode: 0o644, size: 5, sha256: sha256(Buffer.from('extra')) },
    ],
  })),
  {
    name: 'a manifest of another version',
    act: ({ publish, honest }) => publish({ ...honest.manifest, version: '2026.9.0' }),
    code: 'wrong-target',
  },
  {
    name: 'a pack that is shorter than its manifest says',
    act: ({ publish, honest }) => publish(honest.manifest, honest.pack.subarray(0, 512 * 20)),
    code: 'archive-invalid',
  },
  replaced('1 GB of zeros in 30 KB', bomb(), Buffer.alloc(1_000), 'archive-invalid'),
  replaced('a frame with a 2 GB window', wideWindow(), Buffer.alloc(100_000), 'archive-invalid'),
  replaced(
    'a second frame behind the first',
    Buffer.concat([frame('content'), frame('hidden')]),
    Buffer.from('content'),
    'archive-invalid',
  ),
  replaced('a frame of other content', frame('contenT'), Buffer.from('content'), 'digest-mismatch'),
];

type Answer = (response: ServerResponse, bytes: Buffer, from: number) => unknown;

function onTheWay(name: string, paths: RegExp, answer: Answer, code: FaultCode): ContentCase {
  const misbehave = answering(paths, (response, bytes, request) => answer(response, bytes, rangeStart(request)));
  return { name, act: ({ server }) => (server.misbehave = misbehave), code };
}

function other(response: ServerResponse, bytes: Buffer): void {
  response.writeHead(200, { etag: etagOf(bytes) }).end(bytes.map((byte) => byte ^ 1));
}

function longer(response: ServerResponse, bytes: Buffer): void {
  response.writeHead(200).end(Buffer.concat([bytes, Buffer.from('x')]));
}

function loginPage(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><p>');
}

function encoded(response: ServerResponse, bytes: Buffer): void {
  response.writeHead(200, { 'content-encoding': 'gzip' }).end(bytes);
}

function signed(name: string, twist: (honest: Packed) => unknown): ContentCase {
  return { name, act: ({ publish, honest }) => publish(twist(honest)), code: 'archive-invalid' };
}

/** A manifest of one file, made to fit these compressed bytes. */
function replaced(name: string, pack: Buffer, content: Buffer, code: FaultCode): ContentCase {
  const [size, digest] = [content.length, sha256(content)];
  return {
    name,
    act: ({ publish, honest }) =>
      publish(
        {
          ...honest.manifest,
          entries: [{ kind: 'file', path: 'f', mode: 0o644, size, sha256: digest }],
          objects: [{ offset: 0, length: pack.length, sha256: sha256(pack), size, contents: [digest] }],
        },
        pack,
      ),
    code,
  };
}

function withoutOneFile({ entries }: FileManifest): readonly ManifestEntry[] {
  const last = entries.findLastIndex(({ kind }) => kind === 'file');
  return entries.filter((_, index) => index !== last);
}

function folder(path: string): { readonly kind: string; readonly path: string; readonly mode: number } {
  return { kind: 'folder', path, mode: 0o755 };
}

function link(path: string, target: string): unknown {
  return { kind: 'link', path, target };
}

function frame(content: string): Buffer {
  return zstdCompressSync(Buffer.from(content));
}

function bomb(): Buffer {
  return zstdCompressSync(Buffer.alloc(1024 ** 3), { params: { [constants.ZSTD_c_windowLog]: 20 } });
}

/** RFC 8878 §3.1.1.1.2: the window's descriptor says 2 GB. */
function wideWindow(): Buffer {
  const bytes = zstdCompressSync(Buffer.alloc(100_000), { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } });
  bytes[5] = (31 - 10) << 3;
  return bytes;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
