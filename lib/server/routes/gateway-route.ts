import type { Access } from "#lib/server/http/access.ts";
import type { BodiesByMethod, Call, RouteDeclaration, WrittenRoute } from "#lib/server/http/declaration.ts";
import type { Gateway } from "#lib/server/wiring/gateway.ts";

/** A request that has been authenticated and read. */
export type GatewayCall<Kind extends Access, Body = undefined> = Call<Gateway, Kind, Body>;

export type GatewayRoute = RouteDeclaration<Gateway>;

/** Returns the gateway of a route: the process's own, or a test's. */
export type GatewaySource = () => Promise<Gateway>;

/**
 * Declares a route. The types make each handler fit the caller of the route's access and the body that its
 * operation reads. To be served, a route must be in the table of `api-routes.ts`.
 */
export function declareRoute<Kind extends Access, Bodies extends BodiesByMethod>(
  route: WrittenRoute<Gateway, Kind, Bodies>,
): GatewayRoute {
  return route;
}
