import { type Static, Type } from '@sinclair/typebox';
import { faultOf } from '../../platform/fault.ts';
import type { Result } from '../../platform/result.ts';
import type { TryAnswer } from '../api/messages.ts';
import { LocalUpdateOrder, OrderAnswer, PostponeRequest, RollbackOrder } from '../api/messages.ts';
import { UpdateOrder, UpdateView } from '../api/schemas.ts';
import { actingCaller } from './access.ts';
import { type Answer, type Call, emptyOrFault, jsonOrFault, type Route, route, routeWithBody } from './route.ts';
import type { RouteContext } from './route-context.ts';

const OrderQuery = Type.Object({
  dryRun: Type.Optional(Type.Integer({ minimum: 0, maximum: 1, description: '1: preflight only, nothing changes' })),
});

const POSTPONED_SECONDS = 600;

/** Ordering an update or a rollback, following it, and steering it until the point of no return. */
export function orderRoutes(context: RouteContext): readonly Route[] {
  return [...orderingRoutes(context), ...steeringRoutes(context)];
}

function orderingRoutes(context: RouteContext): readonly Route[] {
  const { application } = context;
  return [
    routeWithBody({
      method: 'POST',
      path: '/v1/updates',
      summary: 'Orders an update; the same id twice is the same order; a ticket admits one order',
      right: 'order',
      query: OrderQuery,
      body: UpdateOrder,
      localBody: LocalUpdateOrder,
      bodyOptional: true,
      status: 202,
      answer: OrderAnswer,
      handle: (call) => answerOrder(context, call),
    }),
    routeWithBody({
      method: 'POST',
      path: '/v1/rollback',
      summary: 'Orders the return to a kept release',
      right: 'order',
      body: RollbackOrder,
      bodyOptional: true,
      status: 202,
      answer: OrderAnswer,
      handle: async (call) =>
        accepted(context, call, await application.orderRollback(call.body, actingCaller(call.caller))),
    }),
  ];
}

function steeringRoutes({ application }: RouteContext): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/updates/:id',
      summary: 'Progress of an update',
      right: 'follow',
      status: 200,
      answer: UpdateView,
      handle: async ({ id, language }) => {
        const view = await application.update(id, language);
        if (view !== undefined) return { kind: 'json', status: 200, body: view };
        return { kind: 'fault', fault: faultOf('update-unknown', 'there is no update with this id') };
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/updates/:id',
      summary: 'Cancels an update, until the point of no return',
      right: 'steer',
      status: 204,
      handle: async ({ id, caller }) => emptyOrFault(await application.cancelUpdate(id, actingCaller(caller))),
    }),
    routeWithBody({
      method: 'POST',
      path: '/v1/updates/:id/postpone',
      summary: 'Postpones the disconnection of the users',
      right: 'steer',
      body: PostponeRequest,
      bodyOptional: true,
      status: 204,
      handle: async ({ id, body }) =>
        emptyOrFault(await application.postponeUpdate(id, body.seconds ?? POSTPONED_SECONDS)),
    }),
    route({
      method: 'POST',
      path: '/v1/updates/:id/continue',
      summary: 'Goes on at once: the users agreed to leave early',
      right: 'steer',
      status: 204,
      handle: async ({ id }) => emptyOrFault(await application.continueUpdate(id)),
    }),
  ];
}

async function answerOrder(
  context: RouteContext,
  call: Call<UpdateOrder | LocalUpdateOrder, Static<typeof OrderQuery>>,
): Promise<Answer> {
  const { application } = context;
  const caller = actingCaller(call.caller);
  if (call.query.dryRun !== 1) return accepted(context, call, await application.orderUpdate(call.body, caller));
  return jsonOrFault(await application.tryUpdate(call.body, caller), (checks): TryAnswer => {
    return { ok: checks.every((check) => check.ok), checks: [...checks] };
  });
}

/** 202 and where to look; who ordered with a ticket gets a token for this update, since the ticket is used up. */
async function accepted(context: RouteContext, call: Call, ordered: Result<UpdateView>): Promise<Answer> {
  if (!ordered.ok) return { kind: 'fault', fault: ordered.fault };
  const { caller } = call;
  const { id } = ordered.value;
  const updateToken = caller.kind === 'ticket' ? await context.updateTokens.issue(caller.holder, id) : undefined;
  const body: OrderAnswer = { ...ordered.value, ...(updateToken === undefined ? {} : { updateToken }) };
  return { kind: 'json', status: 202, body, location: `/v1/updates/${encodeURIComponent(id)}` };
}
