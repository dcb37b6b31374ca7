import { documentRoute } from './openapi.ts';
import type { RouteContext } from './route-context.ts';
import { childRoutes } from './routes-child.ts';
import { orderRoutes } from './routes-orders.ts';
import { readingRoutes } from './routes-reading.ts';
import { serverRoutes } from './routes-server.ts';
import type { Route } from './route.ts';

/** Every call of the launcher port, once for both of its listeners; `version` is the launcher's own. */
export function routesOf(context: RouteContext, version: string): readonly Route[] {
  const routes = [
    ...readingRoutes(context),
    ...orderRoutes(context),
    ...serverRoutes(context),
    ...childRoutes(context),
  ];
  return [...routes, documentRoute(routes, version)];
}
