import type { Access } from "#lib/server/http/access.ts";
import type { BodiesByMethod, Call, RouteDeclaration, WrittenRoute } from "#lib/server/http/declaration.ts";
import type { Gateway } from "#lib/server/wiring/gateway.ts";

/** A request to one of our routes, let in and read. */
export type GatewayCall<Kind extends Access, Body = undefined> = Call<Gateway, Kind, Body>;

/** One of our routes. */
export type GatewayRoute = RouteDeclaration<Gateway>;

/** Where a route gets its gateway: the process's own, or a test's. */
export type GatewaySource = () => Promise<Gateway>;

/**
 * Declares a route, once: a handler gets the caller of the route's access and the body that its operation
 * reads, and cannot be written for others. To be served, it joins the table in `api-routes.ts`.
 */
export function declareRoute<Kind extends Access, Bodies extends BodiesByMethod>(
  route: WrittenRoute<Gateway, Kind, Bodies>,
): GatewayRoute {
  return route;
}
