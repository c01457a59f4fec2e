import type { RouteFacts } from "#lib/server/http/declaration.ts";
import { clientApi } from "#lib/server/routes/client-api.ts";
import { declareRoute, type GatewayCall, type GatewayRoute } from "#lib/server/routes/gateway-route.ts";
import { advisedPath, isPublicPath, unservedAdvice } from "#lib/server/routes/misplaced-api.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { lazy } from "#lib/shared/lazy.ts";

const MAX_SHOWN = 200;
const BASE_URLS = "base URL for OpenAI clients ends in /api/v1, for Anthropic clients in /api.";
const BELOW_BASE_URL = /^\/api\/v1\/[^/]/;
/** Where Next.js sends what lies outside `/api`, with the path behind it. */
const REWRITTEN = /^\/api\/not-here(?=\/)/;

/**
 * An error for any other path under `/api`, and for clients with a wrong base URL. Clients of OpenAI's and
 * Anthropic's API get it in their own shape, as `unknown_url`.
 */
export function notFoundRoute(routes: () => readonly RouteFacts[]): GatewayRoute {
  const adviseOn = lazy(() => advisedPath(routes()));
  const read = (request: Request): { pathname: string; meant: string | undefined; isPublic: boolean } => {
    const pathname = new URL(request.url).pathname.replace(REWRITTEN, "");
    const meant = adviseOn.value(pathname);
    return { pathname, meant, isPublic: isPublicPath(pathname, meant) };
  };
  const operation = {
    summary: "Nothing",
    answers: async () => ({}),
    async answer({ request }: GatewayCall<"public">): Promise<never> {
      const { pathname, meant, isPublic } = read(request);
      const unserved = unservedAdvice(pathname);
      throw new GatewayError(
        isPublic ? "unknown_url" : "not_found",
        [`There is no ${pathname.slice(0, MAX_SHOWN)}.`, unserved, adviceOn(pathname, meant)]
          .filter((sentence) => sentence !== undefined)
          .join(" "),
      );
    },
  };
  return declareRoute({
    path: "/api/[...path]",
    access: "public",
    errors: "native",
    errorsFor: (request) => (read(request).isPublic ? clientApi(request) : "native"),
    methods: { GET: operation, POST: operation, PUT: operation, PATCH: operation, DELETE: operation },
  });
}

function adviceOn(pathname: string, meant: string | undefined): string {
  if (meant !== undefined) return `Did you mean ${meant}? The ${BASE_URLS}`;
  // A client whose base URL is right asks for something that OpenAI's API has.
  if (BELOW_BASE_URL.test(pathname))
    return "The gateway does not serve it; /api/openapi.json has what it serves.";
  return `The API is under /api; the ${BASE_URLS}`;
}
