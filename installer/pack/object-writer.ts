import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files, WritableFile } from '../../platform/files.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';
import type { ManifestEntry, PackObject } from '../release.ts';
import { compressFrame } from './compress.ts';
import { fileBytes } from './file-bytes.ts';
import { inOrder } from './in-order.ts';
import { EMPTY_SHA256 } from './manifest-rules.ts';

/** Small files are compressed together up to this many bytes; a larger file is an object of its own. */
const GROUP_BYTES = 256 * 1024;
/** libuv has four threads unless told otherwise, and one of them is left to the disk. */
const COMPRESSED_AT_ONCE = 3;
/** Contents whose compressed bytes may wait in memory for those before them in the pack; what is larger is written as it is made. */
const HELD_BYTES_LIMIT = 256 * 1024 * 1024;

export interface ObjectsRequest {
  readonly folder: string;
  /** 1 to 19. */
  readonly compressionLevel: number;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of contents packed so far and in all. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
}

export interface WrittenObjects {
  readonly objects: PackObject[];
  /** Of the whole file. */
  readonly pack: { readonly length: number; readonly sha256: string };
}

type FileEntry = Extract<ManifestEntry, { kind: 'file' }>;
type Take = (bytes: Uint8Array) => Promise<Result<void>>;

/** An object that is ready for its place in the pack, or is made as it is written. */
interface ReadyObject {
  readonly group: readonly FileEntry[];
  readonly writeTo: (take: Take) => Promise<Result<void>>;
}

/** Writes each content once and forces it to disk: several objects are compressed at the same time, which does not show in the bytes. */
export async function writeObjects(
  files: Files,
  request: ObjectsRequest,
  entries: readonly ManifestEntry[],
  output: WritableFile,
): Promise<Result<WrittenObjects>> {
  const objects: PackObject[] = [];
  const whole = createHash('sha256');
  let offset = 0;
  const groups = groupContents(entries);
  const total = sizeOf(groups.flat());
  let done = 0;
  const onRead = (bytes: number): void => {
    done += bytes;
    request.onProgress?.(done, total);
  };
  const written = await inOrder(groups, {
    atOnce: COMPRESSED_AT_ONCE,
    weightOf: sizeOf,
    weightLimit: HELD_BYTES_LIMIT,
    make: async (group) => makeReady(files, { ...request, onRead }, group),
    take: async ({ group, writeTo }) => {
      const hash = createHash('sha256');
      let length = 0;
      const taken = await writeTo(async (bytes) => {
        hash.update(bytes);
        whole.update(bytes);
        length += bytes.length;
        return output.write(bytes);
      });
      const contents = group.map(({ sha256 }) => sha256);
      objects.push({ offset, length, sha256: hash.digest('hex'), size: sizeOf(group), contents });
      offset += length;
      return taken;
    },
  });
  const synced = written.ok ? await output.sync() : written;
  return synced.ok ? succeed({ objects, pack: { length: offset, sha256: whole.digest('hex') } }) : synced;
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

function sizeOf(group: readonly FileEntry[]): number {
  return group.reduce((sum, { size }) => sum + size, 0);
}

interface ObjectRequest extends ObjectsRequest {
  readonly onRead: (bytes: number) => void;
}

async function makeReady(
  files: Files,
  request: ObjectRequest,
  group: readonly FileEntry[],
): Promise<Result<ReadyObject>> {
  const compression = { size: sizeOf(group), level: request.compressionLevel };
  const compressTo = async (take: Take): Promise<Result<void>> =>
    compressFrame(contentBytes(files, request, group), compression, take);
  if (compression.size > HELD_BYTES_LIMIT) return succeed({ group, writeTo: compressTo });
  const held: Uint8Array[] = [];
  const compressed = await compressTo(async (bytes) => {
    held.push(bytes);
    return Promise.resolve(succeed());
  });
  return compressed.ok ? succeed({ group, writeTo: async (take) => takeAll(held, take) }) : compressed;
}

async function takeAll(pieces: readonly Uint8Array[], take: Take): Promise<Result<void>> {
  for (const piece of pieces) {
    const taken = await take(piece);
    if (!taken.ok) return taken;
  }
  return succeed();
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
