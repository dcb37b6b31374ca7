import type { Metadata, Root, Targets } from '@tufjs/models';
import { faultOf } from '../../platform/fault.ts';
import { fail, succeed, type Result } from '../../platform/result.ts';
import { parseGuardedJson } from './json-guard.ts';

/**
 * What the trust library does not look at, before it sees the bytes: nesting, size, numbers, versions.
 *
 * Errors: `metadata-invalid`.
 */
export function guardMetadata(role: string, bytes: Buffer): Result<Buffer> {
  const parsed = parseGuardedJson(bytes, `${role} metadata`);
  if (!parsed.ok) return parsed;
  const signed = memberOf(parsed.value, 'signed');
  if (!isVersion(memberOf(signed, 'version'))) return refuse(role, 'its version is no integer from 1 to 2^53 - 1');
  const meta = memberOf(signed, 'meta');
  for (const [name, entry] of Object.entries(typeof meta === 'object' && meta !== null ? meta : {})) {
    if (!isVersion(memberOf(entry, 'version')))
      return refuse(role, `the version of ${name} is no integer from 1 to 2^53 - 1`);
    const hashes = memberOf(entry, 'hashes');
    if (hashes !== undefined && !isSha256(memberOf(hashes, 'sha256')))
      return refuse(role, `${name} has digests, but no SHA-256`);
  }
  return succeed(bytes);
}

/** One key under two names would count twice towards a threshold (TUF 1.0 §4.2: a key's id is its digest). */
export function guardKeys(role: string, holder: Metadata<Root> | Metadata<Targets>): Result<void> {
  const keys = 'keys' in holder.signed ? holder.signed.keys : (holder.signed.delegations?.keys ?? {});
  const material = Object.values(keys).map((key) =>
    JSON.stringify([key.keyType, key.keyVal['public']?.trim().toLowerCase()]),
  );
  return new Set(material).size === material.length ? succeed() : refuse(role, 'it lists one key under two names');
}

/** The length to stop at: what signed metadata says, but never more than the role's cap. */
export function lengthLimit(role: string, announced: number | undefined, cap: number): Result<number> {
  const length = announced ?? cap;
  return length <= cap ? succeed(length) : refuse(role, `it is announced with ${length} bytes, the limit is ${cap}`);
}

function refuse(role: string, reason: string): Result<never> {
  return fail(faultOf('metadata-invalid', `the ${role} metadata is refused: ${reason}`, { values: { role } }));
}

function isVersion(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}

function isSha256(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
