import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type Static, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { createFrameScanner, WINDOW_LOG } from '../pack/frame.ts';
import { Digest, ENTRIES_LIMIT, Entry, Mode } from '../pack/manifest.ts';
import type { ManifestEntry } from '../release.ts';
import { MANIFEST_LIMIT, MANIFEST_TEXT_LIMIT } from '../repository/layout.ts';
import { parseGuardedJson } from '../repository/json-guard.ts';

export type FileEntry = Extract<ManifestEntry, { kind: 'file' }>;

/** JSON of a delta manifest: shallow, and never more values than 200,000 entries of a manifest need. */
const JSON_LIMITS = { depth: 5, values: 8 * ENTRIES_LIMIT, members: 16 };

const Count = Type.Integer({ minimum: 0, maximum: ENTRIES_LIMIT });
const Bytes = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Length = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const Version = Type.String({ minLength: 1, maxLength: 64 });
/** Rising places in a list, each as its distance from the one before (the first from −1, less one): small numbers compress. */
const Places = Type.Array(Count, { maxItems: ENTRIES_LIMIT });

const DeltaManifestSchema = Type.Object(
  {
    /** 2 when a patch predicts addresses, which launchers that know 1 alone cannot. */
    schema: Type.Union([Type.Literal(1), Type.Literal(2)]),
    from: Version,
    to: Version,
    /** Of the canonical text (`canonicalText`) of the new release's file manifest. */
    sha256: Digest,
    rootMode: Type.Optional(Mode),
    /** Places, among the old entries, of those that are gone or stand in `added` with another kind or mode. */
    removed: Places,
    /** Old files with another content: places among the old entries, and what is new. */
    changed: Type.Object(
      {
        places: Places,
        sizes: Type.Array(Bytes, { maxItems: ENTRIES_LIMIT }),
        digests: Type.Array(Digest, { maxItems: ENTRIES_LIMIT }),
      },
      { additionalProperties: false },
    ),
    added: Type.Array(Entry, { maxItems: ENTRIES_LIMIT }),
    /** The new release's full pack: an object of the old one by its place, or a new one. */
    objects: Type.Array(
      Type.Union([
        Count,
        Type.Object(
          {
            length: Length,
            sha256: Digest,
            /** Contents by the place of the first new entry that has each, as distance from the one before. */
            contents: Type.Array(Type.Integer({ minimum: -ENTRIES_LIMIT, maximum: ENTRIES_LIMIT }), {
              minItems: 1,
              maxItems: ENTRIES_LIMIT,
            }),
          },
          { additionalProperties: false },
        ),
      ]),
      { maxItems: ENTRIES_LIMIT },
    ),
    /** The patches, in the order in which they lie in the delta's pack, without gaps. */
    patches: Type.Array(
      Type.Object(
        {
          /** Places of old files among the old entries: the old content is these files back to back. */
          sources: Places,
          /** Places among the new entries: the new content is these files back to back. */
          contents: Type.Array(Count, { minItems: 1, maxItems: ENTRIES_LIMIT }),
          /** Compressed bytes of control, gaps, changes and literals; 0 for an empty stream, which has no frame. */
          lengths: Type.Tuple([Bytes, Bytes, Bytes, Bytes]),
          /** Of these compressed bytes back to back; checked before anything is decompressed. */
          sha256: Digest,
          /** Copied bytes are first changed as `address-fields.ts` predicts. */
          code: Type.Optional(Type.Literal(true)),
        },
        { additionalProperties: false },
      ),
      { maxItems: ENTRIES_LIMIT },
    ),
  },
  { additionalProperties: false },
);

/** What turns one release into another: the changed entries, and the patches that make their contents. */
export type DeltaManifest = Static<typeof DeltaManifestSchema>;
export type Patch = DeltaManifest['patches'][number];

/** As it lies in the repository: JSON in one zstd frame; the same delta always gives the same bytes. */
export function encodeDeltaManifest(manifest: DeltaManifest): Buffer {
  return zstdCompressSync(Buffer.from(JSON.stringify(manifest)), {
    params: { [constants.ZSTD_c_windowLog]: WINDOW_LOG, [constants.ZSTD_c_compressionLevel]: 19 },
  });
}

/**
 * Reads a delta manifest whose digest has been verified. Whether it fits a release is for `planDelta` to say.
 *
 * Errors: `archive-invalid`, `too-large`, `newer-schema`.
 */
export function decodeDeltaManifestFile(bytes: Uint8Array): Result<DeltaManifest> {
  if (bytes.length > MANIFEST_LIMIT) {
    const detail = `the delta manifest has ${bytes.length} bytes, the limit is ${MANIFEST_LIMIT}`;
    return fail(faultOf('too-large', detail));
  }
  const scanner = createFrameScanner();
  const frame = scanner.push(bytes) ?? scanner.end();
  if (frame !== undefined) return refuseDelta(`is no single zstd frame: ${frame}`);
  const text = decompress(bytes);
  if (!text.ok) return text;
  const parsed = parseGuardedJson(text.value, 'the delta manifest', JSON_LIMITS);
  return parsed.ok ? decodeDeltaManifest(parsed.value) : refuseDelta(parsed.fault.detail);
}

function decompress(bytes: Uint8Array): Result<Uint8Array> {
  try {
    const params = { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG };
    return succeed(zstdDecompressSync(bytes, { maxOutputLength: MANIFEST_TEXT_LIMIT, params }));
  } catch (error) {
    return refuseDelta(`cannot be read: ${error instanceof Error ? error.message : ''}`);
  }
}

/** Checks a delta manifest's shape and limits. */
export function decodeDeltaManifest(value: unknown): Result<DeltaManifest> {
  const schema = typeof value === 'object' && value !== null && 'schema' in value ? value.schema : undefined;
  if (typeof schema === 'number' && schema > 2)
    return fail(faultOf('newer-schema', 'the delta manifest was written for a newer launcher'));
  if (Value.Check(DeltaManifestSchema, value)) return succeed(value);
  const first = Value.Errors(DeltaManifestSchema, value).First();
  return refuseDelta(`is wrong at ${first?.path ?? ''}: ${first?.message ?? 'wrong shape'}`);
}

/** Places as distances; they must rise. */
export function packPlaces(places: readonly number[]): number[] {
  return places.map((place, index) => place - (places[index - 1] ?? -1) - 1);
}

/** Places from distances: they always rise, so none comes twice. */
export function unpackPlaces(distances: readonly number[]): number[] {
  let place = -1;
  return distances.map((distance) => (place += distance + 1));
}

/** `what` completes "the delta manifest …". */
export function refuseDelta(what: string): Result<never> {
  return fail(faultOf('archive-invalid', `the delta manifest ${what}`));
}
