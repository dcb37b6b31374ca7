import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { Application } from '../api/application.ts';
import type { OpenPart } from './access.ts';
import { isLoopback } from './addresses.ts';
import type { Credentials } from './authentication.ts';
import type { StreamSlots } from './connections.ts';
import { answer, type Exchange, JSON_TYPE } from './exchange.ts';
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
  exchange: Exchange,
  refusal: Refusal,
): void {
  const { request, response } = exchange;
  if (response.headersSent) return;
  if (!request.complete) response.setHeader('connection', 'close');
  if (refusal.status === 401) response.setHeader('www-authenticate', 'Bearer, Ticket, Child');
  if (refusal.status === 429) response.setHeader('retry-after', '60');
  const body = errorBody(context.application, refusal.fault, languageOfRequest(exchange, context.language));
  answer(exchange, refusal.status, JSON_TYPE, JSON.stringify(body));
}

export function languageOfRequest({ request, query }: Exchange, fallback: Language): Language {
  const { lang } = query;
  return negotiate(typeof lang === 'string' ? lang : undefined, request.headers['accept-language'], fallback);
}

export function addressOf({ request }: Exchange): { readonly address: string; readonly onLoopback: boolean } {
  const address = request.socket.remoteAddress;
  return address === undefined ? { address: 'local', onLoopback: false } : { address, onLoopback: isLoopback(address) };
}
