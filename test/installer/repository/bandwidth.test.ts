import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createBandwidth, limitReader } from '../../../installer/repository/bandwidth.ts';
import type { RepositoryReader } from '../../../installer/repository/repository-reader.ts';
import { succeed } from '../../../platform/result.ts';
import { createFakeClock, type FakeClock } from '../../kit/fake-clock.ts';
import { serveRepository } from './kit/repository-server.ts';
import { createScene, NOW, refused, succeeded } from './kit/scene.ts';
import { createTestRepository } from './kit/tuf-repository.ts';

const MIB = 1024 * 1024;
const LIMIT = 256 * 1024;

/** A repository on a line that takes no time at all: each body comes in pieces of this many bytes. */
function instantReader(length: number, pieceBytes: number): RepositoryReader {
  return {
    readJson: () => Promise.resolve(succeed(Buffer.alloc(length))),
    openRange: (_, { from }) => {
      async function* body() {
        for (let left = length - from; left > 0; left -= pieceBytes)
          yield await Promise.resolve(succeed(new Uint8Array(Math.min(left, pieceBytes))));
      }
      return Promise.resolve(succeed({ start: from, body: body(), discard: () => Promise.resolve() }));
    },
    close: () => Promise.resolve(),
  };
}

interface Arrival {
  readonly at: number;
  readonly bytes: number;
}

async function readAll(
  clock: FakeClock,
  reader: RepositoryReader,
  length: number,
  arrivals: Arrival[],
): Promise<'whole'> {
  const read = succeeded(await reader.openRange('file', { from: 0, length }));
  for await (const piece of read.body) arrivals.push({ at: clock.monotonic(), bytes: succeeded(piece).length });
  return 'whole';
}

function mostWithin(arrivals: readonly Arrival[], windowMs: number): number {
  const sums = arrivals.map(({ at }) =>
    arrivals.filter((other) => other.at >= at && other.at < at + windowMs).reduce((sum, { bytes }) => sum + bytes, 0),
  );
  return Math.max(...sums);
}

describe('a bandwidth limit', () => {
  it.each([
    ['one file', 1, 16 * 1024],
    ['four files at once', 4, 16 * 1024],
    ['three files whose pieces are a MiB each', 3, MIB],
  ])('is kept to one part in fifty over all of %s, and never overdrawn for a second', async (_, files, pieceBytes) => {
    const clock = createFakeClock();
    const bandwidth = createBandwidth(clock, LIMIT);
    const arrivals: Arrival[] = [];
    const readings = Array.from({ length: files }, () =>
      readAll(clock, limitReader(instantReader(2 * MIB, pieceBytes), bandwidth), 2 * MIB, arrivals),
    );
    let whole = 0;
    readings.forEach((reading) => void reading.then(() => (whole += 1)));
    await clock.advanceUntil(() => whole === files);
    const bytes = arrivals.reduce((sum, arrival) => sum + arrival.bytes, 0);
    expect(bytes).toBe(files * 2 * MIB);
    const rate = bytes / (clock.monotonic() / 1_000);
    expect(rate / LIMIT).toBeGreaterThan(0.98);
    expect(rate / LIMIT).toBeLessThan(1.05);
    // A second's worth, what may be made up for, and the slice that is under way.
    expect(mostWithin(arrivals, 1_000)).toBeLessThanOrEqual(LIMIT * 1.25 + 64 * 1024);
  });

  it('lets two transfers take turns', async () => {
    const clock = createFakeClock();
    const bandwidth = createBandwidth(clock, LIMIT);
    const shares: [Arrival[], Arrival[]] = [[], []];
    const reader = limitReader(instantReader(MIB, 16 * 1024), bandwidth);
    let whole = 0;
    for (const arrivals of shares) void readAll(clock, reader, MIB, arrivals).then(() => (whole += 1));
    await clock.advanceUntil(() => whole === 2);
    const ends = shares.map((arrivals) => arrivals.at(-1)?.at ?? 0);
    expect(Math.abs((ends[0] ?? 0) - (ends[1] ?? 0))).toBeLessThan(500);
  });

  it('does not save up while nothing is fetched', async () => {
    const clock = createFakeClock();
    const bandwidth = createBandwidth(clock, LIMIT);
    await clock.advance(3_600_000);
    const arrivals: Arrival[] = [];
    let whole = false;
    void readAll(clock, limitReader(instantReader(MIB, 16 * 1024), bandwidth), MIB, arrivals).then(
      () => (whole = true),
    );
    const begunAt = clock.monotonic();
    await clock.advanceUntil(() => whole);
    expect(clock.monotonic() - begunAt).toBeGreaterThan(3_600);
  });

  it('counts metadata, too', async () => {
    const clock = createFakeClock();
    const reader = limitReader(instantReader(MIB, 1), createBandwidth(clock, LIMIT));
    let read = false;
    void reader.readJson('file', MIB).then(() => (read = true));
    await clock.advanceUntil(() => read);
    expect(clock.monotonic()).toBeGreaterThan(3_600);
  });

  it('is given up at once when the transfer is cancelled', async () => {
    const clock = createFakeClock();
    const reader = limitReader(instantReader(MIB, MIB), createBandwidth(clock, 1_024));
    const cancel = new AbortController();
    const read = succeeded(await reader.openRange('file', { from: 0, length: MIB, signal: cancel.signal }));
    const first = read.body[Symbol.asyncIterator]().next();
    cancel.abort();
    const piece = await first;
    expect(piece.done === true ? 'over' : refused(piece.value).code).toBe('cancelled');
    expect(clock.monotonic()).toBe(0);
  });

  it('holds for a release’s download from a server, whose pack is whole in the end', async () => {
    const repository = createTestRepository(NOW);
    const pack = Buffer.alloc(300_000, 'p');
    const release = repository.addRelease('1.0', { pack });
    repository.issue();
    const server = await serveRepository(repository.files);
    const scene = createScene(repository);
    const taken: number[] = [];
    const bandwidth = {
      take: (bytes: number) => {
        taken.push(bytes);
        return Promise.resolve('taken' as const);
      },
    };
    const source = scene.open(server.url, { bandwidth });
    succeeded(await source.refresh());
    taken.length = 0;
    const folder = join(scene.folder, 'packs');
    mkdirSync(folder);
    succeeded(await source.download(release, folder, {}));
    expect(taken.reduce((sum, bytes) => sum + bytes, 0)).toBe(pack.length);
    expect(Math.max(...taken)).toBeLessThanOrEqual(64 * 1024);
  });
});
