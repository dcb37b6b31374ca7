import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { Metadata, MetadataKind, Signature } from '@tufjs/models';
import { type Result, succeed } from '../../platform/result.ts';
import type { SigningKey } from './public-key.ts';

/** A JSON object as @tufjs/models takes it. */
export type JsonObject = ReturnType<Metadata<never>['toJSON']>;

export const TOP_LEVEL_ROLES = ['root', 'targets', 'snapshot', 'timestamp'] as const;

export type TopLevelRole = (typeof TOP_LEVEL_ROLES)[number];

/** Days for which each role is signed; every other role of the repository is a delegated one. */
const LIFETIME_DAYS: Readonly<Record<TopLevelRole, number>> = { root: 365, targets: 90, snapshot: 30, timestamp: 7 };
const DELEGATED_LIFETIME_DAYS = 90;
const DAY_MS = 86_400_000;

/** A metadata file that is ready to be written. */
export interface SignedFileContent {
  readonly role: string;
  readonly version: number;
  readonly expires: string;
  readonly bytes: Buffer;
}

export function lifetimeMs(role: string): number {
  const days = isTopLevel(role) ? LIFETIME_DAYS[role] : DELEGATED_LIFETIME_DAYS;
  return days * DAY_MS;
}

function isTopLevel(role: string): role is TopLevelRole {
  return TOP_LEVEL_ROLES.some((name) => name === role);
}

/** TUF 1.0 §4.2: `YYYY-MM-DDTHH:MM:SSZ`, without fractions. */
export function tufInstant(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

export interface SigningRequest {
  readonly role: string;
  readonly version: number;
  /** Wall clock, milliseconds. */
  readonly now: number;
  /** The fields of this kind of role, without the common ones. */
  readonly body: JsonObject;
  readonly keys: readonly SigningKey[];
}

/**
 * Builds and signs the metadata of one role; the same request always gives the same bytes (Ed25519 has no randomness).
 *
 * Errors: those of a key that a command signs with.
 */
export async function signMetadata(request: SigningRequest): Promise<Result<SignedFileContent>> {
  const unsigned = prepareMetadata(request);
  const signatures: MetadataSignature[] = [];
  for (const key of request.keys) {
    const signature = await key.sign(unsigned.toSign);
    if (!signature.ok) return signature;
    signatures.push({ keyId: key.keyId, signature: signature.value });
  }
  return succeed(unsigned.signedBy(signatures));
}

interface MetadataSignature {
  readonly keyId: string;
  readonly signature: Buffer;
}

/** Metadata before and after its signatures. */
export interface UnsignedMetadata {
  /** Canonical JSON (TUF 1.0 §4.2.1). */
  readonly toSign: Buffer;
  signedBy(signatures: readonly MetadataSignature[]): SignedFileContent;
}

export function prepareMetadata({ role, version, now, body }: Omit<SigningRequest, 'keys'>): UnsignedMetadata {
  const kind = kindOf(role);
  const expires = tufInstant(now + lifetimeMs(role));
  const signed = { _type: kind, spec_version: '1.0.31', version, expires, ...body };
  return {
    toSign: bytesToSign(fromJson(kind, { signed, signatures: [] })),
    signedBy(signatures) {
      const metadata = fromJson(kind, { signed, signatures: [] });
      for (const { keyId, signature } of signatures)
        metadata.sign(() => new Signature({ keyID: keyId, sig: signature.toString('hex') }));
      return { role, version, expires, bytes: Buffer.from(JSON.stringify(metadata.toJSON())) };
    },
  };
}

/** The models give the bytes to whoever signs, and to nobody else. */
function bytesToSign(metadata: Pick<Metadata<never>, 'sign'>): Buffer {
  let bytes = Buffer.alloc(0);
  metadata.sign((given) => {
    bytes = Buffer.from(given);
    return new Signature({ keyID: 'nobody', sig: '' });
  });
  return bytes;
}

function kindOf(role: string): MetadataKind {
  switch (role) {
    case 'root':
      return MetadataKind.Root;
    case 'snapshot':
      return MetadataKind.Snapshot;
    case 'timestamp':
      return MetadataKind.Timestamp;
    default:
      return MetadataKind.Targets;
  }
}

function fromJson(kind: MetadataKind, json: JsonObject): Pick<Metadata<never>, 'sign' | 'toJSON'> {
  switch (kind) {
    case MetadataKind.Root:
      return Metadata.fromJSON(kind, json);
    case MetadataKind.Snapshot:
      return Metadata.fromJSON(kind, json);
    case MetadataKind.Timestamp:
      return Metadata.fromJSON(kind, json);
    case MetadataKind.Targets:
      return Metadata.fromJSON(kind, json);
  }
}

/** How snapshot and timestamp name another metadata file; length and digest make mixing versions impossible. */
export function metaOf(file: SignedFileContent): JsonObject {
  return { version: file.version, length: file.bytes.length, hashes: { sha256: sha256Of(file.bytes) } };
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
