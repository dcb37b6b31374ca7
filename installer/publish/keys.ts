import type { Buffer } from 'node:buffer';
import { type KeyObject, createPrivateKey, createPublicKey, createHash, generateKeyPairSync, sign } from 'node:crypto';
import { join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';

/** Largest key file read, bytes. */
const KEY_LIMIT = 16 * 1024;

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

export interface SigningKey extends PublicKey {
  sign(bytes: Uint8Array): Buffer;
}

/** The vendor's keys: one encrypted PKCS#8 PEM file each, named after its role. Offline keys may be absent. */
export interface KeyStore {
  readonly folder: string;
  /** `not-found` when this store does not hold the key, `unauthorised` when the passphrase does not open it. */
  read(name: string): Promise<Result<SigningKey>>;
  /** Reads the key, or makes it when there is none yet. */
  readOrCreate(name: string): Promise<Result<SigningKey>>;
  /** Names of the root keys that this store holds, sorted. */
  rootNames(): Promise<Result<readonly string[]>>;
}

export interface KeyStoreOptions {
  readonly folder: string;
  /** Undefined: keys lie there in the clear. For tests and demonstrations only. */
  readonly passphrase: string | undefined;
}

export function createKeyStore(files: Files, options: KeyStoreOptions): KeyStore {
  const pathOf = (name: string): string => join(options.folder, `${name}.pem`);
  const read = async (name: string): Promise<Result<SigningKey>> => {
    const pem = await files.readText(pathOf(name), KEY_LIMIT);
    return pem.ok ? openKey(pem.value, pathOf(name), options.passphrase) : pem;
  };
  return {
    folder: options.folder,
    read,
    async readOrCreate(name) {
      const known = await read(name);
      if (known.ok || known.fault.code !== 'not-found') return known;
      const { privateKey } = generateKeyPairSync('ed25519');
      const written = await files.writeDurably(pathOf(name), exportPem(privateKey, options.passphrase), 0o600);
      return written.ok ? succeed(signingKey(privateKey)) : written;
    },
    async rootNames() {
      const names = await files.list(options.folder);
      if (!names.ok) return names;
      return succeed(names.value.flatMap((name) => /^(?<key>root-\d{1,3})\.pem$/u.exec(name)?.groups?.['key'] ?? []));
    },
  };
}

function exportPem(key: KeyObject, passphrase: string | undefined): string {
  const encryption = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  return key.export({ type: 'pkcs8', format: 'pem', ...encryption }).toString();
}

function openKey(pem: string, path: string, passphrase: string | undefined): Result<SigningKey> {
  if (pem.includes('ENCRYPTED') && passphrase === undefined)
    return fail(faultOf('unauthorised', 'the key is encrypted and no passphrase was given', { path }));
  try {
    const key = createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) });
    if (key.asymmetricKeyType === 'ed25519') return succeed(signingKey(key));
    return fail(faultOf('record-corrupt', 'this is no Ed25519 key', { path }));
  } catch {
    // What OpenSSL says here differs between versions and tells nobody more.
    return fail(faultOf('unauthorised', 'the key cannot be opened with this passphrase', { path }));
  }
}

function signingKey(key: KeyObject): SigningKey {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const hex = spki.subarray(SPKI_PREFIX_BYTES).toString('hex');
  return {
    keyId: keyIdOf(hex),
    json: { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: hex } },
    sign: (bytes) => sign(null, bytes, key),
  };
}

/** SHA-256 of the key's canonical JSON (TUF 1.0 §4.2.3), which for this fixed shape can be written down. */
function keyIdOf(hex: string): string {
  const canonical = `{"keytype":"ed25519","keyval":{"public":"${hex}"},"scheme":"ed25519"}`;
  return createHash('sha256').update(canonical).digest('hex');
}
