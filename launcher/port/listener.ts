import Fastify, { type FastifyError, type FastifyRequest, type FastifyReply } from 'fastify';
import { type Fault, faultOf } from '../../platform/fault.ts';
import type { Log } from '../../platform/log.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { answerBrokenRequest } from './broken-request.ts';
import { capConnections } from './connections.ts';
import { type ListenerContext, refuse } from './listener-context.ts';
import { METHOD_REFUSED, PROTOCOL_REFUSALS, type Refusal, refusalOf } from './refusals.ts';
import { checkHead, type RequestRules } from './request-checks.ts';
import type { Route } from './route.ts';
import { serveRoute } from './serve-route.ts';

export interface TlsMaterial {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
}

export type Listener = ReturnType<typeof openServer>;

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
  const app = openServer(context, tls);
  capConnections(app.server, context);
  // The schemas of the route table decide, not the framework's.
  app.removeContentTypeParser('text/plain');
  app.addHook('onRequest', (request, reply, proceed) => {
    reply.headers(FIXED_HEADERS);
    const refusal = checkHead(headOf(request), rules);
    if (refusal === undefined) proceed();
    else refuse(context, request, reply, refusal);
  });
  for (const route of context.routes) serveRoute(app, route, rules.channel, context);
  app.setNotFoundHandler((request, reply) =>
    refuse(context, request, reply, refuseAddress(request, reply, context.routes)),
  );
  app.setErrorHandler<FastifyError>((error, request, reply) =>
    refuse(context, request, reply, explainError(error, request, context.log)),
  );
  return app;
}

const FIXED_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};

/** Longest `:id` in an address, characters. */
const PARAMETER_CHARACTERS = 128;

function openServer(context: ListenerContext, tls: TlsMaterial | undefined) {
  const { limits } = context;
  const http = {
    headersTimeout: limits.headMs,
    connectionsCheckingInterval: limits.checkEveryMs,
    maxHeaderSize: limits.headBytes,
    keepAlive: true,
  };
  return Fastify({
    https: tls === undefined ? null : { ...http, ...tls, handshakeTimeout: limits.headMs, minVersion: 'TLSv1.2' },
    ...(tls === undefined ? { http } : {}),
    logger: false,
    exposeHeadRoutes: false,
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    maxRequestsPerSocket: limits.requestsPerConnection,
    routerOptions: { maxParamLength: PARAMETER_CHARACTERS },
    forceCloseConnections: true,
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket, context),
    frameworkErrors: (_error, request, reply) => void refuse(context, request, reply, PROTOCOL_REFUSALS.malformed),
  });
}

function headOf(request: FastifyRequest) {
  const { headers } = request;
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? '0') !== 0;
  return {
    method: request.method,
    host: headers.host,
    origin: headers.origin,
    contentType: headers['content-type'],
    hasBody,
  };
}

/** 405 when another method would do, else 404. */
function refuseAddress(request: FastifyRequest, reply: FastifyReply, routes: readonly Route[]): Refusal {
  const path = request.url.split('?', 1)[0] ?? '';
  const methods = routes.filter((route) => patternOf(route.path).test(path)).map((route) => route.method);
  if (methods.length === 0) return refusalOf(faultOf('route-unknown', 'there is no such address'));
  reply.header('allow', methods.join(', '));
  return METHOD_REFUSED;
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replace(':id', '[^/]+')}$`);
}

/** The framework's own refusals by their code; anything else is a bug, told without its stack. */
function explainError(error: FastifyError, request: FastifyRequest, log: Log): Refusal {
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return PROTOCOL_REFUSALS.bodyTooLarge;
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return PROTOCOL_REFUSALS.mediaType;
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500)
    return PROTOCOL_REFUSALS.malformed;
  log.error('a request met a bug', { method: request.method, route: request.routeOptions.url, error: error.stack });
  return refusalOf(faultOf('unexpected', 'the launcher made a mistake; its log says more'));
}
