import { Buffer } from 'node:buffer';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { faultOf } from '../../platform/fault.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';
import type { FileManifest } from '../release.ts';
import { MANIFEST_LIMIT, MANIFEST_TEXT_LIMIT } from '../repository/layout.ts';
import { WINDOW_LOG, createFrameScanner } from './frame.ts';
import { manifestProblem } from './manifest-rules.ts';
import { PATH_LIMIT } from './path-rules.ts';

export const ENTRIES_LIMIT = 200_000;

/** Permission bits of the bundle's own folder when a manifest does not say. */
export const DEFAULT_ROOT_MODE = 0o755;

export const Digest = Type.String({ minLength: 64, maxLength: 64, pattern: '^[0-9a-f]{64}$' });
const Bytes = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
// Set-user-ID, set-group-ID and sticky have no place in a bundle: such a number is beyond the maximum.
export const Mode = Type.Integer({ minimum: 0, maximum: 0o777 });
const Path = Type.String({ minLength: 1, maxLength: PATH_LIMIT });

export const Entry = Type.Union([
  Type.Object(
    { kind: Type.Literal('file'), path: Path, mode: Mode, size: Bytes, sha256: Digest },
    { additionalProperties: false },
  ),
  Type.Object({ kind: Type.Literal('folder'), path: Path, mode: Mode }, { additionalProperties: false }),
  Type.Object({ kind: Type.Literal('link'), path: Path, target: Path }, { additionalProperties: false }),
]);

const Manifest = Type.Object(
  {
    schema: Type.Literal(1),
    version: Type.String({ minLength: 1, maxLength: 64 }),
    rootMode: Type.Optional(Mode),
    entries: Type.Array(Entry, { maxItems: ENTRIES_LIMIT }),
    objects: Type.Array(
      Type.Object(
        {
          offset: Bytes,
          length: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
          sha256: Digest,
          size: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
          contents: Type.Array(Digest, { minItems: 1, maxItems: ENTRIES_LIMIT }),
        },
        { additionalProperties: false },
      ),
      { maxItems: ENTRIES_LIMIT },
    ),
  },
  { additionalProperties: false },
);

/** A manifest as it lies in the repository: JSON in one zstd frame; the same manifest always gives the same bytes. */
export function encodeManifest(manifest: FileManifest): Buffer {
  return zstdCompressSync(Buffer.from(JSON.stringify(manifest)), {
    params: { [constants.ZSTD_c_windowLog]: WINDOW_LOG, [constants.ZSTD_c_compressionLevel]: 12 },
  });
}

/**
 * Reads a manifest file of the repository whose digest has been verified.
 *
 * Errors: `archive-invalid` (with `values.entry` where one entry is at fault), `too-large`, `newer-schema`.
 */
export function decodeManifestFile(bytes: Uint8Array): Result<FileManifest> {
  if (bytes.length > MANIFEST_LIMIT)
    return fail(
      faultOf('too-large', `the manifest has ${String(bytes.length)} bytes, the limit is ${String(MANIFEST_LIMIT)}`),
    );
  const scanner = createFrameScanner();
  const frame = scanner.push(bytes) ?? scanner.end();
  if (frame !== undefined) return fail(faultOf('archive-invalid', `the manifest is no single zstd frame: ${frame}`));
  const parsed = parse(bytes);
  return parsed.ok ? decodeManifest(parsed.value) : parsed;
}

function parse(bytes: Uint8Array): Result<unknown> {
  try {
    const text = zstdDecompressSync(bytes, {
      maxOutputLength: MANIFEST_TEXT_LIMIT,
      params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG },
    }).toString('utf8');
    return succeed(JSON.parse(text) as unknown);
  } catch (error) {
    return fail(
      faultOf('archive-invalid', `the manifest cannot be read: ${error instanceof Error ? error.message : ''}`),
    );
  }
}

/** Checks a manifest's shape, limits and rules; nothing that it names has been touched when it refuses. */
export function decodeManifest(value: unknown): Result<FileManifest> {
  if (
    typeof value === 'object' &&
    value !== null &&
    'schema' in value &&
    typeof value.schema === 'number' &&
    value.schema > 1
  )
    return fail(faultOf('newer-schema', 'the manifest was written for a newer launcher'));
  if (!Value.Check(Manifest, value)) {
    const first = Value.Errors(Manifest, value).First();
    return fail(faultOf('archive-invalid', `manifest${first?.path ?? ''}: ${first?.message ?? 'wrong shape'}`));
  }
  const problem = manifestProblem(value);
  if (problem === undefined) return succeed(value);
  const { entry, why } = problem;
  return fail(faultOf('archive-invalid', why, entry === undefined ? {} : { values: { entry } }));
}
