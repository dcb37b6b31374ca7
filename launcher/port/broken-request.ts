import type { Duplex } from 'node:stream';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { Application } from '../api/application.ts';
import { errorBody, PROTOCOL_REFUSALS, type Refusal } from './refusals.ts';

/** The parser's and the timer's errors that still deserve an answer (`node:http`, event `clientError`). */
const REFUSAL_OF: Readonly<Record<string, Refusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: PROTOCOL_REFUSALS.timeout,
  HPE_HEADER_OVERFLOW: PROTOCOL_REFUSALS.headTooLarge,
};

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

/** Answers what never became a request, in the same shape as every other error, and closes the connection. */
export function answerBrokenRequest(
  error: Error & { readonly code?: string },
  socket: Duplex & { readonly bytesWritten?: number },
  context: { readonly application: Pick<Application, 'explain'>; readonly language: Language },
): void {
  const code = error.code ?? '';
  const refusal = REFUSAL_OF[code] ?? (code.startsWith('HPE_') ? PROTOCOL_REFUSALS.malformed : undefined);
  // Into an answer that has begun nothing may be written.
  if (refusal === undefined || !socket.writable || (socket.bytesWritten ?? 0) > 0) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(errorBody(context.application, refusal.fault, context.language));
  const head = [
    `HTTP/1.1 ${refusal.status} ${REASONS[refusal.status] ?? 'Error'}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
