import { Buffer } from 'node:buffer';
import { posix } from 'node:path';
import { Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { faultOf } from '../../platform/fault.ts';
import type { Files, ReadableFile } from '../../platform/files.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';
import { type ReleaseAddress, isSha256, parseTarget } from './layout.ts';

/**
 * One release in one file (`.omu`): magic, length of the index (4 bytes, big-endian), index (JSON), then the files of a
 * repository back to back, in the order of the index, without gaps and with nothing behind them.
 *
 * The container itself is not trusted: what is read from it goes through the same checks as what comes from the network.
 */
const MAGIC = Buffer.from('OMU1\r\n\u001a\n', 'latin1');
const LENGTH_BYTES = 4;
const INDEX_LIMIT = 1024 * 1024;
const FILES_LIMIT = 2_048;

const METADATA_PATH = /^metadata\/(?:timestamp|[1-9][0-9]{0,15}\.[a-z0-9][a-z0-9_-]{0,70})\.json$/u;

const Index = Type.Object(
  {
    schema: Type.Literal(1),
    product: Type.String({ maxLength: 32 }),
    channel: Type.String({ maxLength: 32 }),
    version: Type.String({ maxLength: 64 }),
    platform: Type.String({ maxLength: 33 }),
    files: Type.Array(
      Type.Object(
        {
          path: Type.String({ maxLength: 400 }),
          length: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: FILES_LIMIT },
    ),
  },
  { additionalProperties: false },
);

/** Where a file of the repository lies inside the container, bytes. */
export interface OmuPlace {
  readonly offset: number;
  readonly length: number;
}

export interface OmuIndex {
  /** What the container says that it is; believe it only after the signatures. */
  readonly address: ReleaseAddress;
  /** By path relative to the repository (`metadata/…`, `targets/…`), as `layout.ts` gives them. */
  readonly files: ReadonlyMap<string, OmuPlace>;
}

/** The head of a container for these files, which follow it in this order. */
export function encodeOmuHead(
  address: ReleaseAddress,
  files: readonly { readonly path: string; readonly length: number }[],
): Buffer {
  const { product, channel, version, platform } = address;
  const index = Buffer.from(JSON.stringify({ schema: 1, product, channel, version, platform, files }));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(index.length);
  return Buffer.concat([MAGIC, length, index]);
}

/**
 * Reads and checks the head of a container against the file's length.
 *
 * Errors: `archive-invalid` (no such container, truncated, extended, unsafe or repeated path), `newer-schema`, the disk's.
 */
export async function readOmuIndex(files: Files, path: string): Promise<Result<OmuIndex>> {
  const opened = await files.openReadable(path);
  if (!opened.ok) return opened;
  try {
    const index = await readHead(opened.value);
    return index.ok ? index : fail({ ...index.fault, path });
  } finally {
    await opened.value.close();
  }
}

async function readHead(file: ReadableFile): Promise<Result<OmuIndex>> {
  const facts = await file.facts();
  if (!facts.ok) return facts;
  const start = await readExactly(file, 0, MAGIC.length + LENGTH_BYTES);
  if (!start.ok) return start;
  if (!start.value.subarray(0, MAGIC.length).equals(MAGIC)) return refuse('the file is no release file');
  const length = start.value.readUInt32BE(MAGIC.length);
  if (length > INDEX_LIMIT) return refuse('its index is too long');
  const text = await readExactly(file, start.value.length, length);
  if (!text.ok) return text;
  return decodeIndex(text.value, start.value.length + length, facts.value.size);
}

async function readExactly(file: ReadableFile, position: number, length: number): Promise<Result<Buffer>> {
  const buffer = Buffer.alloc(length);
  for (let done = 0; done < length;) {
    const read = await file.read(buffer.subarray(done), position + done);
    if (!read.ok) return read;
    if (read.value === 0) return refuse('the file is truncated');
    done += read.value;
  }
  return succeed(buffer);
}

function decodeIndex(text: Buffer, start: number, size: number): Result<OmuIndex> {
  const index = parse(text);
  if (typeof index === 'object' && index !== null && 'schema' in index && Number(index.schema) > 1)
    return fail(faultOf('newer-schema', 'the release file was made for a newer launcher'));
  if (!Value.Check(Index, index)) return refuse('its index has the wrong shape');
  const places = new Map<string, OmuPlace>();
  let offset = start;
  for (const { path, length } of index.files) {
    if (!isRepositoryPath(path)) return refuse('its index names a path that no repository holds');
    if (places.has(path)) return refuse('its index names a file twice');
    places.set(path, { offset, length });
    offset += length;
  }
  if (offset !== size) return refuse(`it has ${String(size)} bytes, its index describes ${String(offset)}`);
  const { product, channel, version, platform } = index;
  return succeed({ address: { product, channel, version, platform }, files: places });
}

function parse(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** `metadata/<file>` or `targets/<folder>/<sha256>.<name>`, as `layout.ts` writes them. */
function isRepositoryPath(path: string): boolean {
  if (METADATA_PATH.test(path)) return true;
  const [top, ...rest] = path.split('/');
  const name = rest.at(-1) ?? '';
  const digest = name.slice(0, 64);
  if (top !== 'targets' || !isSha256(digest) || name[64] !== '.') return false;
  return parseTarget(posix.join(...rest.slice(0, -1), name.slice(65))) !== undefined;
}

function refuse(detail: string): Result<never> {
  return fail(faultOf('archive-invalid', `the release file cannot be read: ${detail}`));
}
