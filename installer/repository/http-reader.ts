import type { Clock } from '../../platform/clock.ts';
import { faultOf, type Fault } from '../../platform/fault.ts';
import type { HttpResponse } from '../../platform/network.ts';
import { fail, succeed, type Result } from '../../platform/result.ts';
import { get, type RequestTools } from './http-request.ts';
import type { RangeRead, RangeWish, RepositoryReader } from './repository-reader.ts';
import { portOf } from './request-rule.ts';
import { climb, SMALL_FILE_LADDER } from './retry-ladder.ts';
import { createRateMeter, tooSlow } from './transfer-rate.ts';

/** Reads a repository below an `http:` or `https:` URL (which ends in `/`). */
export function createHttpReader(clock: Clock, tools: RequestTools): RepositoryReader {
  const { repository } = tools.rule;
  return {
    host: { name: repository.hostname, port: portOf(repository), secure: repository.protocol === 'https:' },
    readJson: (path, limit, signal) =>
      climb(clock, SMALL_FILE_LADDER, () => readOnce(clock, tools, new URL(path, repository), limit, signal), signal),
    openRange: (path, wish) => openRange(tools, new URL(path, repository), wish),
    close: () => tools.client.close(),
  };
}

async function readOnce(
  clock: Clock,
  tools: RequestTools,
  url: URL,
  limit: number,
  signal?: AbortSignal,
): Promise<Result<Buffer>> {
  const answered = await get(tools, url, { accept: 'application/json' }, signal);
  if (!answered.ok) return answered;
  const response = answered.value;
  const refusal = refusalOf(response, limit);
  const read = refusal === undefined ? await readBody(clock, response, limit) : fail(refusal);
  if (!read.ok) await response.discard();
  return read;
}

function refusalOf(response: HttpResponse, limit: number): Fault | undefined {
  if (response.status !== 200) return statusFault(response);
  if (/^text\/html/i.test(response.headers['content-type'] ?? '')) return webPage();
  return (contentLength(response) ?? 0) > limit ? tooLong(limit) : codingFault(response);
}

async function readBody(clock: Clock, response: HttpResponse, limit: number): Promise<Result<Buffer>> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const meter = createRateMeter(clock);
  for await (const piece of response.body) {
    if (!piece.ok) return piece;
    length += piece.value.length;
    if (length > limit) return fail(tooLong(limit));
    pieces.push(piece.value);
    meter.add(piece.value.length);
    if (meter.isTooSlow()) return fail(tooSlow());
  }
  const announced = contentLength(response);
  if (announced !== undefined && length < announced) {
    return fail(faultOf('body-truncated', `${length} of ${announced} bytes came`));
  }
  const bytes = Buffer.concat(pieces);
  return /^\s*</.test(bytes.toString('latin1', 0, 64)) ? fail(webPage()) : succeed(bytes);
}

/** RFC 9110 §13.1.5, §14.2: a range only of the very file that the first bytes came from. */
async function openRange(tools: RequestTools, url: URL, wish: RangeWish): Promise<Result<RangeRead>> {
  const condition: Record<string, string> = wish.validator === undefined ? {} : { 'if-range': wish.validator };
  const last = wish.until === undefined ? '' : String(wish.until - 1);
  const whole = wish.from === 0 && wish.until === undefined;
  const headers = whole ? {} : { range: `bytes=${wish.from}-${last}`, ...condition };
  const answered = await get(tools, url, headers, wish.signal);
  if (!answered.ok) return answered;
  const response = answered.value;
  const start = response.status === 206 ? rangeStart(response, wish) : 0;
  const expected = start === wish.from || start === 0;
  if ([206, 416].includes(response.status) && wish.from > 0 && (response.status === 416 || !expected)) {
    // The server's idea of the file is not ours: begin again without a range rather than splice.
    await response.discard();
    return openRange(tools, url, { ...wish, from: 0 });
  }
  const end = response.status === 206 ? (wish.until ?? wish.length) : wish.length;
  const refusal = rangeRefusal(response, end - (start ?? 0));
  if (refusal !== undefined || start === undefined) {
    await response.discard();
    return fail(refusal ?? statusFault(response));
  }
  return succeed(rangeRead(response, start));
}

function rangeRead(response: HttpResponse, start: number): RangeRead {
  const etag = response.headers['etag'];
  const announced = contentLength(response);
  return {
    start,
    // RFC 9110 §13.1.5: a weak validator must not be used with If-Range.
    ...(etag === undefined || !/^"[\x21\x23-\x7e]{1,200}"$/.test(etag) ? {} : { validator: etag }),
    ...(announced === undefined ? {} : { announced }),
    body: response.body,
    discard: () => response.discard(),
  };
}

function rangeRefusal(response: HttpResponse, remaining: number): Fault | undefined {
  if (response.status !== 200 && response.status !== 206) return statusFault(response);
  if (/^text\/html/i.test(response.headers['content-type'] ?? '')) return webPage();
  return (contentLength(response) ?? 0) > remaining ? tooLong(remaining) : codingFault(response);
}

/** RFC 9110 §14.4. Undefined when the header is missing, unreadable, or speaks of a file of another length. */
function rangeStart(response: HttpResponse, wish: RangeWish): number | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(response.headers['content-range'] ?? '');
  if (match === null || (match[3] !== '*' && Number(match[3]) !== wish.length)) return undefined;
  return Number(match[1]);
}

function statusFault(response: HttpResponse): Fault {
  const retryAfter = /^\d{1,6}$/.exec(response.headers['retry-after'] ?? '');
  const wished = retryAfter === null ? {} : { retryAfterSeconds: Number(retryAfter[0]) };
  return faultOf('http-status', `the repository answered with status ${response.status}`, {
    values: { status: response.status, ...wished },
  });
}

function webPage(): Fault {
  return faultOf(
    'metadata-invalid',
    'a web page came in place of the repository: the network asks for a login (captive portal) or a proxy answered',
    { values: { reason: 'web-page' } },
  );
}

function codingFault(response: HttpResponse): Fault | undefined {
  const coding = response.headers['content-encoding'] ?? 'identity';
  return coding === 'identity' ? undefined : faultOf('metadata-invalid', 'the server encoded what was to come plain');
}

function tooLong(limit: number): Fault {
  return faultOf('body-too-long', `more than the ${limit} bytes allowed came`, { values: { limit } });
}

function contentLength(response: HttpResponse): number | undefined {
  const text = response.headers['content-length'];
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
