import { faultOf } from '../../platform/fault.ts';
import { printable } from '../api/decode.ts';
import { type Admitted, decide, nameOf, type PortCaller } from './access.ts';
import { authenticate } from './authentication.ts';
import { writeEvents } from './event-stream.ts';
import { answer, type Exchange, JSON_TYPE } from './exchange.ts';
import { addressOf, languageOfRequest, type ListenerContext, refuse } from './listener-context.ts';
import { refusalOf } from './refusals.ts';
import { readBody } from './request-body.ts';
import type { Answer, Call, Route } from './route.ts';

interface Admission {
  readonly caller: PortCaller;
  readonly view: Admitted;
}

/** Serves one call of a route: who asks and may he (before the body is read), then the act, then the answer. */
export async function serveRoute(
  exchange: Exchange,
  { route, id }: { readonly route: Route; readonly id: string },
  channel: 'local' | 'tcp',
  context: ListenerContext,
): Promise<void> {
  const admission = await admit(route, id, channel, exchange, context);
  if (typeof admission === 'string') {
    refuse(context, exchange, refusalOf(faultOf(admission, DETAILS[admission])));
    return;
  }
  const body = await readBody(exchange.request, context.limits.bodyBytes);
  if (!body.ok) {
    if (body.fault !== 'gone') refuse(context, exchange, body.fault);
    return;
  }
  const signal = AbortSignal.any([context.closing, goneSignal(exchange)]);
  const call = { ...callOf(exchange, admission, context), id, body: body.value, channel, signal };
  await send(await route.handle(call), exchange, { context, route, admission, signal });
}

const DETAILS = {
  unauthorised: 'this call needs credentials that hold',
  forbidden: 'these credentials do not allow this call',
  'too-many-requests': 'too many refused credentials from this address',
} as const;

async function admit(
  route: Route,
  id: string,
  channel: 'local' | 'tcp',
  exchange: Exchange,
  context: ListenerContext,
): Promise<Admission | keyof typeof DETAILS> {
  const { authorization } = exchange.request.headers;
  const approach = { channel, ...addressOf(exchange), authorization, right: route.right };
  const found = await authenticate(approach, context.credentials);
  if (found.kind === 'refused') return found.code;
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
  exchange: Exchange,
  admission: Admission,
  context: ListenerContext,
): Pick<Call, 'caller' | 'view' | 'language' | 'query' | 'lastEventId'> {
  const lastEventId = exchange.request.headers['last-event-id'];
  return {
    ...admission,
    language: languageOfRequest(exchange, context.language),
    query: exchange.query,
    lastEventId: typeof lastEventId === 'string' ? lastEventId : undefined,
  };
}

/** Aborts when the connection is closed, or the answer is out. */
function goneSignal({ response }: Exchange): AbortSignal {
  const gone = new AbortController();
  if (response.destroyed) gone.abort();
  response.once('close', () => gone.abort());
  return gone.signal;
}

interface Sending {
  readonly context: ListenerContext;
  readonly route: Route;
  readonly admission: Admission;
  readonly signal: AbortSignal;
}

async function send(said: Answer, exchange: Exchange, sending: Sending): Promise<void> {
  const { context, signal } = sending;
  if (said.kind !== 'events') dropUnread(exchange, context, signal);
  switch (said.kind) {
    case 'events':
      await stream(said.events, exchange, sending);
      return;
    case 'json':
      if (said.location !== undefined) exchange.response.setHeader('location', said.location);
      answer(exchange, said.status, JSON_TYPE, JSON.stringify(said.body));
      return;
    case 'text':
      answer(exchange, 200, said.type, said.body);
      return;
    case 'empty':
      answer(exchange, 204);
      return;
    case 'fault':
      if (said.fault.code === 'request-invalid') logRefusedOrder(said.fault.detail, sending);
      refuse(context, exchange, refusalOf(said.fault));
      return;
  }
}

/** What an order carried beside its schema (a URL, a path, a command) is worth knowing; its value is not repeated. */
function logRefusedOrder(detail: string, { context, route, admission }: Sending): void {
  const caller = printable(nameOf(admission.caller));
  context.log.warn('request refused by its schema', { route: route.path, caller, detail });
}

/** A reader that does not take its answer would hold memory and a connection. */
function dropUnread({ response }: Exchange, { clock, limits }: ListenerContext, signal: AbortSignal): void {
  void clock.sleep(limits.answerMs, signal).then((said) => {
    if (said === 'elapsed') response.destroy();
  });
}

async function stream(
  events: Extract<Answer, { readonly kind: 'events' }>['events'],
  exchange: Exchange,
  { context, signal }: Sending,
): Promise<void> {
  const { address } = addressOf(exchange);
  const release = context.streams.take(address);
  if (release === undefined) {
    const fault = faultOf('too-many-requests', 'too many event streams are open');
    refuse(context, exchange, refusalOf(fault));
    return;
  }
  const { response } = exchange;
  try {
    const ended = await writeEvents(response, events, { clock: context.clock, limits: context.limits, signal });
    if (ended === 'dropped') context.log.warn('a slow reader of events was dropped', { address });
  } catch (error) {
    // The head is out: all that can be told is the end of the stream, and the reader resumes.
    context.log.error('an event stream met a bug', { error: error instanceof Error ? error.stack : String(error) });
    response.destroy();
  } finally {
    release();
  }
}
