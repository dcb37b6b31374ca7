import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { Application } from '../api/application.ts';
import type { OpenPart } from './access.ts';
import { isLoopback } from './addresses.ts';
import type { Credentials } from './authentication.ts';
import type { StreamSlots } from './connections.ts';
import { negotiate } from './language.ts';
import type { PortLimits } from './limits.ts';
import { errorBody, type Refusal } from './refusals.ts';
import type { Route } from './route.ts';

/** What both listeners share. */
export interface ListenerContext {
  readonly application: Application;
  readonly clock: Clock;
  readonly log: Log;
  readonly credentials: Credentials;
  readonly routes: readonly Route[];
  readonly limits: PortLimits;
  readonly open: readonly OpenPart[];
  readonly language: Language;
  readonly streams: StreamSlots;
  readonly closing: AbortSignal;
}

/** Answers a refusal; a body that is still on its way is not waited for. */
export function refuse(
  context: Pick<ListenerContext, 'application' | 'language'>,
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal,
): FastifyReply {
  if (!request.raw.complete) reply.header('connection', 'close');
  if (refusal.status === 401) reply.header('www-authenticate', 'Bearer, Ticket, Child');
  if (refusal.status === 429) reply.header('retry-after', '60');
  const language = languageOfRequest(request, context.language);
  return reply.code(refusal.status).send(errorBody(context.application, refusal.fault, language));
}

export function languageOfRequest(request: FastifyRequest, fallback: Language): Language {
  const { query } = request;
  const asked = typeof query === 'object' && query !== null && 'lang' in query ? query.lang : undefined;
  return negotiate(typeof asked === 'string' ? asked : undefined, request.headers['accept-language'], fallback);
}

export function addressOf(request: FastifyRequest): { readonly address: string; readonly onLoopback: boolean } {
  const address = request.raw.socket.remoteAddress;
  return address === undefined ? { address: 'local', onLoopback: false } : { address, onLoopback: isLoopback(address) };
}
