import type { RouteFacts } from "#lib/server/http/declaration.ts";
import { pathMatcher } from "#lib/server/http/path-matcher.ts";
import { type Route, serveRoute } from "#lib/server/http/route.ts";
import type { GatewayRoute, GatewaySource } from "#lib/server/routes/gateway-route.ts";
import { misplacedApi } from "#lib/server/routes/misplaced-api.ts";
import { notFoundRoute } from "#lib/server/routes/not-found.ts";
import { openApiRoute } from "#lib/server/routes/openapi.ts";

/** The routes of the API, and what derives from them. */
export type ApiTable = {
  /** Every route, including the OpenAPI document. */
  routes: readonly GatewayRoute[];
  openApi: GatewayRoute;
  /** Answers every other path. */
  notFound: GatewayRoute;
  /** Whether a request target outside `/api` comes from a client with a wrong base URL. */
  isMisplaced: (target: string) => boolean;
};

/** The API of these routes. */
export function apiTable(declared: readonly GatewayRoute[]): ApiTable {
  const facts = (): readonly RouteFacts[] => routes;
  const openApi = openApiRoute(facts);
  const routes = [...declared, openApi];
  return { routes, openApi, notFound: notFoundRoute(facts), isMisplaced: misplacedApi(routes) };
}

/** Finds the handler of a path; `notFound` for unknown ones. */
export function serveApi(api: ApiTable, source: GatewaySource): (pathname: string) => Route {
  const find = pathMatcher(api.routes.map((route) => [route.path, serveRoute(route, source)]));
  const missing = serveRoute(api.notFound, source);
  return (pathname) => find(pathname) ?? missing;
}
