import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Behaviour } from '../behaviour.ts';

/** What the bundle says of itself in `Resources/release.json`. */
export interface ReleaseIdentity {
  /** `Business`, `Finance` or `Staff`. */
  readonly product: string;
  readonly version: string;
  readonly dataFormat: string;
}

export interface User {
  readonly name: string;
  /** SHA-256 of `name:password`, hex. */
  readonly digest: string;
  readonly administrator: boolean;
}

/** The names of the settings that lie inside the bundle and survive an update. */
const SETTINGS = ['settings.4DSettings', 'Backup.4DSettings', 'directory.json'];

export function readIdentity(bundle: string): ReleaseIdentity {
  return JSON.parse(readFileSync(path.join(bundle, 'Resources', 'release.json'), 'utf8')) as ReleaseIdentity;
}

export function readBehaviour(bundle: string, environment: NodeJS.ProcessEnv): Behaviour {
  const file = path.join(bundle, 'behaviour.json');
  const fromBundle = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Behaviour) : {};
  return { ...fromBundle, ...(JSON.parse(environment['OM_SERVER_BEHAVIOUR'] ?? '{}') as Behaviour) };
}

/** The folder that 4D names after the database's project. */
export function databaseFolder(bundle: string): string {
  return path.join(bundle, 'Server Database');
}

/** The structure file's name without `.4DZ`: it names the instance. Throws unless there is exactly one. */
export function structureName(bundle: string): string {
  const structures = readdirSync(databaseFolder(bundle)).filter((name) => name.endsWith('.4DZ'));
  const [only] = structures;
  if (only === undefined || structures.length > 1) throw new Error(`structure files found: ${structures.join(', ')}`);
  if (!existsSync(path.join(databaseFolder(bundle), only.replace(/4DZ$/, '4DIndy')))) {
    throw new Error(`${only} has no .4DIndy of the same name`);
  }
  return only.replace(/\.4DZ$/, '');
}

export function readUsers(bundle: string): readonly User[] {
  const file = path.join(databaseFolder(bundle), 'Settings', 'directory.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly users: readonly User[] }).users;
}

/** The pair of the base port. */
export function readCertificate(bundle: string): { readonly key: Buffer; readonly cert: Buffer } {
  return {
    key: readFileSync(path.join(databaseFolder(bundle), 'key.pem')),
    cert: readFileSync(path.join(databaseFolder(bundle), 'cert.pem')),
  };
}

/** What the server runs with, for `/status`: two servers with the same answer run with the same local settings. */
export function describeSettings(bundle: string): Readonly<Record<string, string>> {
  const digest = createHash('sha256');
  for (const name of SETTINGS) digest.update(readFileSync(path.join(databaseFolder(bundle), 'Settings', name)));
  return {
    structure: structureName(bundle),
    settingsDigest: digest.digest('hex'),
    certificate: new X509Certificate(readCertificate(bundle).cert).fingerprint256,
  };
}
