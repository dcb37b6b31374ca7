import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packBundle } from '../../../installer/pack/writer.ts';
import type { FileManifest } from '../../../installer/release.ts';
import type { UnpackRequest, UnpackedRelease } from '../../../installer/staging/unpack.ts';
import { unpackRelease } from '../../../installer/staging/unpack.ts';
import { openPlatform } from '../../../platform/current.ts';
import type { Result } from '../../../platform/result.ts';

export const platform = openPlatform();

export interface Packed {
  readonly manifest: FileManifest;
  readonly packFile: string;
  readonly bytes: Buffer;
}

/** Packs a folder into `work/<name>.pack`; throws when that is refused. */
export async function pack(folder: string, work: string, name = 'full'): Promise<Packed> {
  const packFile = join(work, `${name}.pack`);
  const packed = await packBundle(platform.files, { folder, version: '1.0', packFile, compressionLevel: 3 });
  if (!packed.ok) throw new Error(JSON.stringify(packed.fault));
  return { manifest: packed.value.manifest, packFile, bytes: readFileSync(packFile) };
}

export function unpack(request: UnpackRequest): Promise<Result<UnpackedRelease>> {
  return unpackRelease(platform, request);
}

/** Writes files (path → content), folders (path ending in `/`) and links (path → `{ link }`) below a new folder. */
export function writeTree(
  folder: string,
  tree: Readonly<Record<string, string | Buffer | { readonly link: string }>>,
): string {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  for (const [path, content] of Object.entries(tree)) {
    const absolute = join(folder, path);
    mkdirSync(path.endsWith('/') ? absolute : dirname(absolute), { recursive: true, mode: 0o755 });
    if (path.endsWith('/')) continue;
    if (typeof content === 'string' || Buffer.isBuffer(content)) {
      writeFileSync(absolute, content);
      chmodSync(absolute, 0o644);
    } else symlinkSync(content.link, absolute);
  }
  return folder;
}

/** Bytes that look random but are always the same. */
export function noise(seed: string, length: number): Buffer {
  const pieces: Buffer[] = [];
  for (let index = 0; index * 32 < length; index += 1)
    pieces.push(
      createHash('sha256')
        .update(`${seed}-${String(index)}`)
        .digest(),
    );
  return Buffer.concat(pieces).subarray(0, length);
}
