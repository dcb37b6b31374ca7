import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';
import type { FileManifest } from '../release.ts';
import { publishedFolderMode, readBundleTree } from './bundle-tree.ts';
import { decodeManifest } from './manifest.ts';
import { writeObjects } from './object-writer.ts';

/** zstd's slowest level without extra memory on the reading side; a release is packed once and fetched by everybody. */
export const DEFAULT_COMPRESSION_LEVEL = 19;

export interface PackRequest {
  readonly folder: string;
  readonly version: string;
  /** The file to write; it is created, its folder must be there. */
  readonly packFile: string;
  /** 1 to 19. */
  readonly compressionLevel?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of contents packed so far and in all. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
}

export interface PackedBundle {
  readonly manifest: FileManifest;
  readonly length: number;
  readonly sha256: string;
}

/**
 * Packs a folder: the same folder gives the same manifest and the same pack, byte for byte, whenever and wherever.
 *
 * The manifest is put through the very decoder that guards the customer's machine, so what it would refuse is never published.
 * Errors: `archive-invalid`, `too-large`, `digest-mismatch` (a file changed meanwhile), `cancelled`, the disk's.
 */
export async function packBundle(files: Files, request: PackRequest): Promise<Result<PackedBundle>> {
  const root = await files.facts(request.folder);
  if (!root.ok) return root;
  if (root.value?.kind !== 'folder')
    return fail(faultOf('folder-missing', 'there is no folder to publish', { path: request.folder }));
  const entries = await readBundleTree(files, request.folder, request.signal);
  if (!entries.ok) return entries;
  const opened = await files.openWritable(request.packFile, { start: 'empty', mode: 0o644 });
  if (!opened.ok) return opened;
  const written = await writeObjects(
    files,
    { ...request, compressionLevel: request.compressionLevel ?? DEFAULT_COMPRESSION_LEVEL },
    entries.value,
    opened.value,
  );
  const closed = await opened.value.close();
  if (!written.ok) return written;
  if (!closed.ok) return closed;
  const manifest = decodeManifest({
    schema: 1,
    version: request.version,
    rootMode: publishedFolderMode(root.value.mode),
    entries: entries.value,
    objects: written.value.objects,
  });
  return manifest.ok ? succeed({ manifest: manifest.value, ...written.value.pack }) : manifest;
}
