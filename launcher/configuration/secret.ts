import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import type { Machine } from '../../platform/machine.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { SecretPlace } from './configuration.ts';

const SECRET_LIMIT_BYTES = 4096;

/** Reads a secret at the moment of its use: the file's first line, or the variable. Faults never hold it. */
export async function readSecret(place: SecretPlace, files: Files, machine: Machine): Promise<Result<string>> {
  if (place.kind === 'environment') {
    const value = machine.environment[place.name];
    return value === undefined || value === ''
      ? fail(faultOf('configuration-invalid', `The environment variable ${place.name} is empty or missing.`))
      : succeed(value);
  }
  const text = await files.readText(place.path, SECRET_LIMIT_BYTES);
  if (!text.ok) return text;
  const secret = text.value.replace(/^\uFEFF/, '').split(/\r?\n/)[0] ?? '';
  return secret === ''
    ? fail(faultOf('configuration-invalid', 'The first line of the password file is empty.', { path: place.path }))
    : succeed(secret);
}
