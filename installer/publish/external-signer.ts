import type { Buffer } from 'node:buffer';
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { type Static, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { askForSignature, runSigner, type SignerTools } from './ask-signer.ts';
import { publicKeyOf, type SigningKey } from './public-key.ts';

const Words = Type.Array(Type.String({ minLength: 1, maxLength: 4_096 }), { minItems: 1, maxItems: 64 });

/** `NAME.signer.json`: a key that this program never sees; a command signs with it (an HSM, a KMS, a smart card). */
const SignerFile = Type.Object(
  {
    schema: Type.Literal(1),
    /** Program and arguments, see `ask-signer.ts`. */
    sign: Words,
    /** The public key, PEM: a file, relative to this one; or a program that prints it. */
    publicKey: Type.Union([Type.String({ minLength: 1, maxLength: 4_096 }), Words]),
    timeoutSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 600 })),
  },
  { additionalProperties: false },
);
type SignerFile = Readonly<Static<typeof SignerFile>>;

const FILE_LIMIT = 64 * 1024;
/** Somebody may have to touch a token or type a PIN. */
const DEFAULT_TIMEOUT_SECONDS = 60;

/** What a signer's file says when one program signs for all keys: `PROGRAM sign NAME` and `PROGRAM public-key NAME`. */
export function signerFileFor(program: string, name: string): string {
  const described: SignerFile = { schema: 1, sign: [program, 'sign', name], publicKey: [program, 'public-key', name] };
  return `${JSON.stringify(described, null, 2)}\n`;
}

/**
 * Opens a key whose private half is elsewhere; nothing is signed yet.
 *
 * Errors: `not-found`, `record-corrupt` (the file, or the public key), those of the command; `sign`: `signature-invalid`
 * when what came is no signature of the public key, and `timed-out`.
 */
export async function readSigner(tools: SignerTools, path: string): Promise<Result<SigningKey>> {
  const text = await tools.files.readText(path, FILE_LIMIT);
  const described = text.ok ? decodeSigner(text.value, path) : text;
  if (!described.ok) return described;
  const { sign, publicKey, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = described.value;
  const limits = { path, timeoutMs: timeoutSeconds * 1_000 };
  const pem =
    typeof publicKey === 'string'
      ? await tools.files.readText(resolve(dirname(path), publicKey), FILE_LIMIT)
      : await runSigner(tools, limits, publicKey, '');
  const key = pem.ok ? openPublicKey(pem.value, path) : pem;
  if (!key.ok) return key;
  return succeed({
    ...publicKeyOf(key.value),
    sign: async (bytes) => checked(await askForSignature(tools, limits, sign, bytes), key.value, bytes, path),
  });
}

function decodeSigner(text: string, path: string): Result<SignerFile> {
  try {
    const value: unknown = JSON.parse(text);
    if (Value.Check(SignerFile, value)) return succeed(value);
    const first = Value.Errors(SignerFile, value).First();
    return fail(faultOf('record-corrupt', `${first?.path ?? ''}: ${first?.message ?? 'wrong shape'}`, { path }));
  } catch {
    return fail(faultOf('record-corrupt', 'this is no JSON', { path }));
  }
}

function openPublicKey(pem: string, path: string): Result<KeyObject> {
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return succeed(key);
    return fail(faultOf('record-corrupt', 'the public key is no Ed25519 key', { path }));
  } catch {
    return fail(faultOf('record-corrupt', 'the public key is no PEM', { path }));
  }
}

/** Before anything is made of it: metadata with a wrong signature would lock every launcher out. */
function checked(signature: Result<Buffer>, key: KeyObject, bytes: Uint8Array, path: string): Result<Buffer> {
  if (!signature.ok || verify(null, bytes, key, signature.value)) return signature;
  return fail(faultOf('signature-invalid', 'what the signer gave is no signature of its public key', { path }));
}
