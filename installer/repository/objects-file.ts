import { createHash, type Hash } from 'node:crypto';
import { faultOf } from '../../platform/fault.ts';
import type { Files, ReadableFile, WritableFile } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { PackObject } from '../release.ts';
import { rangeBytes } from '../pack/file-bytes.ts';

/** Objects of a pack, back to back in a file that grows; each is compared with its digest as soon as it is whole. */
export interface ObjectsFile {
  /** Bytes that are there. */
  length(): number;
  /** Takes bytes of the object that stands next; `digest-mismatch` when it turns out wrong, and it is gone again then. */
  append(bytes: Uint8Array): Promise<Result<void>>;
  /** Fsyncs and closes. */
  finish(): Promise<Result<void>>;
  /** Leaves what is there for another time. */
  close(): Promise<Result<void>>;
}

/** Opens the file, keeping the whole objects at its beginning that are right; what follows them is cut off. */
export async function openObjectsFile(
  files: Files,
  path: string,
  objects: readonly PackObject[],
): Promise<Result<ObjectsFile>> {
  const known = await countRight(files, path, objects);
  if (!known.ok) return known;
  const opened = await files.openWritable(path, { mode: 0o600, start: 'end' });
  if (!opened.ok) return opened;
  const length = objects.slice(0, known.value).reduce((sum, object) => sum + object.length, 0);
  const cut = await opened.value.truncate(length);
  if (cut.ok) return succeed(objectsFile(opened.value, objects, known.value, length));
  await opened.value.close();
  return cut;
}

function objectsFile(
  file: WritableFile,
  objects: readonly PackObject[],
  whole: number,
  wholeBytes: number,
): ObjectsFile {
  const state = { whole, wholeBytes, partial: 0, hash: createHash('sha256') };

  async function settle(object: PackObject): Promise<Result<void>> {
    const right = state.hash.digest('hex') === object.sha256;
    Object.assign(state, { partial: 0, hash: createHash('sha256') });
    if (right) {
      state.whole += 1;
      state.wholeBytes += object.length;
      return succeed();
    }
    const cut = await file.truncate(state.wholeBytes);
    if (!cut.ok) return cut;
    return fail(faultOf('digest-mismatch', `the object at byte ${object.offset} of the pack is not the signed one`));
  }

  return {
    length: () => state.wholeBytes + state.partial,
    async append(bytes) {
      for (let rest = bytes; rest.length > 0;) {
        const object = objects[state.whole];
        if (object === undefined) return fail(faultOf('body-too-long', 'more came than was asked for'));
        const part = rest.subarray(0, object.length - state.partial);
        rest = rest.subarray(part.length);
        const written = await file.write(part);
        if (!written.ok) return written;
        state.hash.update(part);
        state.partial += part.length;
        const settled = state.partial === object.length ? await settle(object) : succeed();
        if (!settled.ok) return settled;
      }
      return succeed();
    },
    async finish() {
      const synced = await file.sync();
      const closed = await file.close();
      return synced.ok ? closed : synced;
    },
    close: () => file.close(),
  };
}

/** How many objects stand at the beginning of the file as they must. */
async function countRight(files: Files, path: string, objects: readonly PackObject[]): Promise<Result<number>> {
  const facts = await files.facts(path);
  if (!facts.ok) return facts;
  if (facts.value === undefined) return succeed(0);
  if (facts.value.kind !== 'file') {
    const removed = await files.removeTree(path);
    return removed.ok ? succeed(0) : removed;
  }
  const opened = await files.openReadable(path);
  if (!opened.ok) return opened;
  try {
    let [count, offset] = [0, 0];
    for (const object of objects) {
      const right = await isRight(opened.value, object, offset);
      if (!right.ok) return right;
      if (!right.value) break;
      count += 1;
      offset += object.length;
    }
    return succeed(count);
  } finally {
    await opened.value.close();
  }
}

async function isRight(file: ReadableFile, object: PackObject, offset: number): Promise<Result<boolean>> {
  const hash: Hash = createHash('sha256');
  for await (const piece of rangeBytes(file, { offset, length: object.length }, undefined)) {
    if (!piece.ok) return piece;
    hash.update(piece.value);
  }
  return succeed(hash.digest('hex') === object.sha256);
}
