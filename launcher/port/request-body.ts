import type { ServedRequest } from '../../platform/node/http-server.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { PROTOCOL_REFUSALS, type Refusal } from './refusals.ts';

/** Does a body come with this head? */
export function hasBody({ headers }: ServedRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? '0') !== 0;
}

/** The request's body, decoded from JSON; undefined when it has none. Fails with `gone` when the client went away. */
export async function readBody(request: ServedRequest, limit: number): Promise<Result<unknown, Refusal | 'gone'>> {
  if (request.method === 'GET' || !hasBody(request)) return succeed(undefined);
  if (!isJson(request.headers['content-type'])) return fail(PROTOCOL_REFUSALS.mediaType);
  if (Number(request.headers['content-length'] ?? '0') > limit) return fail(PROTOCOL_REFUSALS.bodyTooLarge);
  const bytes = await readBytes(request, limit);
  return bytes.ok ? parseJson(bytes.value) : bytes;
}

function isJson(type: string | undefined): boolean {
  return type?.split(';', 1)[0]?.trim().toLowerCase() === 'application/json';
}

function readBytes(request: ServedRequest, limit: number): Promise<Result<Buffer, Refusal | 'gone'>> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let size = 0;
    request.on('data', (piece: Buffer) => {
      size += piece.length;
      if (size <= limit) {
        pieces.push(piece);
        return;
      }
      // Nothing more is taken; the refusal closes the connection.
      request.pause();
      resolve(fail(PROTOCOL_REFUSALS.bodyTooLarge));
    });
    request.once('end', () => resolve(succeed(Buffer.concat(pieces))));
    request.once('error', () => resolve(fail('gone')));
    request.once('close', () => resolve(fail('gone')));
  });
}

function parseJson(bytes: Buffer): Result<unknown, Refusal> {
  try {
    return succeed(JSON.parse(bytes.toString('utf8'), refusePrototype));
  } catch {
    return fail(PROTOCOL_REFUSALS.malformed);
  }
}

/** A member of this name is an attempt on whoever copies the value. */
function refusePrototype(name: string, value: unknown): unknown {
  if (name === '__proto__') throw new SyntaxError('a member has the name of the prototype');
  return value;
}
