import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { fail, succeed, type Result } from '../../platform/result.ts';
import { readRange } from './folder-reader.ts';
import type { OmuIndex, OmuPlace } from './omu.ts';
import type { RangeRead, RangeWish, RepositoryReader } from './repository-reader.ts';

/** Reads the repository that lies inside a release file; the index has been checked, what it points to has not. */
export function createOmuReader(files: Files, path: string, index: () => Promise<Result<OmuIndex>>): RepositoryReader {
  const find = async (name: string): Promise<Result<OmuPlace>> => {
    const read = await index();
    if (!read.ok) return read;
    const place = read.value.files.get(name);
    return place === undefined
      ? fail(faultOf('not-found', `the release file does not hold ${name}`, { path }))
      : succeed(place);
  };
  const openRange = async (name: string, wish: RangeWish): Promise<Result<RangeRead>> => {
    const place = await find(name);
    if (!place.ok) return place;
    const opened = await files.openReadable(path);
    if (!opened.ok) return opened;
    return succeed(readRange(opened.value, place.value.offset, wish, place.value.offset + place.value.length));
  };
  return {
    openRange,
    readJson: async (name, limit, signal) => {
      const place = await find(name);
      if (!place.ok) return place;
      if (place.value.length > limit) {
        return fail(faultOf('body-too-long', `${name} is longer than the ${limit} bytes allowed`, { path }));
      }
      const opened = await openRange(name, { from: 0, length: place.value.length, signal });
      return opened.ok ? readWhole(opened.value, place.value.length) : opened;
    },
    close: () => Promise.resolve(),
  };
}

async function readWhole(read: RangeRead, length: number): Promise<Result<Buffer>> {
  const pieces: Uint8Array[] = [];
  for await (const piece of read.body) {
    if (!piece.ok) return piece;
    pieces.push(piece.value);
  }
  const bytes = Buffer.concat(pieces);
  return bytes.length === length ? succeed(bytes) : fail(faultOf('body-truncated', 'the release file ends early'));
}
