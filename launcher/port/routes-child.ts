import { Type } from '@sinclair/typebox';
import { ChildOrderView, TicketAnswer } from '../api/messages.ts';
import { ChildState, TicketRequest } from '../api/schemas.ts';
import { languageOf } from './language.ts';
import { type Route, route, routeWithBody } from './route.ts';
import type { RouteContext } from './route-context.ts';

const PollQuery = Type.Object({
  wait: Type.Optional(Type.Integer({ minimum: 0, maximum: 3600, default: 25, description: 'seconds, at most 30' })),
});

const POLL_SECONDS = 25;

/** Calls of the supervised server, with its child token. */
export function childRoutes(context: RouteContext): readonly Route[] {
  const { childLink, tickets, limits } = context;
  return [
    routeWithBody({
      method: 'POST',
      path: '/v1/tickets',
      summary: 'A one-time ticket for a user whom the server knows to be the Administrator',
      right: 'child',
      body: TicketRequest,
      status: 201,
      answer: TicketAnswer,
      handle: ({ body }) => {
        const language = languageOf(body.language);
        const email = body.email === undefined || body.email === '' ? {} : { email: body.email };
        const ticket = tickets.issue({ user: body.user, ...email, ...(language === undefined ? {} : { language }) });
        const expiresInSeconds = Math.floor(limits.ticketMs / 1000);
        return { kind: 'json', status: 201, body: { ticket, expiresInSeconds } };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/child/orders',
      summary: 'Long poll: the next order for the server, or 204 when there is none',
      right: 'child',
      query: PollQuery,
      status: 200,
      answer: ChildOrderView,
      handle: async ({ query, signal }) => {
        const waitSeconds = Math.min(query.wait ?? POLL_SECONDS, limits.pollSeconds);
        const order = await childLink.take(waitSeconds * 1000, signal);
        return order === undefined ? { kind: 'empty' } : { kind: 'json', status: 200, body: order };
      },
    }),
    routeWithBody({
      method: 'POST',
      path: '/v1/child/state',
      summary: 'What the server says of itself',
      right: 'child',
      body: ChildState,
      status: 204,
      handle: ({ body }) => {
        childLink.receive(body);
        return { kind: 'empty' };
      },
    }),
  ];
}
