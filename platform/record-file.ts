import { basename, dirname, join } from 'node:path';
import type { Static, TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import type { Clock } from './clock.ts';
import type { Fault } from './fault.ts';
import { faultOf } from './fault.ts';
import type { Files } from './files.ts';
import type { Log } from './log.ts';
import { fail, type Result, succeed } from './result.ts';

/** What a record file turned out to be. Only `absent` and `damaged` mean that nothing is known; only then may it be written anew. */
export type FoundRecord<Record> =
  | { readonly kind: 'absent' }
  | { readonly kind: 'found'; readonly record: Record }
  /** Not what any launcher writes; it is set aside. */
  | { readonly kind: 'damaged'; readonly fault: Fault }
  /** `newer-schema`: left alone. */
  | { readonly kind: 'newer'; readonly fault: Fault }
  /** The disk does not give it now, which says nothing of what is in it: left alone. */
  | { readonly kind: 'unread'; readonly fault: Fault };

export interface RecordFile<Schema extends TSchema> {
  readonly path: string;
  readonly schema: Schema;
  /** Bytes. */
  readonly limit: number;
}

export interface RecordParts {
  readonly files: Files;
  readonly log: Log;
  readonly clock: Pick<Clock, 'now'>;
}

/** These faults are about what lies there, not about the disk: something far too long, a folder, a link. */
const DAMAGE: readonly string[] = ['too-large', 'path-refused'];

/** Reads a small durable JSON file that carries a schema number. */
export async function readRecord<Schema extends TSchema>(
  files: Pick<Files, 'readText'>,
  { path, schema, limit }: RecordFile<Schema>,
): Promise<FoundRecord<Static<Schema>>> {
  const text = await files.readText(path, limit);
  if (!text.ok) {
    const { fault } = text;
    if (fault.code === 'not-found') return { kind: 'absent' };
    return { kind: DAMAGE.includes(fault.code) ? 'damaged' : 'unread', fault };
  }
  const value = parse(text.value);
  if (Value.Check(schema, value)) return { kind: 'found', record: value };
  return isNewer(value)
    ? { kind: 'newer', fault: faultOf('newer-schema', 'the file was written by a newer launcher', { path }) }
    : { kind: 'damaged', fault: faultOf('record-corrupt', 'the file is not what the launcher wrote', { path }) };
}

/** The record, or undefined where there is none. Errors: `record-corrupt` (it stays where it is), `newer-schema`, or what the disk says. */
export async function readIfPresent<Schema extends TSchema>(
  files: Pick<Files, 'readText'>,
  file: RecordFile<Schema>,
): Promise<Result<Static<Schema> | undefined>> {
  const found = await readRecord(files, file);
  switch (found.kind) {
    case 'absent':
      return succeed(undefined);
    case 'found':
      return succeed(found.record);
    case 'damaged':
      return fail(faultOf('record-corrupt', found.fault.detail, { path: file.path, cause: found.fault }));
    case 'newer':
    case 'unread':
      return fail(found.fault);
  }
}

/** Milliseconds between tries: a disk may fail once, and the start of the server waits for this. */
const READ_AGAIN_MS = [100, 300, 1_000, 3_000] as const;

/** Reads again, for some seconds, what the disk does not give; the last answer is the caller's. */
export async function readPatiently<Found extends { readonly kind: string }>(
  read: () => Promise<Found>,
  clock: Pick<Clock, 'sleep'>,
  signal: AbortSignal,
): Promise<Found> {
  let found = await read();
  for (const delay of READ_AGAIN_MS) {
    if (found.kind !== 'unread' || (await clock.sleep(delay, signal)) === 'aborted') break;
    found = await read();
  }
  return found;
}

/**
 * The record, or undefined where there is none, or none that is whole: a damaged one is set aside and told.
 *
 * A fault means that the record may be there and must not be overwritten: `newer-schema`, or what the disk says.
 */
export async function readOrSetAside<Schema extends TSchema>(
  parts: RecordParts,
  file: RecordFile<Schema>,
): Promise<Result<Static<Schema> | undefined>> {
  const found = await readIfPresent(parts.files, file);
  if (found.ok || found.fault.code !== 'record-corrupt') return found;
  const aside = await setAside(parts, file.path, found.fault.detail);
  return aside.ok ? succeed(undefined) : aside;
}

const ASIDE = /^(?<name>.+)\.unreadable-(?<at>\d{1,15})$/;
/** Of one record; those beyond that are removed, the oldest first. */
const ASIDES_KEPT = 10;

/** Moves a damaged file out of the way, for the support; gives where it lies now. */
export async function setAside({ files, log, clock }: RecordParts, path: string, why: string): Promise<Result<string>> {
  const [folder, name] = [dirname(path), basename(path)];
  const earlier = (await asidesIn(files, folder)).filter((aside) => aside.name === name);
  const at = Math.max(clock.now(), ...earlier.map((aside) => aside.at + 1));
  const aside = `${path}.unreadable-${at}`;
  const renamed = await files.renameNew(path, aside);
  if (!renamed.ok) {
    log.error('a damaged file cannot be set aside', { path, why, code: renamed.fault.code });
    return fail(faultOf('record-corrupt', 'the damaged file could not be set aside', { path, cause: renamed.fault }));
  }
  log.error('a damaged file was set aside', { path, aside, why });
  for (const old of earlier.slice(0, Math.max(0, earlier.length + 1 - ASIDES_KEPT))) {
    await files.removeTree(join(folder, old.file));
  }
  return succeed(aside);
}

/** A file that was set aside. */
export interface AsideFile {
  /** Its name now. */
  readonly file: string;
  /** Its name before. */
  readonly name: string;
  /** When, wall-clock milliseconds. */
  readonly at: number;
}

/** What was set aside in a folder, oldest first; nothing where the folder cannot be listed. */
export async function asidesIn(files: Pick<Files, 'list'>, folder: string): Promise<readonly AsideFile[]> {
  const names = await files.list(folder);
  const found = (names.ok ? names.value : []).flatMap((file) => {
    const { name, at } = ASIDE.exec(file)?.groups ?? {};
    return name === undefined || at === undefined ? [] : [{ file, name, at: Number(at) }];
  });
  return found.sort((one, other) => one.at - other.at);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isNewer(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'schema' in value &&
    typeof value.schema === 'number' &&
    Number.isInteger(value.schema) &&
    value.schema > 1
  );
}
