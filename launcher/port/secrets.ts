import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 bits: guessing is hopeless, so a plain digest protects a stored secret. */
const SECRET_BYTES = 32;

/** Longest secret that is looked at, characters. */
export const SECRET_CHARACTERS = 128;

/** A new secret, URL-safe, with a prefix that says what it is for (so that leaked ones can be recognised). */
export function newSecret(prefix: 'omt' | 'omk' | 'omu'): string {
  return `${prefix}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
}

/** SHA-256, lower-case hex: what is stored in place of a secret. */
export function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** The record whose digest is that of `secret`; looks at all of them, each in constant time. */
export function findBySecret<Stored extends { readonly digest: string }>(
  records: Iterable<Stored>,
  secret: string,
): Stored | undefined {
  const wanted = Buffer.from(digestOf(secret));
  let found: Stored | undefined;
  for (const record of records) {
    const digest = Buffer.from(record.digest);
    if (digest.length === wanted.length && timingSafeEqual(digest, wanted)) found = record;
  }
  return found;
}
