import { type Static, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { type Fault, faultOf } from '../../platform/fault.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';
import type { Release, SignedFile } from '../release.ts';
import { MANIFEST_LIMIT, MANIFEST_NAME, type ReleaseAddress, isVersion, packTarget, parseTarget } from './layout.ts';

/** Languages in which a release may bring notes. */
export const NOTE_LANGUAGES = ['en', 'fr', 'de', 'it'] as const;

/** Characters of notes in one language. */
export const NOTES_LIMIT = 8_000;

/** Largest pack, bytes (64 GiB), and largest bundle unpacked: a number in signed metadata is still a number to be checked. */
const PACK_LIMIT = 64 * 1024 ** 3;
const UNPACKED_LIMIT = 256 * 1024 ** 3;
const FILES_LIMIT = 200_000;

const Version = Type.String({ minLength: 1, maxLength: 64 });
const Instant = Type.String({ maxLength: 32, pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{3})?Z$' });
const Notes = Type.Record(Type.String({ pattern: '^(en|fr|de|it)$' }), Type.String({ maxLength: NOTES_LIMIT }), {
  additionalProperties: false,
});

/** `custom` of a manifest target in the delegated role; unknown fields are let through, so that later publishers may add some. */
const TargetCustom = Type.Object({
  schema: Type.Literal(1),
  product: Type.String({ maxLength: 32 }),
  channel: Type.String({ maxLength: 32 }),
  version: Version,
  platform: Type.String({ maxLength: 33 }),
  dataFormat: Type.String({ minLength: 1, maxLength: 64 }),
  minClient: Type.Optional(Version),
  maxClient: Type.Optional(Version),
  from: Type.Optional(Version),
  notes: Notes,
  unpackedBytes: Type.Integer({ minimum: 0, maximum: UNPACKED_LIMIT }),
  files: Type.Integer({ minimum: 0, maximum: FILES_LIMIT }),
  publishedAt: Instant,
  rollout: Type.Optional(
    Type.Object({ percentage: Type.Integer({ minimum: 0, maximum: 100 }), startsAt: Type.Optional(Instant) }),
  ),
  withdrawn: Type.Optional(Type.Object({ at: Instant, reason: Type.Optional(Type.String({ maxLength: 500 })) })),
  pack: Type.Object({
    path: Type.String({ maxLength: 256 }),
    length: Type.Integer({ minimum: 0, maximum: PACK_LIMIT }),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  }),
});
type TargetCustom = Static<typeof TargetCustom>;

/** A release as `custom` of its manifest target; everything that the target itself says (its path, length, digest) is left out. */
export function encodeTargetCustom(release: Release): TargetCustom {
  return {
    schema: 1,
    ...addressOf(release),
    ...detailsOf(release),
    notes: { ...release.notes },
    pack: { path: release.pack.path, length: release.pack.length, sha256: release.pack.sha256 },
  };
}

/** What signed targets metadata says of one target, as tuf-js or @tufjs/models give it. */
export interface SignedTarget {
  readonly path: string;
  readonly length: number;
  readonly hashes: Readonly<Record<string, string>>;
  readonly custom: unknown;
}

/**
 * Reads a release from its signed manifest target.
 *
 * Errors: `metadata-invalid` (shape, limits, no SHA-256), `newer-schema`, `wrong-target` (path and `custom` contradict
 * each other, which would let one product's release pass for another's).
 */
export function decodeTargetCustom(target: SignedTarget): Result<Release> {
  const manifest = manifestOf(target);
  if (!manifest.ok) return manifest;
  const custom = target.custom;
  if (isNewer(custom)) return refuse(target.path, 'newer-schema', 'the release was published for a newer launcher');
  if (!Value.Check(TargetCustom, custom)) {
    const first = Value.Errors(TargetCustom, custom).First();
    return refuse(target.path, 'metadata-invalid', `custom${first?.path ?? ''}: ${first?.message ?? 'wrong shape'}`);
  }
  const address = parseTarget(target.path);
  if (address === undefined || address.product !== custom.product || address.channel !== custom.channel)
    return refuse(target.path, 'wrong-target', 'the target is published for another product or channel than it says');
  if (address.version !== custom.version || address.platform !== custom.platform)
    return refuse(target.path, 'wrong-target', 'the target is published for another version or platform than it says');
  if (custom.pack.path !== packTarget(custom))
    return refuse(target.path, 'wrong-target', 'the release names the pack of another release');
  const bound = [custom.minClient, custom.maxClient, custom.from].find((one) => one !== undefined && !isVersion(one));
  if (bound !== undefined) return refuse(target.path, 'metadata-invalid', `${JSON.stringify(bound)} is not a version`);
  return succeed(releaseOf(custom, manifest.value));
}

function manifestOf(target: SignedTarget): Result<SignedFile> {
  const sha256 = target.hashes['sha256'];
  if (parseTarget(target.path)?.name !== MANIFEST_NAME)
    return refuse(target.path, 'wrong-target', 'the target is not the manifest of a release');
  if (sha256 === undefined || !/^[0-9a-f]{64}$/u.test(sha256))
    return refuse(target.path, 'metadata-invalid', 'the target has no SHA-256 digest');
  if (!Number.isSafeInteger(target.length) || target.length < 0 || target.length > MANIFEST_LIMIT)
    return refuse(target.path, 'too-large', `a manifest of ${String(target.length)} bytes is beyond the limit`);
  return succeed({ path: target.path, length: target.length, sha256 });
}

function isNewer(custom: unknown): boolean {
  const schema = typeof custom === 'object' && custom !== null && 'schema' in custom ? custom.schema : undefined;
  return typeof schema === 'number' && schema > 1;
}

/** Only what we know is taken over, so that an unknown field never travels on as if it had been checked. */
function releaseOf(custom: TargetCustom, manifest: SignedFile): Release {
  return {
    ...addressOf(custom),
    ...detailsOf(custom),
    notes: custom.notes,
    manifest,
    pack: { path: custom.pack.path, length: custom.pack.length, sha256: custom.pack.sha256 },
  };
}

function addressOf(from: ReleaseAddress): ReleaseAddress {
  return { product: from.product, platform: from.platform, channel: from.channel, version: from.version };
}

type Details = Pick<Release, 'dataFormat' | 'unpackedBytes' | 'files' | 'publishedAt'> &
  Pick<Release, 'minClient' | 'maxClient' | 'from' | 'rollout' | 'withdrawn'>;

function detailsOf(from: TargetCustom | Release): Details {
  return {
    dataFormat: from.dataFormat,
    ...(from.minClient === undefined ? {} : { minClient: from.minClient }),
    ...(from.maxClient === undefined ? {} : { maxClient: from.maxClient }),
    ...(from.from === undefined ? {} : { from: from.from }),
    unpackedBytes: from.unpackedBytes,
    files: from.files,
    publishedAt: from.publishedAt,
    ...(from.rollout === undefined ? {} : { rollout: rolloutOf(from.rollout) }),
    ...(from.withdrawn === undefined ? {} : { withdrawn: withdrawalOf(from.withdrawn) }),
  };
}

function withdrawalOf(withdrawn: NonNullable<TargetCustom['withdrawn']>): NonNullable<Release['withdrawn']> {
  return { at: withdrawn.at, ...(withdrawn.reason === undefined ? {} : { reason: withdrawn.reason }) };
}

function rolloutOf(rollout: NonNullable<TargetCustom['rollout']>): NonNullable<Release['rollout']> {
  return {
    percentage: rollout.percentage,
    ...(rollout.startsAt === undefined ? {} : { startsAt: rollout.startsAt }),
  };
}

function refuse(path: string, code: Fault['code'], detail: string): Result<never> {
  return fail(faultOf(code, detail, { values: { target: path } }));
}
