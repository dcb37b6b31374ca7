import { createHash } from 'node:crypto';
import type { Fault } from '../../platform/fault.ts';
import { type Result, succeed } from '../../platform/result.ts';

/** Takes the bytes of one content, in order. */
export interface ContentWriter {
  write(bytes: Uint8Array): Promise<Result<void>>;
  /** `whole`: all bytes came and their digest is the declared one; otherwise the content is to be thrown away. */
  close(whole: boolean): Promise<Result<void>>;
}

/** Where the contents of a pack go. */
export interface ContentSink {
  open(sha256: string): Promise<Result<ContentWriter>>;
}

/** For a check alone: every digest is compared on the way, nothing is kept. */
export const DISCARDING_SINK: ContentSink = {
  open: async () =>
    Promise.resolve(
      succeed({ write: async () => Promise.resolve(succeed()), close: async () => Promise.resolve(succeed()) }),
    ),
};

/** Contents that come back to back. */
export interface SplitSource {
  /** Digests, in order; none is empty. */
  readonly contents: readonly string[];
  /** Bytes of each content. */
  readonly sizes: ReadonlyMap<string, number>;
  /** Makes the fault; `what` completes "the object …". */
  readonly refuse: (code: Fault['code'], what: string) => Result<never>;
}

export interface Splitter {
  take(bytes: Uint8Array): Promise<Result<void>>;
  end(): Result<void>;
  /** Closes what is open; its content is incomplete or wrong. */
  abandon(): Promise<void>;
}

/** Cuts an object's bytes into its contents and checks each; refuses the first byte beyond the declared size. */
export function createSplitter(source: SplitSource, sink: ContentSink): Splitter {
  let next = 0;
  let current: { sha256: string; left: number; hash: ReturnType<typeof createHash>; writer: ContentWriter } | undefined;

  async function open(): Promise<Result<void>> {
    const sha256 = source.contents[next];
    if (sha256 === undefined) return source.refuse('archive-invalid', 'unpacks to more than its declared size');
    next += 1;
    const writer = await sink.open(sha256);
    if (!writer.ok) return writer;
    current = { sha256, left: source.sizes.get(sha256) ?? 0, hash: createHash('sha256'), writer: writer.value };
    return succeed();
  }

  async function finish(): Promise<Result<void>> {
    if (current === undefined || current.left > 0) return succeed();
    const { hash, sha256, writer } = current;
    if (hash.digest('hex') !== sha256) return source.refuse('digest-mismatch', 'unpacks to other contents');
    current = undefined;
    return writer.close(true);
  }

  return {
    async take(bytes) {
      let rest = bytes;
      while (rest.length > 0) {
        const opened = current === undefined ? await open() : succeed();
        if (!opened.ok || current === undefined) return opened;
        const part = rest.subarray(0, current.left);
        rest = rest.subarray(part.length);
        current.hash.update(part);
        current.left -= part.length;
        const written = await current.writer.write(part);
        const finished = written.ok ? await finish() : written;
        if (!finished.ok) return finished;
      }
      return succeed();
    },
    end() {
      const whole = current === undefined && next === source.contents.length;
      return whole ? succeed() : source.refuse('archive-invalid', 'unpacks to less than its declared size');
    },
    async abandon() {
      await current?.writer.close(false);
      current = undefined;
    },
  };
}
