import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files, WritableFile } from '../../platform/files.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';
import type { FileManifest, ManifestEntry, PackObject } from '../release.ts';
import { publishedFolderMode, readBundleTree } from './bundle-tree.ts';
import { compressFrame } from './compress.ts';
import { fileBytes } from './file-bytes.ts';
import { decodeManifest } from './manifest.ts';
import { EMPTY_SHA256 } from './manifest-rules.ts';

/** Small files are compressed together up to this many bytes; a larger file is an object of its own. */
const GROUP_BYTES = 256 * 1024;

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
  const written = await writeObjects(files, request, entries.value, opened.value);
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

type FileEntry = Extract<ManifestEntry, { kind: 'file' }>;

async function writeObjects(
  files: Files,
  request: PackRequest,
  entries: readonly ManifestEntry[],
  output: WritableFile,
): Promise<Result<{ objects: PackObject[]; pack: { length: number; sha256: string } }>> {
  const objects: PackObject[] = [];
  const whole = createHash('sha256');
  let offset = 0;
  const groups = groupContents(entries);
  const total = groups.flat().reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  const onRead = (bytes: number): void => {
    done += bytes;
    request.onProgress?.(done, total);
  };
  for (const group of groups) {
    const written = await writeObject(files, { ...request, onRead }, group, output, whole);
    if (!written.ok) return written;
    objects.push({ offset, ...written.value });
    offset += written.value.length;
  }
  const synced = await output.sync();
  if (!synced.ok) return synced;
  return succeed({ objects, pack: { length: offset, sha256: whole.digest('hex') } });
}

/** Each content once, in the order of the paths (neighbours resemble each other), small ones together. */
function groupContents(entries: readonly ManifestEntry[]): readonly (readonly FileEntry[])[] {
  const groups: FileEntry[][] = [];
  const seen = new Set<string>([EMPTY_SHA256]);
  let open: { members: FileEntry[]; bytes: number } | undefined;
  for (const entry of entries) {
    if (entry.kind !== 'file' || seen.has(entry.sha256)) continue;
    seen.add(entry.sha256);
    if (entry.size >= GROUP_BYTES) {
      groups.push([entry]);
    } else if (open !== undefined && open.bytes + entry.size <= GROUP_BYTES) {
      open.members.push(entry);
      open.bytes += entry.size;
    } else {
      open = { members: [entry], bytes: entry.size };
      groups.push(open.members);
    }
  }
  return groups;
}

interface ObjectRequest extends PackRequest {
  readonly onRead: (bytes: number) => void;
}

async function writeObject(
  files: Files,
  request: ObjectRequest,
  group: readonly FileEntry[],
  output: WritableFile,
  whole: ReturnType<typeof createHash>,
): Promise<Result<Omit<PackObject, 'offset'>>> {
  const size = group.reduce((sum, entry) => sum + entry.size, 0);
  const hash = createHash('sha256');
  let length = 0;
  const compression = { size, level: request.compressionLevel ?? DEFAULT_COMPRESSION_LEVEL };
  const written = await compressFrame(contentBytes(files, request, group), compression, async (bytes) => {
    hash.update(bytes);
    whole.update(bytes);
    length += bytes.length;
    return output.write(bytes);
  });
  return written.ok
    ? succeed({ length, sha256: hash.digest('hex'), size, contents: group.map((entry) => entry.sha256) })
    : written;
}

/** The group's contents back to back; each must still be what was digested when the manifest was made. */
async function* contentBytes(
  files: Files,
  request: ObjectRequest,
  group: readonly FileEntry[],
): AsyncGenerator<Result<Uint8Array>> {
  for (const entry of group) {
    const path = join(request.folder, entry.path);
    const hash = createHash('sha256');
    for await (const piece of fileBytes(files, path, entry.size, request.signal)) {
      if (piece.ok) hash.update(piece.value);
      if (piece.ok) request.onRead(piece.value.length);
      yield piece;
    }
    if (hash.digest('hex') === entry.sha256) continue;
    yield fail(faultOf('digest-mismatch', 'the file changed while it was being published', { path }));
    return;
  }
}
