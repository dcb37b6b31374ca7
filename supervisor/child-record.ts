import { basename, dirname, join } from 'node:path';
import { type Static, Type } from '@sinclair/typebox';
import type { ActsAtOnce } from '../platform/acts-at-once.ts';
import { faultOf } from '../platform/fault.ts';
import type { Files } from '../platform/files.ts';
import type { ProcessIdentity } from '../platform/processes.ts';
import { asidesIn, readRecord, type RecordFile, type RecordParts, setAside } from '../platform/record-file.ts';
import { fail, type Result, succeed } from '../platform/result.ts';
import { isToken } from './random.ts';

const Text = (maxLength: number) => Type.String({ minLength: 1, maxLength });

/** Written before the spawn: a process with this nonce may exist from now on. */
const Intent = Type.Object({
  schema: Type.Integer({ minimum: 1 }),
  kind: Type.Literal('intent'),
  nonce: Text(64),
  bootId: Text(128),
});

/** Written after the spawn: exactly this process is the server. */
const Running = Type.Object({
  schema: Type.Integer({ minimum: 1 }),
  kind: Type.Literal('running'),
  nonce: Text(64),
  bootId: Text(128),
  pid: Type.Integer({ minimum: 1 }),
  startTime: Text(128),
  tokenFile: Text(4096),
  outputFile: Text(4096),
  /** Spawn → ready, milliseconds; absent until it was ready. */
  readyAfterMs: Type.Optional(Type.Number({ minimum: 0 })),
  /** The intent of the next start, if that is a restart after a crash: a process with this nonce may exist from now on, too. */
  next: Type.Optional(Text(64)),
});

const Record = Type.Union([Intent, Running]);
export type ChildIntent = Static<typeof Intent>;
export type ChildRunning = Static<typeof Running>;
export type ChildRecord = ChildIntent | ChildRunning;

/** What the state folder knows of the server's process. */
export type RecordFound =
  | { readonly kind: 'none' }
  | { readonly kind: 'found'; readonly record: ChildRecord }
  /** Damaged and set aside, by this launcher or by one that started nothing since. */
  | { readonly kind: 'lost' }
  /** The disk does not give it now: it may name a server. */
  | { readonly kind: 'unread' };

/** The restart that the record announces. */
export interface Announcement {
  /** Of the run that the record is about. */
  readonly nonce: string;
  readonly next: string;
  readonly token: string;
}

export interface ChildRecords {
  readonly tokenFile: string;
  read(): Promise<RecordFound>;
  /** The same for somebody who only asks: nothing is set aside. */
  look(): Promise<RecordFound>;
  writeIntent(nonce: string, bootId: string): Promise<Result<void>>;
  writeRunning(running: Omit<ChildRunning, 'schema' | 'kind'>): Promise<Result<void>>;
  writeToken(token: string): Promise<Result<void>>;
  /** `record-corrupt` when what lies there is no token. */
  readToken(): Promise<Result<string>>;
  /**
   * What this launcher has announced itself, if record and token still lie on the disk as they were written; else undefined, and
   * whoever asks has to read them.
   */
  announced(acts: Pick<ActsAtOnce, 'readText'>): Announcement | undefined;
}

const SCHEMA = 1;
const RECORD_NAME = 'server-child.json';
const RECORD_LIMIT_BYTES = 16 * 1024;
const TOKEN_LIMIT_BYTES = 1024;
/** Nobody but the launcher's and the server's account may read the token. */
const SECRET_MODE = 0o600;

/** The durable memory of which process is the server: `server-child.json` and `server-child.token` in the state folder. */
export function createChildRecords(parts: RecordParts, stateFolder: string): ChildRecords {
  const { files } = parts;
  const path = join(stateFolder, RECORD_NAME);
  const tokenFile = join(stateFolder, 'server-child.token');
  let last: { readonly text: string; readonly record: ChildRecord } | undefined;
  let writing: Promise<unknown> = Promise.resolve();
  // One after the other: the disk ends with the last one.
  const write = (record: ChildRecord): Promise<Result<void>> => {
    const turn = writing.then(async () => {
      last = undefined;
      const text = `${JSON.stringify(record)}\n`;
      const written = await files.writeDurably(path, text, SECRET_MODE);
      if (written.ok) last = { text, record };
      return written;
    });
    writing = turn.catch(() => undefined);
    return turn;
  };
  return {
    tokenFile,
    read: () => find(parts, path, true),
    look: () => find(parts, path, false),
    writeIntent: (nonce, bootId) => write({ schema: SCHEMA, kind: 'intent', nonce, bootId }),
    writeRunning: (running) => write({ schema: SCHEMA, kind: 'running', ...running }),
    writeToken: (token) => files.writeDurably(tokenFile, token, SECRET_MODE),
    readToken: async () => {
      const text = await files.readText(tokenFile, TOKEN_LIMIT_BYTES);
      return text.ok ? tokenOf(tokenFile, text.value) : text;
    },
    announced: (acts) => {
      if (last?.record.kind !== 'running' || last.record.next === undefined) return undefined;
      const { nonce, next } = last.record;
      const text = acts.readText(path, RECORD_LIMIT_BYTES);
      const secret = acts.readText(tokenFile, TOKEN_LIMIT_BYTES);
      if (!text.ok || text.value !== last.text || !secret.ok) return undefined;
      const token = tokenOf(tokenFile, secret.value);
      return token.ok ? { nonce, next, token: token.value } : undefined;
    },
  };
}

function tokenOf(path: string, text: string): Result<string> {
  const token = text.trim();
  // What is left of a damaged one could be guessed.
  if (isToken(token)) return succeed(token);
  return fail(faultOf('record-corrupt', 'the file does not hold a token', { path }));
}

/** The identity that a record names. */
export function identityOf(record: ChildRunning): ProcessIdentity {
  return { pid: record.pid, startTime: record.startTime, bootId: record.bootId };
}

// A newer launcher's record is taken as well if its known fields fit: the server must be found after a downgrade too.
const recordFile = (path: string): RecordFile<typeof Record> => ({ path, schema: Record, limit: RECORD_LIMIT_BYTES });

async function find(parts: RecordParts, path: string, mayMove: boolean): Promise<RecordFound> {
  const found = await readRecord(parts.files, recordFile(path));
  switch (found.kind) {
    case 'found':
      return found;
    case 'absent':
      return (await wasSetAside(parts.files, path)) ? { kind: 'lost' } : { kind: 'none' };
    case 'unread':
      parts.log.error('the record of the server cannot be read', { fault: found.fault });
      return { kind: 'unread' };
    case 'damaged':
    case 'newer':
      if (mayMove) await setAside(parts, path, found.fault.detail);
      return { kind: 'lost' };
  }
}

/** No start has followed: that would have written a new one. */
async function wasSetAside(files: Files, path: string): Promise<boolean> {
  const asides = await asidesIn(files, dirname(path));
  return asides.some(({ name }) => name === basename(path));
}
