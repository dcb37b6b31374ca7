import type { Buffer } from 'node:buffer';
import { createHash, type KeyObject } from 'node:crypto';
import type { Result } from '../../platform/result.ts';

/** An Ed25519 SubjectPublicKeyInfo is this prefix and the 32 bytes of the key (RFC 8410 §4). */
const SPKI_PREFIX_BYTES = 12;

/** How TUF metadata writes a public key (TUF 1.0 §4.2.3). */
export interface PublicKey {
  readonly keyId: string;
  readonly json: {
    readonly keytype: 'ed25519';
    readonly scheme: 'ed25519';
    readonly keyval: { readonly public: string };
  };
}

/** A key that can sign, wherever its private half is. */
export interface SigningKey extends PublicKey {
  sign(bytes: Uint8Array): Promise<Result<Buffer>>;
}

export function publicKeyOf(key: KeyObject): PublicKey {
  const hex = key.export({ type: 'spki', format: 'der' }).subarray(SPKI_PREFIX_BYTES).toString('hex');
  return { keyId: keyIdOf(hex), json: { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: hex } } };
}

/** SHA-256 of the key's canonical JSON (TUF 1.0 §4.2.3), which for this fixed shape can be written down. */
function keyIdOf(hex: string): string {
  const canonical = `{"keytype":"ed25519","keyval":{"public":"${hex}"},"scheme":"ed25519"}`;
  return createHash('sha256').update(canonical).digest('hex');
}
