import type { Clock } from '../../platform/clock.ts';
import { type Fault, faultOf } from '../../platform/fault.ts';
import type { HttpResponse } from '../../platform/network.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { deadlineAfter } from '../waiting.ts';
import type { HttpProbe } from '../server-options.ts';
import type { ProbeClients } from './probe-clients.ts';

/** A health page longer than this is judged by its beginning. */
const BODY_LIMIT_BYTES = 64 * 1024;

/** Ready when the page answers with an expected status and, if asked for, a body that matches. */
export async function probeHttp(clients: ProbeClients, clock: Clock, probe: HttpProbe): Promise<Result<void>> {
  const client = await clients.clientFor(probe);
  if (!client.ok) return fail(unhealthy(probe, 'the authorities of its certificate cannot be read', client.fault));
  const limit = deadlineAfter(clock, probe.timeoutMs);
  try {
    const response = await client.value.request({
      url: probe.url,
      method: 'GET',
      // A kept connection would be counted as a user of the server.
      headers: { connection: 'close' },
      headTimeoutMs: probe.timeoutMs,
      idleTimeoutMs: probe.timeoutMs,
      signal: limit.signal,
    });
    if (!response.ok) return fail(unhealthy(probe, 'the health page does not answer', inTime(probe, response.fault)));
    return await judge(probe, response.value);
  } finally {
    limit.clear();
  }
}

/** The TCP port of a probe's address. */
export function portOfUrl(url: string): number | undefined {
  if (!URL.canParse(url)) return undefined;
  const { port, protocol } = new URL(url);
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

async function judge(probe: HttpProbe, response: HttpResponse): Promise<Result<void>> {
  if (!probe.statuses.includes(response.status)) {
    await response.discard();
    return fail(unhealthy(probe, `the health page answered with status ${response.status}`));
  }
  if (probe.bodyPattern === undefined) {
    await response.discard();
    return succeed();
  }
  const body = await beginningOf(response);
  if (!body.ok) return fail(unhealthy(probe, 'the health page broke off', inTime(probe, body.fault)));
  return new RegExp(probe.bodyPattern, 'u').test(body.value)
    ? succeed()
    : fail(unhealthy(probe, 'the health page does not say what is expected'));
}

/** Nobody but our own limit calls a probe's request off. */
function inTime({ timeoutMs }: HttpProbe, fault: Fault): Fault {
  return fault.code === 'cancelled' ? faultOf('timed-out', `no answer within ${timeoutMs / 1_000} s`) : fault;
}

async function beginningOf(response: HttpResponse): Promise<Result<string>> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response.body) {
    if (!piece.ok) return piece;
    pieces.push(piece.value);
    size += piece.value.length;
    if (size >= BODY_LIMIT_BYTES) break;
  }
  await response.discard();
  return succeed(Buffer.concat(pieces).subarray(0, BODY_LIMIT_BYTES).toString('utf8'));
}

function unhealthy(probe: HttpProbe, detail: string, cause?: Fault): Fault {
  return faultOf('server-unhealthy', detail, { values: { probe: 'http', url: probe.url }, ...(cause && { cause }) });
}
