import { type Fault, faultOf } from '../../platform/fault.ts';
import {
  createHttpServer,
  type HttpServer,
  type ServedRequest,
  type ServedResponse,
} from '../../platform/node/http-server.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { answerBrokenRequest } from './broken-request.ts';
import { capConnections } from './connections.ts';
import { beginExchange, type Exchange } from './exchange.ts';
import { findRoute, type Found } from './find-route.ts';
import { type ListenerContext, refuse } from './listener-context.ts';
import { METHOD_REFUSED, PROTOCOL_REFUSALS, type Refusal, refusalOf } from './refusals.ts';
import { hasBody } from './request-body.ts';
import { checkHead, type RequestRules } from './request-checks.ts';
import { serveRoute } from './serve-route.ts';

export interface TlsMaterial {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
}

export type Listener = HttpServer;

/** As `createListener`; a key that does not fit its certificate is `configuration-invalid`. */
export function tryCreateListener(
  context: ListenerContext,
  rules: RequestRules,
  tls: TlsMaterial | undefined,
): Result<Listener> {
  try {
    return succeed(createListener(context, rules, tls));
  } catch (error) {
    if (tls === undefined) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    return fail(faultOf('configuration-invalid', `port.tls: key or certificate cannot be used (${reason})`));
  }
}

/** Starts to listen. Errors: `port-in-use`, `rights-missing`, `io-error`; the listener is closed then. */
export async function listenOn(
  listener: Listener,
  target: { readonly path: string } | { readonly host: string; readonly port: number },
): Promise<Result<void>> {
  try {
    await listener.listen(target);
    return succeed();
  } catch (error) {
    await listener.close();
    return fail(explainListenError(error, target));
  }
}

function explainListenError(error: unknown, target: { readonly path?: string; readonly port?: number }): Fault {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  const where = {
    ...(target.path === undefined ? {} : { path: target.path }),
    ...(target.port === undefined ? {} : { values: { port: target.port } }),
    operation: 'listen',
  };
  if (code === 'EADDRINUSE') return faultOf('port-in-use', 'somebody else listens there', where);
  if (code === 'EACCES' || code === 'EPERM')
    return faultOf('rights-missing', 'this account may not listen there', where);
  return faultOf('io-error', `listening failed with ${code}`, where);
}

/** One HTTP server over the route table; it does not listen yet. */
export function createListener(context: ListenerContext, rules: RequestRules, tls?: TlsMaterial): Listener {
  const listener = createHttpServer({
    ...context.limits,
    ...(tls && { tls }),
    onRequest: (request, response) => {
      const exchange = beginExchange(request, response);
      void serve(exchange, context, rules).catch((error: unknown) => tellBug(error, exchange, context));
    },
    onBrokenRequest: (error, socket) => answerBrokenRequest(error, socket, context),
  });
  capConnections(listener.server, context);
  return listener;
}

async function serve(exchange: Exchange, context: ListenerContext, rules: RequestRules): Promise<void> {
  const { request, response, path } = exchange;
  const refusal = checkHead(headOf(request), rules);
  if (refusal !== undefined) {
    refuse(context, exchange, refusal);
    return;
  }
  const found = findRoute(context.routes, request.method, path);
  if (found.kind === 'route') await serveRoute(exchange, found, rules.channel, context);
  else refuse(context, exchange, refuseAddress(found, response));
}

function refuseAddress(found: Exclude<Found, { readonly kind: 'route' }>, response: ServedResponse): Refusal {
  switch (found.kind) {
    case 'other-method':
      response.setHeader('allow', found.methods.join(', '));
      return METHOD_REFUSED;
    case 'unknown':
      return refusalOf(faultOf('route-unknown', 'there is no such address'));
    case 'malformed':
      return PROTOCOL_REFUSALS.malformed;
  }
}

function headOf(request: ServedRequest) {
  const { headers } = request;
  return {
    method: request.method ?? '',
    host: headers.host,
    origin: headers.origin,
    contentType: headers['content-type'],
    hasBody: hasBody(request),
  };
}

/** A bug is told without its stack. */
function tellBug(error: unknown, exchange: Exchange, context: ListenerContext): void {
  const { method } = exchange.request;
  const stack = error instanceof Error ? error.stack : String(error);
  context.log.error('a request met a bug', { method, path: exchange.path, error: stack });
  if (exchange.response.headersSent) exchange.response.destroy();
  refuse(context, exchange, refusalOf(faultOf('unexpected', 'the launcher made a mistake; its log says more')));
}
