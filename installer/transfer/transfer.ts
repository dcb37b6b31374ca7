import { join } from 'node:path';
import { type Static, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { ENTRIES_LIMIT } from '../pack/manifest.ts';
import { PATH_LIMIT } from '../pack/path-rules.ts';

const RECORD_NAME = 'transfer.json';
/** 200,000 digests with long paths. */
const RECORD_LIMIT = 128 * 1024 * 1024;

const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Bytes = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/** Places, in the manifest, of the objects that are fetched. */
const Objects = Type.Array(Type.Integer({ minimum: 0, maximum: ENTRIES_LIMIT }), { maxItems: ENTRIES_LIMIT });
/** Installed files that are used, by the digest that they had when they were looked at; paths relative to the bundle. */
const Sources = Type.Record(Digest, Type.String({ minLength: 1, maxLength: PATH_LIMIT }), {
  additionalProperties: false,
});

export const TransferSchema = Type.Union([
  Type.Object({ kind: Type.Literal('full'), bytes: Bytes }),
  Type.Object({ kind: Type.Literal('objects'), bytes: Bytes, objects: Objects, sources: Sources }),
  Type.Object({
    kind: Type.Literal('delta'),
    bytes: Bytes,
    /** The version that the delta begins at. */
    from: Type.String({ minLength: 1, maxLength: 64 }),
    objects: Objects,
    sources: Sources,
  }),
]);

const Evicted = Type.Object({
  kind: Type.Union([Type.Literal('objects'), Type.Literal('delta')]),
  code: Type.String({ maxLength: 64 }),
  detail: Type.String({ maxLength: 1_000 }),
});

const TransferRecord = Type.Object({
  schema: Type.Literal(1),
  /** Of the release that it leads to: the digest of its manifest. */
  release: Digest,
  transfer: TransferSchema,
  /** A shorter way that failed; it is not tried again. */
  evicted: Type.Optional(Evicted),
});

/** A way of bringing a release's contents to this machine; `bytes` are those to fetch, manifests aside. */
export type Transfer = Readonly<Static<typeof TransferSchema>>;
export type ShorterTransfer = Exclude<Transfer, { kind: 'full' }>;
export type EvictedTransfer = Readonly<Static<typeof Evicted>>;
/** What an order has decided; it outlives the launcher, so that what is fetched is resumed as it was begun. */
export type TransferRecord = Readonly<Static<typeof TransferRecord>>;

/** Undefined when nothing was decided, what is there cannot be read, or it is for another release: then decide anew. */
export async function readTransfer(
  files: Pick<Files, 'readText'>,
  folder: string,
  release: string,
): Promise<TransferRecord | undefined> {
  const text = await files.readText(join(folder, RECORD_NAME), RECORD_LIMIT);
  const decoded = text.ok ? decodeTransfer(text.value) : text;
  return decoded.ok && decoded.value.release === release ? decoded.value : undefined;
}

function decodeTransfer(text: string): Result<TransferRecord> {
  try {
    const value: unknown = JSON.parse(text);
    if (Value.Check(TransferRecord, value) && hasSafePaths(value.transfer)) return succeed(value);
  } catch {
    // Not JSON: the same refusal as a wrong shape.
  }
  return fail(faultOf('record-corrupt', 'the record of the transfer cannot be read'));
}

function hasSafePaths(transfer: Transfer): boolean {
  return transfer.kind === 'full' || Object.values(transfer.sources).every((path) => !path.split('/').includes('..'));
}

export function writeTransfer(
  files: Pick<Files, 'writeDurably'>,
  folder: string,
  record: TransferRecord,
): Promise<Result<void>> {
  return files.writeDurably(join(folder, RECORD_NAME), JSON.stringify(record), 0o600);
}
