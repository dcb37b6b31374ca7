import { join } from 'node:path';
import { type Static, Type } from '@sinclair/typebox';
import { faultOf } from '../../platform/fault.ts';
import { readOrSetAside, type RecordParts } from '../../platform/record-file.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { digestOf, findBySecret, newSecret } from './secrets.ts';

export const TOKEN_SCOPES = ['read', 'update', 'admin'] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];

/** A token as it may be shown: never its secret. */
export interface TokenFacts {
  readonly name: string;
  readonly scope: TokenScope;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

/** The tokens of `om-launcher token`, hashed in `<state>/tokens.json`; the file is read anew at each call, so a revocation holds at once. */
export interface Tokens {
  /** The secret, shown this once. `already-exists` for a name in use, `request-invalid` for an unfit name. */
  create(name: string, scope: TokenScope): Promise<Result<string>>;
  list(): Promise<Result<readonly TokenFacts[]>>;
  /** `not-found` when there is no such token. */
  revoke(name: string): Promise<Result<void>>;
  /** Whose secret this is; undefined when nobody's. */
  verify(secret: string): Promise<Result<TokenFacts | undefined>>;
}

const TokenName = Type.String({ maxLength: 64, pattern: '^[A-Za-z0-9][A-Za-z0-9._ -]*$' });

const TokensFile = Type.Object({
  schema: Type.Literal(1),
  tokens: Type.Array(
    Type.Object({
      name: TokenName,
      scope: Type.Union(TOKEN_SCOPES.map((scope) => Type.Literal(scope))),
      digest: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      createdAt: Type.String({ maxLength: 40 }),
    }),
    { maxItems: 1000 },
  ),
});
type StoredToken = Static<typeof TokensFile>['tokens'][number];

const FITTING_NAME = new RegExp(TokenName.pattern ?? '');
const PRIVATE_FILE = 0o600;
const RECORD_BYTES = 512 * 1024;

/** A damaged file is set aside: no token is good any more, and new ones can be made. */
export function createTokens(parts: RecordParts, stateFolder: string): Tokens {
  const { files } = parts;
  const path = join(stateFolder, 'tokens.json');

  const read = async (): Promise<Result<readonly StoredToken[]>> => {
    const record = await readOrSetAside(parts, { path, schema: TokensFile, limit: RECORD_BYTES });
    return record.ok ? succeed(record.value?.tokens ?? []) : record;
  };
  const write = (tokens: readonly StoredToken[]): Promise<Result<void>> =>
    files.writeDurably(path, `${JSON.stringify({ schema: 1, tokens }, undefined, 2)}\n`, PRIVATE_FILE);

  return {
    async create(name, scope) {
      if (!FITTING_NAME.test(name) || name.length > 64) {
        return fail(faultOf('request-invalid', 'a token name has 1 to 64 letters, digits, dots, dashes or spaces'));
      }
      const tokens = await read();
      if (!tokens.ok) return tokens;
      if (tokens.value.some((token) => token.name === name)) {
        return fail(faultOf('already-exists', `there is already a token named ${name}`, { path }));
      }
      const secret = newSecret('omt');
      const createdAt = new Date(parts.clock.now()).toISOString();
      const written = await write([...tokens.value, { name, scope, digest: digestOf(secret), createdAt }]);
      return written.ok ? succeed(secret) : written;
    },
    async list() {
      const tokens = await read();
      return tokens.ok ? succeed(tokens.value.map(factsOf)) : tokens;
    },
    async revoke(name) {
      const tokens = await read();
      if (!tokens.ok) return tokens;
      const remaining = tokens.value.filter((token) => token.name !== name);
      if (remaining.length === tokens.value.length) {
        return fail(faultOf('not-found', `there is no token named ${name}`, { path }));
      }
      return write(remaining);
    },
    async verify(secret) {
      const tokens = await read();
      if (!tokens.ok) return tokens;
      const found = findBySecret(tokens.value, secret);
      return succeed(found && factsOf(found));
    },
  };
}

function factsOf(token: StoredToken): TokenFacts {
  return { name: token.name, scope: token.scope, createdAt: token.createdAt };
}
