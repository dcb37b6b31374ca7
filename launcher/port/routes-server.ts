import { actingCaller } from './access.ts';
import { emptyOrFault, type Route, route } from './route.ts';
import type { RouteContext } from './route-context.ts';

const ACTS = ['start', 'stop', 'restart'] as const;

/** The server, not the launcher. Each call ends when the act has. */
export function serverRoutes(context: RouteContext): readonly Route[] {
  return ACTS.map((act) =>
    route({
      method: 'POST',
      path: `/v1/server/${act}`,
      summary: `Does ${act} the server; answers when that is done`,
      right: 'administer',
      status: 204,
      handle: async ({ caller }) => emptyOrFault(await context.application.serverAct(act, actingCaller(caller))),
    }),
  );
}
