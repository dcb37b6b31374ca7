import { createHash, type Hash } from 'node:crypto';
import { join } from 'node:path';
import { Type, type Static } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import type { Files, WritableFile } from '../../platform/files.ts';
import { succeed, type Result } from '../../platform/result.ts';
import type { SignedFile } from '../release.ts';

const RECORD_LIMIT = 16 * 1024;
const READ_BYTES = 1024 * 1024;

const PartRecord = Type.Object({
  schema: Type.Literal(1),
  path: Type.String({ maxLength: 1_024 }),
  length: Type.Integer({ minimum: 0 }),
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  validator: Type.Optional(Type.String({ maxLength: 256 })),
});

/** A file that is being fetched, with the digest of what is there; it outlives the process together with its side file. */
export interface PartFile {
  readonly length: () => number;
  /** The strong ETag under which the first bytes came, if the server gave one. */
  readonly validator: () => string | undefined;
  append(bytes: Uint8Array): Promise<Result<void>>;
  /** Notes under which validator the next bytes come; on disk before the first of them. */
  noteValidator(validator: string | undefined): Promise<Result<void>>;
  /** Throws the bytes away and begins at 0. */
  restart(): Promise<Result<void>>;
  /** SHA-256 of the bytes so far, lower-case hex. */
  digest(): string;
  /** Leaves part and side file for the next call. */
  close(): Promise<Result<void>>;
  /** Fsyncs, and gives the file its final name. */
  publish(to: string): Promise<Result<void>>;
  /** Frees the space. */
  remove(): Promise<Result<void>>;
}

/** Opens `folder/<name>.part`, keeping its bytes if its side file says that they belong to the same signed content. */
export async function openPartFile(
  files: Files,
  folder: string,
  name: string,
  wanted: SignedFile,
): Promise<Result<PartFile>> {
  const places = { part: join(folder, `${name}.part`), record: join(folder, `${name}.json`) };
  const record = await readRecord(files, places.record, wanted);
  const facts = await files.facts(places.part);
  if (!facts.ok) return facts;
  const kept = record !== undefined && facts.value?.kind === 'file' && facts.value.size <= wanted.length;
  if (facts.value !== undefined && facts.value.kind !== 'file') {
    const cleared = await files.removeTree(places.part);
    if (!cleared.ok) return cleared;
  }
  const hash = createHash('sha256');
  const hashed = kept ? await hashFile(files, places.part, hash) : succeed(0);
  if (!hashed.ok) return hashed;
  const opened = await files.openWritable(places.part, { mode: 0o600, start: kept ? 'end' : 'empty' });
  if (!opened.ok) return opened;
  const state = { hash, length: hashed.value, validator: kept ? record.validator : undefined, recorded: kept };
  return succeed(partFile(files, places, wanted, opened.value, state));
}

interface PartState {
  hash: Hash;
  length: number;
  validator: string | undefined;
  recorded: boolean;
}

function partFile(
  files: Files,
  places: { readonly part: string; readonly record: string },
  wanted: SignedFile,
  file: WritableFile,
  state: PartState,
): PartFile {
  const closeOnce = once(() => file.close());
  return {
    length: () => state.length,
    validator: () => state.validator,
    append: async (bytes) => {
      const written = await file.write(bytes);
      if (!written.ok) return written;
      state.hash.update(bytes);
      state.length += bytes.length;
      return written;
    },
    noteValidator: async (validator) => {
      if (state.recorded && state.validator === validator) return succeed();
      const record: Static<typeof PartRecord> = {
        schema: 1,
        ...wanted,
        ...(validator === undefined ? {} : { validator }),
      };
      const written = await files.writeDurably(places.record, JSON.stringify(record), 0o600);
      if (written.ok) Object.assign(state, { validator, recorded: true });
      return written;
    },
    restart: async () => {
      Object.assign(state, { hash: createHash('sha256'), length: 0, validator: undefined, recorded: false });
      return file.truncate(0);
    },
    digest: () => state.hash.copy().digest('hex'),
    close: closeOnce,
    publish: async (to) => {
      const synced = await file.sync();
      const closed = await closeOnce();
      if (!synced.ok || !closed.ok) return synced.ok ? closed : synced;
      const renamed = await files.renameNew(places.part, to);
      return renamed.ok ? files.remove(places.record) : renamed;
    },
    remove: async () => {
      await closeOnce();
      const removed = await files.remove(places.part);
      return removed.ok ? files.remove(places.record) : removed;
    },
  };
}

/** Undefined for a side file that is absent, unreadable, or speaks of other content: then there is nothing to resume. */
async function readRecord(
  files: Files,
  path: string,
  wanted: SignedFile,
): Promise<{ readonly validator: string | undefined } | undefined> {
  const text = await files.readText(path, RECORD_LIMIT);
  if (!text.ok) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.value);
  } catch {
    return undefined;
  }
  if (!Value.Check(PartRecord, parsed)) return undefined;
  const same = parsed.sha256 === wanted.sha256 && parsed.length === wanted.length;
  // The same content at another address may be resumed, but its validator is the other address's.
  return same ? { validator: parsed.path === wanted.path ? parsed.validator : undefined } : undefined;
}

async function hashFile(files: Files, path: string, hash: Hash): Promise<Result<number>> {
  const opened = await files.openReadable(path);
  if (!opened.ok) return opened;
  try {
    const buffer = new Uint8Array(READ_BYTES);
    for (let position = 0; ;) {
      const read = await opened.value.read(buffer, position);
      if (!read.ok || read.value === 0) return read.ok ? succeed(position) : read;
      hash.update(buffer.subarray(0, read.value));
      position += read.value;
    }
  } finally {
    await opened.value.close();
  }
}

function once(act: () => Promise<Result<void>>): () => Promise<Result<void>> {
  let outcome: Promise<Result<void>> | undefined;
  return () => (outcome ??= act());
}
