import type { Static, TSchema } from '@sinclair/typebox';
import { type Fault, FAULT_CODES, faultOf } from '../../platform/fault.ts';
import type { HttpClient, HttpResponse } from '../../platform/network.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { decode } from './decode.ts';
import { ErrorBody } from './schemas.ts';

/** How to reach a launcher port and as whom. */
export interface ApiTarget {
  readonly httpClient: HttpClient;
  /** E.g. `http://127.0.0.1:19820`; any host on the local channel. */
  readonly baseUrl: string;
  /** The whole header, e.g. `Bearer omt_…`. */
  readonly authorization?: string;
  /** Of texts in answers. */
  readonly language?: string;
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly headTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Until the head of an answer, for calls that the launcher answers from memory. */
const HEAD_MS = 15_000;
const IDLE_MS = 15_000;

/** Largest answer, bytes. */
const ANSWER_BYTES = 8 * 1024 * 1024;

/**
 * One call; the response's body is still on the wire.
 *
 * Errors: `launcher-absent` when nobody listens, `no-permission` when the local channel is closed to this account, and
 * the launcher's own, with its texts in `values.message` and `values.remedy`.
 */
export async function openCall(target: ApiTarget, request: ApiRequest): Promise<Result<HttpResponse>> {
  const response = await target.httpClient.request({
    url: new URL(request.path, target.baseUrl).href,
    method: request.method,
    headers: headersOf(target, request),
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    headTimeoutMs: request.headTimeoutMs ?? HEAD_MS,
    idleTimeoutMs: request.idleTimeoutMs ?? IDLE_MS,
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  });
  if (!response.ok) return fail(absenceOf(response.fault));
  if (response.value.status < 400) return response;
  const text = await readBody(response.value);
  return text.ok ? fail(faultOfError(text.value, response.value.status)) : text;
}

/** One call whose answer must fit `schema`. */
export async function call<Schema extends TSchema>(
  target: ApiTarget,
  request: ApiRequest,
  schema: Schema,
): Promise<Result<Static<Schema>>> {
  const response = await openCall(target, request);
  if (!response.ok) return response;
  const text = await readBody(response.value);
  if (!text.ok) return text;
  const decoded = decode(schema, parse(text.value));
  if (decoded.ok) return decoded;
  return fail(faultOf('unexpected', `the launcher answered something else than agreed (${decoded.fault.detail})`));
}

/** One call without an answer. */
export async function callEmpty(target: ApiTarget, request: ApiRequest): Promise<Result<void>> {
  const response = await openCall(target, request);
  if (!response.ok) return response;
  const text = await readBody(response.value);
  return text.ok ? succeed() : text;
}

function headersOf(target: ApiTarget, request: ApiRequest): Readonly<Record<string, string>> {
  return {
    ...(target.authorization === undefined ? {} : { authorization: target.authorization }),
    ...(target.language === undefined ? {} : { 'accept-language': target.language }),
    ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...request.headers,
  };
}

function absenceOf(fault: Fault): Fault {
  if (fault.code !== 'connection-refused') return fault;
  return faultOf('launcher-absent', 'no launcher answers', { cause: fault });
}

async function readBody(response: HttpResponse): Promise<Result<string>> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response.body) {
    if (!piece.ok) return piece;
    size += piece.value.length;
    if (size > ANSWER_BYTES) {
      await response.discard();
      return fail(faultOf('body-too-long', `the answer is longer than ${ANSWER_BYTES} bytes`));
    }
    pieces.push(piece.value);
  }
  return succeed(Buffer.concat(pieces).toString('utf8'));
}

function faultOfError(text: string, status: number): Fault {
  const decoded = decode(ErrorBody, parse(text));
  if (!decoded.ok) return faultOf('http-status', `the answer was HTTP ${status}`, { values: { status } });
  const { code, message, remedy, detail, updateId } = decoded.value;
  const known = FAULT_CODES.find((name) => name === code);
  return faultOf(known ?? 'unexpected', detail ?? message, {
    values: { message, remedy, status, ...(updateId === undefined ? {} : { updateId }) },
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
