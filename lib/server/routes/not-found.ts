import type { RouteFacts } from "#lib/server/http/declaration.ts";
import { declareRoute, type GatewayCall, type GatewayRoute } from "#lib/server/routes/gateway-route.ts";
import { advisedPath } from "#lib/server/routes/misplaced-api.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { lazy } from "#lib/shared/lazy.ts";

const MAX_SHOWN = 200;
const BASE_URLS = "base URL for OpenAI clients ends in /api/v1, for Anthropic clients in /api.";

/** An error for any other path under `/api`, and for clients with a wrong base URL. */
export function notFoundRoute(routes: () => readonly RouteFacts[]): GatewayRoute {
  const adviseOn = lazy(() => advisedPath(routes()));
  const operation = {
    summary: "Nothing",
    answers: async () => ({}),
    async answer({ request }: GatewayCall<"public">): Promise<never> {
      const { pathname } = new URL(request.url);
      const meant = adviseOn.value(pathname);
      const advice =
        meant === undefined
          ? `The API is under /api; the ${BASE_URLS}`
          : `Did you mean ${meant}? The ${BASE_URLS}`;
      throw new GatewayError("not_found", `There is no ${pathname.slice(0, MAX_SHOWN)}. ${advice}`);
    },
  };
  return declareRoute({
    path: "/api/[...path]",
    access: "public",
    errors: "native",
    methods: { GET: operation, POST: operation, PUT: operation, PATCH: operation, DELETE: operation },
  });
}
