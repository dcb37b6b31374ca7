import type { Clock } from '../../platform/clock.ts';
import { fail, succeed, type Result } from '../../platform/result.ts';
import type { RangeRead, RepositoryReader } from './repository-reader.ts';
import { cancelled } from './retry-ladder.ts';

/** Nobody pays for more than this at once, so that several transfers take turns. */
const SLICE_BYTES = 64 * 1024;
/** Unused time that may be made up for: enough for a slice, never a flood after a pause. */
const BURST_MS = 250;

/** A number of bytes a second that all transfers of this launcher share. */
export interface Bandwidth {
  /** Resolves when these bytes may pass; first come, first served. */
  take(bytes: number, signal?: AbortSignal): Promise<'taken' | 'aborted'>;
}

/** A token bucket on the monotonic clock, kept as the moment up to which the line is paid for. */
export function createBandwidth(clock: Clock, bytesPerSecond: number): Bandwidth {
  let paidUntil = clock.monotonic();
  return {
    take(bytes, signal) {
      const now = clock.monotonic();
      paidUntil = Math.max(paidUntil, now - BURST_MS) + (bytes / bytesPerSecond) * 1_000;
      return paidUntil <= now ? Promise.resolve('taken') : wait(clock, paidUntil - now, signal);
    },
  };
}

async function wait(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<'taken' | 'aborted'> {
  return (await clock.sleep(milliseconds, signal)) === 'elapsed' ? 'taken' : 'aborted';
}

/** The same repository, read no quicker than the bandwidth allows; what waits is not read from the line, which slows the sender. */
export function limitReader(reader: RepositoryReader, bandwidth: Bandwidth): RepositoryReader {
  return {
    ...reader,
    async readJson(path, limit, signal) {
      const read = await reader.readJson(path, limit, signal);
      if (!read.ok) return read;
      return (await bandwidth.take(read.value.length, signal)) === 'taken' ? read : fail(cancelled());
    },
    async openRange(path, wish) {
      const opened = await reader.openRange(path, wish);
      return opened.ok ? succeed(limitRange(opened.value, bandwidth, wish.signal)) : opened;
    },
  };
}

function limitRange(read: RangeRead, bandwidth: Bandwidth, signal: AbortSignal | undefined): RangeRead {
  return { ...read, body: slowly(read.body, bandwidth, signal), discard: () => read.discard() };
}

async function* slowly(
  body: RangeRead['body'],
  bandwidth: Bandwidth,
  signal: AbortSignal | undefined,
): AsyncGenerator<Result<Uint8Array>> {
  for await (const piece of body) {
    if (!piece.ok) yield piece;
    else
      for (let start = 0; start < piece.value.length; start += SLICE_BYTES) {
        const slice = piece.value.subarray(start, start + SLICE_BYTES);
        const taken = await bandwidth.take(slice.length, signal);
        yield taken === 'taken' ? succeed(slice) : fail(cancelled());
        if (taken === 'aborted') return;
      }
  }
}
