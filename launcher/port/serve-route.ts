import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { faultOf } from '../../platform/fault.ts';
import { printable } from '../api/decode.ts';
import { type Admitted, decide, nameOf, type PortCaller } from './access.ts';
import { authenticate } from './authentication.ts';
import { writeEvents } from './event-stream.ts';
import { addressOf, languageOfRequest, type ListenerContext, refuse } from './listener-context.ts';
import { refusalOf } from './refusals.ts';
import type { Answer, Call, Route } from './route.ts';

interface Admission {
  readonly caller: PortCaller;
  readonly view: Admitted;
}

/** Puts one route of the table on a listener: who asks and may he (before the body is read), then the act, then the answer. */
export function serveRoute(
  app: Pick<FastifyInstance, 'route'>,
  route: Route,
  channel: 'local' | 'tcp',
  context: ListenerContext,
): void {
  const admissions = new WeakMap<FastifyRequest, Admission>();
  app.route({
    method: route.method,
    url: route.path,
    onRequest: async (request, reply) => {
      const admission = await admit(route, channel, request, context);
      if (typeof admission === 'string') {
        return refuse(context, request, reply, refusalOf(faultOf(admission, DETAILS[admission])));
      }
      admissions.set(request, admission);
      return undefined;
    },
    handler: async (request, reply) => {
      const admission = admissions.get(request);
      if (admission === undefined) throw new Error('a request passed without admission');
      const signal = AbortSignal.any([context.closing, goneSignal(reply)]);
      const answer = await route.handle(callOf(request, admission, channel, signal, context));
      return await send(answer, request, reply, { context, route, admission, signal });
    },
  });
}

const DETAILS = {
  unauthorised: 'this call needs credentials that hold',
  forbidden: 'these credentials do not allow this call',
  'too-many-requests': 'too many refused credentials from this address',
} as const;

async function admit(
  route: Route,
  channel: 'local' | 'tcp',
  request: FastifyRequest,
  context: ListenerContext,
): Promise<Admission | keyof typeof DETAILS> {
  const { authorization } = request.headers;
  const approach = { channel, ...addressOf(request), authorization, right: route.right };
  const found = await authenticate(approach, context.credentials);
  if (found.kind === 'refused') return found.code;
  const id = idOf(request);
  const decision = decide(route.right, found.caller, context.open, id === '' ? undefined : id);
  if (decision.kind === 'admitted') return { caller: found.caller, view: decision.view };
  context.log.warn('call refused', {
    caller: printable(nameOf(found.caller)),
    route: route.path,
    address: approach.address,
  });
  return decision.code;
}

function callOf(
  request: FastifyRequest,
  admission: Admission,
  channel: 'local' | 'tcp',
  signal: AbortSignal,
  context: ListenerContext,
): Call {
  const lastEventId = request.headers['last-event-id'];
  return {
    ...admission,
    language: languageOfRequest(request, context.language),
    id: idOf(request),
    body: request.body,
    query: request.query,
    lastEventId: typeof lastEventId === 'string' ? lastEventId : undefined,
    channel,
    signal,
  };
}

function idOf(request: FastifyRequest): string {
  const { params } = request;
  return typeof params === 'object' && params !== null && 'id' in params && typeof params.id === 'string'
    ? params.id
    : '';
}

/** Aborts when the connection is closed, or the answer is out. */
function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}

interface Sending {
  readonly context: ListenerContext;
  readonly route: Route;
  readonly admission: Admission;
  readonly signal: AbortSignal;
}

async function send(
  answer: Answer,
  request: FastifyRequest,
  reply: FastifyReply,
  sending: Sending,
): Promise<FastifyReply> {
  const { context, signal } = sending;
  if (answer.kind === 'events') return await stream(answer.events, request, reply, sending);
  dropUnread(reply, context, signal);
  switch (answer.kind) {
    case 'json':
      if (answer.location !== undefined) reply.header('location', answer.location);
      return reply.code(answer.status).type('application/json; charset=utf-8').send(JSON.stringify(answer.body));
    case 'text':
      return reply.type(answer.type).send(answer.body);
    case 'empty':
      return reply.code(204).send();
    case 'fault':
      if (answer.fault.code === 'request-invalid') logRefusedOrder(answer.fault.detail, sending);
      return refuse(context, request, reply, refusalOf(answer.fault));
  }
}

/** What an order carried beside its schema (a URL, a path, a command) is worth knowing; its value is not repeated. */
function logRefusedOrder(detail: string, { context, route, admission }: Sending): void {
  const caller = printable(nameOf(admission.caller));
  context.log.warn('request refused by its schema', { route: route.path, caller, detail });
}

/** A reader that does not take its answer would hold memory and a connection. */
function dropUnread(reply: FastifyReply, { clock, limits }: ListenerContext, signal: AbortSignal): void {
  void clock.sleep(limits.answerMs, signal).then((said) => {
    if (said === 'elapsed') reply.raw.destroy();
  });
}

async function stream(
  events: Extract<Answer, { readonly kind: 'events' }>['events'],
  request: FastifyRequest,
  reply: FastifyReply,
  { context, signal }: Sending,
): Promise<FastifyReply> {
  const { address } = addressOf(request);
  const release = context.streams.take(address);
  if (release === undefined) {
    const fault = faultOf('too-many-requests', 'too many event streams are open');
    return refuse(context, request, reply, refusalOf(fault));
  }
  reply.hijack();
  try {
    const ended = await writeEvents(reply.raw, events, { clock: context.clock, limits: context.limits, signal });
    if (ended === 'dropped') context.log.warn('a slow reader of events was dropped', { address });
  } catch (error) {
    // The head is out: all that can be told is the end of the stream, and the reader resumes.
    context.log.error('an event stream met a bug', { error: error instanceof Error ? error.stack : String(error) });
    reply.raw.destroy();
  } finally {
    release();
  }
  return reply;
}
