import { type KeyObject, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { join } from 'node:path';
import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';
import type { SignerTools } from './ask-signer.ts';
import { readSigner, signerFileFor } from './external-signer.ts';
import { publicKeyOf, type SigningKey } from './public-key.ts';

export type { PublicKey, SigningKey } from './public-key.ts';

/** Largest key file read, bytes. */
const KEY_LIMIT = 16 * 1024;

/**
 * The vendor's keys, each named after its role: an encrypted PKCS#8 PEM file, or a file that names the command that signs with
 * it. Offline keys may be absent.
 */
export interface KeyStore {
  readonly folder: string;
  /** `not-found` when this store does not hold the key, `unauthorised` when the passphrase does not open it. */
  read(name: string): Promise<Result<SigningKey>>;
  /** Reads the key, or makes it when there is none yet. */
  readOrCreate(name: string): Promise<Result<SigningKey>>;
  /** Names of the root keys that this store holds, sorted. */
  rootNames(): Promise<Result<readonly string[]>>;
  /** Puts `NAME.next` in the place of `NAME`; what lay there goes to `aside`, whose path it returns. */
  replace(name: string, aside: string | undefined): Promise<Result<string | undefined>>;
}

export interface KeyStoreOptions {
  readonly folder: string;
  /** Undefined: keys lie there in the clear. For tests and demonstrations only. */
  readonly passphrase: string | undefined;
  /** How commands that sign are run; absent: such keys cannot be used. */
  readonly signers?: Omit<SignerTools, 'files'>;
  /** Keys that have to be made belong to this program, see `signerFileFor`; absent: they are made as PEM files. */
  readonly signCommand?: string;
  /** No PEM file is made: nothing would close it. */
  readonly withoutFiles?: true;
}

const FORMS = ['pem', 'signer.json'] as const;

export function createKeyStore(files: Files, options: KeyStoreOptions): KeyStore {
  const pathOf = (name: string, form: (typeof FORMS)[number] = 'pem'): string =>
    join(options.folder, `${name}.${form}`);
  const read = async (name: string): Promise<Result<SigningKey>> => {
    const pem = await files.readText(pathOf(name), KEY_LIMIT);
    if (pem.ok) return openKey(pem.value, pathOf(name), options.passphrase);
    if (pem.fault.code !== 'not-found' || options.signers === undefined) return pem;
    const signer = await readSigner({ files, ...options.signers }, pathOf(name, 'signer.json'));
    // Most keys are files: that is the one which is missed.
    return !signer.ok && signer.fault.code === 'not-found' ? pem : signer;
  };
  return {
    folder: options.folder,
    read,
    async readOrCreate(name) {
      const known = await read(name);
      if (known.ok || known.fault.code !== 'not-found') return known;
      const made = await createKey(files, options, name, pathOf);
      return made.ok ? read(name) : made;
    },
    async rootNames() {
      const names = await files.list(options.folder);
      if (!names.ok) return names;
      const roots = names.value.flatMap(
        (name) => /^(?<key>root-\d{1,3})\.(?:pem|signer\.json)$/u.exec(name)?.groups?.['key'] ?? [],
      );
      return succeed([...new Set(roots)].sort());
    },
    async replace(name, aside) {
      let retired: string | undefined;
      for (const form of FORMS) {
        const [from, next] = [pathOf(name, form), pathOf(`${name}.next`, form)];
        const facts = await files.facts(from);
        if (!facts.ok) return facts;
        if (facts.value !== undefined && aside !== undefined) {
          retired = pathOf(aside, form);
          const moved = await files.renameNew(from, retired);
          if (!moved.ok) return moved;
        }
        const coming = await files.facts(next);
        if (!coming.ok) return coming;
        const placed = coming.value === undefined ? succeed() : await files.renameNew(next, from);
        if (!placed.ok) return placed;
      }
      return succeed(retired);
    },
  };
}

async function createKey(
  files: Files,
  { passphrase, signCommand, withoutFiles }: KeyStoreOptions,
  name: string,
  pathOf: (name: string, form?: (typeof FORMS)[number]) => string,
): Promise<Result<void>> {
  if (signCommand !== undefined) {
    return files.writeDurably(pathOf(name, 'signer.json'), signerFileFor(signCommand, name), 0o600);
  }
  if (withoutFiles === true) {
    const detail = 'the key is not there, and without a passphrase none is made: give one, or put a signer’s file here';
    return fail(faultOf('not-found', detail, { path: pathOf(name, 'signer.json') }));
  }
  const { privateKey } = generateKeyPairSync('ed25519');
  return files.writeDurably(pathOf(name), exportPem(privateKey, passphrase), 0o600);
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
  return {
    ...publicKeyOf(createPublicKey(key)),
    sign: (bytes) => Promise.resolve(succeed(sign(null, bytes, key))),
  };
}
