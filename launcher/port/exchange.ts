import type { ServedRequest, ServedResponse } from '../../platform/node/http-server.ts';

/** One request and its answer. */
export interface Exchange {
  readonly request: ServedRequest;
  readonly response: ServedResponse;
  /** As sent, without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string | readonly string[]>>;
}

const FIXED_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};

/** Every answer has the fixed headers, whatever comes of the request. */
export function beginExchange(request: ServedRequest, response: ServedResponse): Exchange {
  for (const [name, value] of Object.entries(FIXED_HEADERS)) response.setHeader(name, value);
  const [path = '', ...query] = (request.url ?? '').split('?');
  return { request, response, path, query: queryOf(query.join('?')) };
}

/** A name that is there more than once has all of its values. */
function queryOf(text: string): Exchange['query'] {
  const parsed = new URLSearchParams(text);
  const names = new Set(parsed.keys());
  return Object.fromEntries([...names].map((name) => [name, oneOrAll(parsed.getAll(name))]));
}

function oneOrAll(values: readonly string[]): string | readonly string[] {
  return values.length === 1 ? (values[0] ?? '') : values;
}

export const JSON_TYPE = 'application/json; charset=utf-8';

/** Answers, unless that has been done or the client is gone. */
export function answer({ response }: Exchange, status: number, type?: string, body = ''): void {
  if (response.headersSent || response.destroyed) return;
  response.statusCode = status;
  if (type !== undefined) {
    response.setHeader('content-type', type);
    response.setHeader('content-length', Buffer.byteLength(body));
  }
  response.end(body);
}
