import type { Buffer } from 'node:buffer';
import { join } from 'node:path';
import { Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { faultOf } from '../../platform/fault.ts';
import type { Processes } from '../../platform/processes.ts';
import { type Result, fail, succeed } from '../../platform/result.ts';
import type { Release } from '../release.ts';
import { NOTES_LIMIT } from '../repository/target-custom.ts';
import type { KeyStoreOptions } from './keys.ts';
import type { PublishProgress } from './progress.ts';
import type { PublishDependencies } from './publication.ts';
import { type Anchor, loadAnchor } from './repository.ts';

const PASSPHRASE_VARIABLE = 'OM_PUBLISH_PASSPHRASE';
const PEM_LIMIT = 64 * 1024;
const PASSPHRASE_LIMIT = 4 * 1024;
const NOTES_FILE_LIMIT = 1024 * 1024;

export interface CommandContext {
  readonly dependencies: PublishDependencies & { readonly processes: Pick<Processes, 'run'> };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  /** Told how far a long act has come. */
  readonly onProgress?: (progress: PublishProgress) => void;
  /** Makes a path from the command line absolute. */
  path(text: string): string;
  /** Says something that must not be overheard, even with `--json`: goes to standard error. */
  warn(text: string): void;
}

interface JsonOption {
  readonly json?: boolean;
}

export interface KeyOptions extends JsonOption {
  readonly keys: string;
  readonly passphraseFile?: string;
  readonly unencrypted?: boolean;
  readonly signCommand?: string;
}

export interface ReadOptions extends JsonOption {
  readonly root?: string;
  readonly keys?: string;
}

export interface AddOptions extends KeyOptions {
  readonly repo: string;
  readonly product: string;
  readonly version: string;
  readonly platform: string;
  readonly channel: string;
  readonly dataFormat: string;
  readonly minClient?: string;
  readonly maxClient?: string;
  readonly from?: string;
  readonly notes?: string;
  readonly notesEn?: string;
  readonly notesFr?: string;
  readonly notesDe?: string;
  readonly notesIt?: string;
  readonly rollout?: number;
  readonly rolloutStart?: string;
  readonly level?: number;
  readonly deltas: number;
}

export function optionalFields(options: AddOptions): Pick<Release, 'minClient' | 'maxClient' | 'from' | 'rollout'> {
  const { minClient, maxClient, from, rollout, rolloutStart } = options;
  const startsAt = rolloutStart === undefined ? {} : { startsAt: rolloutStart };
  return {
    ...(minClient === undefined ? {} : { minClient }),
    ...(maxClient === undefined ? {} : { maxClient }),
    ...(from === undefined ? {} : { from }),
    ...(rollout === undefined && rolloutStart === undefined
      ? {}
      : { rollout: { percentage: rollout ?? 100, ...startsAt } }),
  };
}

const Notes = Type.Record(Type.String({ pattern: '^(en|fr|de|it)$' }), Type.String({ maxLength: NOTES_LIMIT }), {
  additionalProperties: false,
});

/** The file first, then what the command line says in a language. */
export async function readNotes(context: CommandContext, options: AddOptions): Promise<Result<Release['notes']>> {
  const inline = { en: options.notesEn, fr: options.notesFr, de: options.notesDe, it: options.notesIt };
  const given = Object.fromEntries(
    Object.entries(inline).flatMap(([key, text]) => (text === undefined ? [] : [[key, text]])),
  );
  if (options.notes === undefined) return succeed(given);
  const path = context.path(options.notes);
  const text = await context.dependencies.files.readText(path, NOTES_FILE_LIMIT);
  if (!text.ok) return text;
  try {
    const value: unknown = JSON.parse(text.value);
    if (Value.Check(Notes, value)) return succeed({ ...value, ...given });
  } catch {
    // Not JSON: the same refusal as a wrong shape.
  }
  return fail(faultOf('request-invalid', 'the notes are no JSON object of en, fr, de, it', { path }));
}

export function readAnchorOf(context: CommandContext, repo: string, options: ReadOptions): Promise<Result<Buffer>> {
  return loadAnchor(context.dependencies.files, context.path(repo), anchorOf(context, options));
}

function anchorOf(context: CommandContext, options: ReadOptions): Anchor {
  if (options.root !== undefined) return { kind: 'file', path: context.path(options.root) };
  if (options.keys !== undefined) return { kind: 'keys', folder: context.path(options.keys) };
  context.warn("note: trusting the repository's own first root; give --root or --keys to check it against yours");
  return { kind: 'repository' };
}

export async function keyOptions(context: CommandContext, options: KeyOptions): Promise<Result<KeyStoreOptions>> {
  const folder = context.path(options.keys);
  const { dependencies, environment, signal } = context;
  const tools = { processes: dependencies.processes, temporaryFolder: dependencies.machine.temporaryFolder };
  const signers = { signers: { ...tools, environment, ...(signal === undefined ? {} : { signal }) } };
  const outside = options.signCommand === undefined ? signers : { ...signers, signCommand: options.signCommand };
  if (options.unencrypted === true) {
    context.warn(
      'WARNING: the signing keys are NOT ENCRYPTED. Whoever reads them can sign releases. Never do this for customers.',
    );
    return succeed({ folder, passphrase: undefined, ...outside });
  }
  const passphrase = await readPassphrase(context, options);
  if (passphrase.ok) return succeed({ folder, passphrase: passphrase.value, ...outside });
  if (options.passphraseFile !== undefined || !(await isSignedOutside(context, folder, options))) return passphrase;
  return succeed({ folder, passphrase: undefined, withoutFiles: true, ...outside });
}

/** Where commands sign with every key there is no file to be opened. */
async function isSignedOutside(
  { dependencies }: CommandContext,
  folder: string,
  options: KeyOptions,
): Promise<boolean> {
  const names = await dependencies.files.list(folder);
  const present = names.ok ? names.value : [];
  if (options.signCommand === undefined && !present.some((name) => name.endsWith('.signer.json'))) return false;
  for (const name of present.filter((one) => one.endsWith('.pem'))) {
    const text = await dependencies.files.readText(join(folder, name), PEM_LIMIT);
    if (!text.ok || text.value.includes('PRIVATE KEY')) return false;
  }
  return true;
}

async function readPassphrase(context: CommandContext, options: KeyOptions): Promise<Result<string>> {
  const { passphraseFile } = options;
  const text =
    passphraseFile === undefined
      ? succeed(context.environment[PASSPHRASE_VARIABLE] ?? '')
      : await context.dependencies.files.readText(context.path(passphraseFile), PASSPHRASE_LIMIT);
  if (!text.ok) return text;
  const passphrase = text.value.replace(/\r?\n$/u, '');
  if (passphrase !== '') return succeed(passphrase);
  return fail(faultOf('request-invalid', `no passphrase: give --passphrase-file or ${PASSPHRASE_VARIABLE}`));
}
