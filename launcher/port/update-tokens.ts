import { join } from 'node:path';
import { type Static, Type } from '@sinclair/typebox';
import type { Clock } from '../../platform/clock.ts';
import type { Files } from '../../platform/files.ts';
import type { Log } from '../../platform/log.ts';
import { readOrSetAside } from '../../platform/record-file.ts';
import { type Result, succeed } from '../../platform/result.ts';
import { LANGUAGES } from '../../supervisor/sessions/sessions.ts';
import type { UpdateView } from '../api/schemas.ts';
import { digestOf, findBySecret, newSecret } from './secrets.ts';
import type { TicketHolder } from './tickets.ts';

const UpdateTokensFile = Type.Object({
  schema: Type.Literal(1),
  tokens: Type.Array(
    Type.Object({
      digest: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      updateId: Type.String({ maxLength: 128 }),
      user: Type.String({ maxLength: 128 }),
      email: Type.Optional(Type.String({ maxLength: 254 })),
      language: Type.Optional(Type.Union(LANGUAGES.map((language) => Type.Literal(language)))),
    }),
    { maxItems: 1000 },
  ),
});
type UpdateToken = Static<typeof UpdateTokensFile>['tokens'][number];

/** What came out of a bearer token that was given for one update. */
export interface UpdateTokenFacts {
  readonly holder: TicketHolder;
  readonly updateId: string;
}

/** Bearer tokens that let whoever ordered with a ticket follow and steer that update, across a restart of the launcher. */
export interface UpdateTokens {
  issue(holder: TicketHolder, updateId: string): Promise<string>;
  /** Undefined for an unknown one, or when its update is unknown or was settled too long ago. */
  verify(secret: string): Promise<UpdateTokenFacts | undefined>;
}

export interface UpdateTokensDependencies {
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
  readonly update: (id: string) => Promise<UpdateView | undefined>;
}

/** One update at a time, a few orderers each; older ones are of settled updates. */
const TOKENS_KEPT = 32;
const PRIVATE_FILE = 0o600;
const RECORD_BYTES = 512 * 1024;

export function createUpdateTokens(
  dependencies: UpdateTokensDependencies,
  options: { readonly stateFolder: string; readonly outliveMs: number },
): UpdateTokens {
  const { files, clock, log } = dependencies;
  const path = join(options.stateFolder, 'update-tokens.json');
  const parts = { files, log, clock };
  // Those of this life, and those of earlier ones once they could be read.
  let issued: readonly UpdateToken[] = [];
  let earlier: readonly UpdateToken[] | undefined;

  /** All that are known; a fault when the file may hold more, and must not be written over. */
  async function load(): Promise<Result<readonly UpdateToken[]>> {
    if (earlier === undefined) {
      const record = await readOrSetAside(parts, { path, schema: UpdateTokensFile, limit: RECORD_BYTES });
      if (!record.ok) {
        log.warn('the tokens of earlier updates cannot be read', { code: record.fault.code, path });
        return record;
      }
      earlier ??= record.value?.tokens ?? [];
    }
    return succeed([...earlier, ...issued].slice(-TOKENS_KEPT));
  }

  async function write(): Promise<Result<void>> {
    const tokens = await load();
    return tokens.ok
      ? files.writeDurably(path, `${JSON.stringify({ schema: 1, tokens: tokens.value })}\n`, PRIVATE_FILE)
      : tokens;
  }

  return {
    async issue(holder, updateId) {
      const secret = newSecret('omu');
      const token: UpdateToken = { digest: digestOf(secret), updateId, ...holder };
      issued = [...issued, token].slice(-TOKENS_KEPT);
      const written = await write();
      // It still works until the launcher restarts, so the order is not refused for it.
      if (!written.ok) log.warn('the token of an update is only in memory', { code: written.fault.code, path });
      return secret;
    },
    async verify(secret) {
      const known = await load();
      const found = findBySecret(known.ok ? known.value : issued, secret);
      if (found === undefined) return undefined;
      const view = await dependencies.update(found.updateId);
      if (view === undefined || isOver(view, clock.now(), options.outliveMs)) return undefined;
      return { holder: holderOf(found), updateId: found.updateId };
    },
  };
}

function isOver(view: UpdateView, now: number, outliveMs: number): boolean {
  if (view.state === 'scheduled' || view.state === 'running') return false;
  return now > Date.parse(view.endedAt ?? view.orderedAt) + outliveMs;
}

function holderOf({ user, email, language }: UpdateToken): TicketHolder {
  return { user, ...(email === undefined ? {} : { email }), ...(language === undefined ? {} : { language }) };
}
