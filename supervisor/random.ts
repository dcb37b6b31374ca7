/** Cryptographically strong random bytes, as a parameter; `randomBytes` of node:crypto fits. */
export type RandomBytes = (size: number) => Uint8Array;

const TOKEN_BYTES = 32;
const NONCE_BYTES = 16;

/** A secret of 256 bits, 64 hexadecimal digits. */
export function newToken(random: RandomBytes): string {
  return Buffer.from(random(TOKEN_BYTES)).toString('hex');
}

/** Pure: can this be one of `newToken`? */
export function isToken(text: string): boolean {
  return text.length === 2 * TOKEN_BYTES && /^[0-9a-f]+$/.test(text);
}

/** A name that no other start ever has, 32 hexadecimal digits. */
export function newNonce(random: RandomBytes): string {
  return Buffer.from(random(NONCE_BYTES)).toString('hex');
}

/** A fraction in [0, 1). */
export function fractionOf(random: RandomBytes): number {
  return Buffer.from(random(4)).readUInt32BE(0) / 2 ** 32;
}
