import { type Fault, faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { NUMBER_BYTES } from './numbers.ts';

/** No number that a stream may hold: it ends in the middle of one, or the number is beyond 2^53 − 1. */
export const MALFORMED = -1;

/** Bytes of a stream, taken without a wait as long as they are there. */
export interface ByteFeed {
  /** Bytes that can be taken now. */
  available(): number;
  /** Waits until `bytes` can be taken, or the stream has ended before that. */
  fill(bytes: number): Promise<Result<void>>;
  /** The next number, or `MALFORMED`; whoever calls it has filled. */
  number(): number;
  /** The next byte; whoever calls it has made sure that it is there. */
  byte(): number;
  /** At most `limit` of the bytes that are there; valid until the next `fill`. */
  take(limit: number): Uint8Array;
  /** Whether no byte is left, now or ever. */
  ended(): Promise<Result<boolean>>;
  close(): Promise<void>;
}

/** Makes a feed of the pieces of a stream; at most one piece and `bytes` of `fill` are held. */
export function createByteFeed(pieces: AsyncGenerator<Result<Uint8Array>>): ByteFeed {
  let buffer: Uint8Array = new Uint8Array(0);
  let at = 0;
  let over = false;
  let fault: Fault | undefined;

  async function pull(): Promise<void> {
    const next = await pieces.next();
    if (next.done === true) over = true;
    else if (next.value.ok) {
      const rest = buffer.subarray(at);
      const joined = rest.length === 0 ? next.value.value : new Uint8Array(rest.length + next.value.value.length);
      if (rest.length > 0) {
        joined.set(rest);
        joined.set(next.value.value, rest.length);
      }
      buffer = joined;
      at = 0;
    } else {
      over = true;
      fault = next.value.fault;
    }
  }

  const feed: ByteFeed = {
    available: () => buffer.length - at,
    async fill(bytes) {
      while (!over && buffer.length - at < bytes) await pull();
      return fault === undefined ? succeed() : fail(fault);
    },
    number() {
      let value = 0;
      for (let index = 0, unit = 1; index < NUMBER_BYTES; index += 1, unit *= 128) {
        const byte = buffer[at];
        if (byte === undefined) return MALFORMED;
        at += 1;
        value += (byte & 127) * unit;
        if (byte < 128) return Number.isSafeInteger(value) ? value : MALFORMED;
      }
      return MALFORMED;
    },
    byte() {
      const byte = buffer[at] ?? 0;
      at += 1;
      return byte;
    },
    take(limit) {
      const taken = buffer.subarray(at, at + limit);
      at += taken.length;
      return taken;
    },
    async ended() {
      const filled = await feed.fill(1);
      return filled.ok ? succeed(buffer.length === at) : filled;
    },
    async close() {
      await pieces.return(undefined);
    },
  };
  return feed;
}

/** A stream that says something impossible; `what` completes "the patch …". */
export function refusePatch(what: string): Result<never> {
  return fail(faultOf('archive-invalid', `the patch ${what}`));
}
