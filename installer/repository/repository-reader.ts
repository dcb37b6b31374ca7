import type { Result } from '../../platform/result.ts';

/** A piece of a large file, from `start` to its end, still on its way. */
export interface RangeRead {
  /** The first byte that comes: what was asked for, or 0 from a server that cannot do ranges. */
  readonly start: number;
  /** A strong ETag, to be handed back when the transfer is resumed. */
  readonly validator?: string;
  /** Bytes that the sender announced for this piece. */
  readonly announced?: number;
  readonly body: AsyncIterable<Result<Uint8Array>>;
  /** Frees the connection when the body is not read to its end. */
  discard(): Promise<void>;
}

export interface RangeWish {
  /** First byte wanted. */
  readonly from: number;
  /** Byte behind the last one wanted; without it all to the end. */
  readonly until?: number;
  /** Bytes of the whole file, from signed metadata. */
  readonly length: number;
  /** Only if the file is still this one; otherwise all of it. */
  readonly validator?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The web server to be reached. */
export interface RepositoryHost {
  readonly name: string;
  readonly port: number;
  readonly secure: boolean;
}

/**
 * The untrusted folder that is a repository: over HTTP(S), on disk, or inside one file. Paths are relative, with `/`, as
 * `layout.ts` gives them. Nothing is believed of what comes; lengths are capped.
 */
export interface RepositoryReader {
  readonly host?: RepositoryHost | undefined;
  /**
   * A whole small JSON file. Errors: `http-status` (with `values.status`) or `not-found` when it is not there,
   * `body-too-long` beyond `limit` bytes, `metadata-invalid` for a web page in its place, network and disk faults.
   */
  readJson(path: string, limit: number, signal?: AbortSignal): Promise<Result<Buffer>>;
  /** Starts one transfer attempt of a large file; the caller repeats. */
  openRange(path: string, wish: RangeWish): Promise<Result<RangeRead>>;
  /**
   * Told that what came last under this path was not the signed content; says how many other copies can be asked for it.
   * Absent where there is only one.
   */
  disown?(path: string): number;
  close(): Promise<void>;
}

/** 403 as well: object stores say it for what is absent when listing is forbidden. */
const ABSENT_STATUSES: readonly unknown[] = [403, 404];

/** Whether a read failed because the file is not there. */
export function isAbsent(read: Result<unknown>): boolean {
  if (read.ok) return false;
  const { code, values } = read.fault;
  return code === 'not-found' || (code === 'http-status' && ABSENT_STATUSES.includes(values?.['status']));
}
