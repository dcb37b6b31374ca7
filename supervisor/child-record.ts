import { join } from 'node:path';
import { type Static, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import type { Files } from '../platform/files.ts';
import type { Log } from '../platform/log.ts';
import type { ProcessIdentity } from '../platform/processes.ts';
import { type Result, succeed } from '../platform/result.ts';

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
});

const Record = Type.Union([Intent, Running]);
export type ChildIntent = Static<typeof Intent>;
export type ChildRunning = Static<typeof Running>;
export type ChildRecord = ChildIntent | ChildRunning;

/** What the state folder knows of the server's process. */
export type RecordFound =
  | { readonly kind: 'none' }
  | { readonly kind: 'found'; readonly record: ChildRecord }
  /** Unreadable; it was moved to `setAsideAt`, or could not be read at all. */
  | { readonly kind: 'lost'; readonly setAsideAt?: string };

export interface ChildRecords {
  readonly tokenFile: string;
  read(): Promise<RecordFound>;
  writeIntent(nonce: string, bootId: string): Promise<Result<void>>;
  writeRunning(running: Omit<ChildRunning, 'schema' | 'kind'>): Promise<Result<void>>;
  writeToken(token: string): Promise<Result<void>>;
  readToken(): Promise<Result<string>>;
}

const SCHEMA = 1;
const RECORD_LIMIT_BYTES = 16 * 1024;
const TOKEN_LIMIT_BYTES = 1024;
const CORRUPT_KEPT = 100;
/** Nobody but the launcher's and the server's account may read the token. */
const SECRET_MODE = 0o600;

/** The durable memory of which process is the server: `server-child.json` and `server-child.token` in the state folder. */
export function createChildRecords(files: Files, stateFolder: string, log: Log): ChildRecords {
  const path = join(stateFolder, 'server-child.json');
  const tokenFile = join(stateFolder, 'server-child.token');
  const write = (record: ChildRecord) => files.writeDurably(path, `${JSON.stringify(record)}\n`, SECRET_MODE);
  return {
    tokenFile,
    read: () => readRecord(files, path, log),
    writeIntent: (nonce, bootId) => write({ schema: SCHEMA, kind: 'intent', nonce, bootId }),
    writeRunning: (running) => write({ schema: SCHEMA, kind: 'running', ...running }),
    writeToken: (token) => files.writeDurably(tokenFile, token, SECRET_MODE),
    readToken: async () => {
      const text = await files.readText(tokenFile, TOKEN_LIMIT_BYTES);
      return text.ok ? succeed(text.value.trim()) : text;
    },
  };
}

/** The identity that a record names. */
export function identityOf(record: ChildRunning): ProcessIdentity {
  return { pid: record.pid, startTime: record.startTime, bootId: record.bootId };
}

async function readRecord(files: Files, path: string, log: Log): Promise<RecordFound> {
  const text = await files.readText(path, RECORD_LIMIT_BYTES);
  if (!text.ok && text.fault.code === 'not-found') return { kind: 'none' };
  if (!text.ok && text.fault.code !== 'too-large') {
    log.error('the record of the server cannot be read', { fault: text.fault });
    return { kind: 'lost' };
  }
  const record = text.ok ? decodeRecord(text.value) : undefined;
  // A newer launcher's record is taken as well if its known fields fit: the server must be found after a downgrade too.
  return record ? { kind: 'found', record } : setAside(files, path, log);
}

function decodeRecord(text: string): ChildRecord | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return Value.Check(Record, parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

async function setAside(files: Files, path: string, log: Log): Promise<RecordFound> {
  for (let number = 1; number <= CORRUPT_KEPT; number += 1) {
    const target = `${path}.corrupt-${number}`;
    const renamed = await files.renameNew(path, target);
    if (renamed.ok) {
      log.error('the record of the server is corrupt and was set aside', { path: target });
      return { kind: 'lost', setAsideAt: target };
    }
    if (renamed.fault.code !== 'already-exists') break;
  }
  return { kind: 'lost' };
}
