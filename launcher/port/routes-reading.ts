import { type Static, Type } from '@sinclair/typebox';
import type { ApplicationEvent } from '../api/application.ts';
import {
  CheckAnswer,
  HealthAnswer,
  HistoryAnswer,
  NoticesAnswer,
  type PublicStatusView,
  ReleasesAnswer,
} from '../api/messages.ts';
import { StatusView } from '../api/schemas.ts';
import type { Admitted, PortCaller } from './access.ts';
import { type Call, jsonOrFault, type Route, route } from './route.ts';
import type { RouteContext } from './route-context.ts';

const HistoryQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 50 })),
});
const NoticesQuery = Type.Object({ since: Type.Optional(Type.String({ maxLength: 64 })) });
const EventsQuery = Type.Object({
  lastId: Type.Optional(Type.Integer({ minimum: 0, description: 'as the Last-Event-ID header' })),
});

const HISTORY_ENTRIES = 50;

/** Calls that change nothing. */
export function readingRoutes(context: RouteContext): readonly Route[] {
  return [...stateRoutes(context), ...watchingRoutes(context), ...monitoringRoutes(context)];
}

function stateRoutes(context: RouteContext): readonly Route[] {
  const { application } = context;
  return [
    route({
      method: 'GET',
      path: '/v1/status',
      summary: 'State of server, update and launcher; strangers see name, state and version',
      right: 'status',
      status: 200,
      answer: StatusView,
      handle: (call) => answerStatus(context, call),
    }),
    route({
      method: 'GET',
      path: '/v1/releases',
      summary: 'The live release and the kept ones',
      right: 'read',
      status: 200,
      answer: ReleasesAnswer,
      handle: async ({ language }) => jsonOrFault(await application.releases(language), (releases) => ({ releases })),
    }),
    route({
      method: 'GET',
      path: '/v1/check',
      summary: 'Asks the repository now whether there is an update',
      right: 'read',
      status: 200,
      answer: CheckAnswer,
      handle: async ({ language }) => jsonOrFault(await application.check(language), (found) => found),
    }),
    route({
      method: 'GET',
      path: '/v1/history',
      summary: 'Who ordered what, and how it ended, newest first',
      right: 'read',
      query: HistoryQuery,
      status: 200,
      answer: HistoryAnswer,
      handle: async ({ language, query }) => {
        const history = await application.history(language, query.limit ?? HISTORY_ENTRIES);
        return { kind: 'json', status: 200, body: { history } };
      },
    }),
  ];
}

function watchingRoutes(context: RouteContext): readonly Route[] {
  const { application } = context;
  return [
    route({
      method: 'GET',
      path: '/v1/notices',
      summary: 'Alerts for the users since the given one, oldest first; short poll of OM Client',
      right: 'notices',
      query: NoticesQuery,
      status: 200,
      answer: NoticesAnswer,
      handle: ({ language, query }) => {
        return { kind: 'json', status: 200, body: { notices: application.notices(query.since, language) } };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/events',
      summary: 'Server-sent events; resumes after Last-Event-ID; strangers see the public ones',
      right: 'events',
      query: EventsQuery,
      status: 200,
      answer: 'text/event-stream',
      handle: (call) => ({ kind: 'events', events: eventsFor(context, call) }),
    }),
  ];
}

function monitoringRoutes({ application }: RouteContext): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/healthz',
      summary: 'The launcher is alive (not: the server)',
      right: 'monitor',
      status: 200,
      answer: HealthAnswer,
      handle: () => ({ kind: 'json', status: 200, body: { status: 'ok' } }),
    }),
    route({
      method: 'GET',
      path: '/metrics',
      summary: 'Prometheus, text format 0.0.4',
      right: 'monitor',
      status: 200,
      answer: 'text/plain',
      handle: () => ({ kind: 'text', body: application.metrics(), type: 'text/plain; version=0.0.4; charset=utf-8' }),
    }),
  ];
}

async function answerStatus(context: RouteContext, call: Call) {
  const status = await context.application.status(call.language);
  if (call.view === 'all') {
    const warnings = [...status.warnings, ...context.warnings(call.language)];
    return { kind: 'json', status: 200, body: { ...status, warnings } } as const;
  }
  const seen: PublicStatusView = {
    name: status.name,
    state: status.state,
    ...(status.version === undefined ? {} : { version: status.version }),
  };
  return { kind: 'json', status: 200, body: seen } as const;
}

async function* eventsFor(
  context: RouteContext,
  call: Call<unknown, Static<typeof EventsQuery>>,
): AsyncGenerator<ApplicationEvent> {
  const resumed = /^\d{1,15}$/.test(call.lastEventId ?? '') ? Number(call.lastEventId) : call.query.lastId;
  for await (const event of context.application.events(resumed, call.signal)) {
    if (maySee(event, call.view, call.caller)) yield event;
  }
}

function maySee(event: ApplicationEvent, view: Admitted, caller: PortCaller): boolean {
  switch (view) {
    case 'all':
      return true;
    case 'public':
      return event.public;
    case 'own':
      return event.public || (caller.kind === 'update-token' && isAbout(event, caller.updateId));
  }
}

function isAbout(event: ApplicationEvent, updateId: string): boolean {
  const { kind, data } = event;
  return kind === 'update' && typeof data === 'object' && data !== null && 'id' in data && data.id === updateId;
}
