import { meantPath } from "#lib/server/http/misplaced-api.ts";
import { defineRoute, type GatewaySource, type Route } from "#lib/server/http/route.ts";
import { GatewayError } from "#lib/shared/errors.ts";

async function missing(request: Request): Promise<never> {
  const { pathname } = new URL(request.url);
  const meant = meantPath(pathname);
  const advice =
    meant === undefined
      ? "The API is under /api; the base URL for OpenAI clients ends in /api/v1, for Anthropic clients in /api."
      : `Did you mean ${meant}? The base URL for OpenAI clients ends in /api/v1, for Anthropic clients in /api.`;
  throw new GatewayError("not_found", `There is no ${pathname.slice(0, 200)}. ${advice}`);
}

/** Any other path under `/api`, and where clients with a wrong base URL arrive: an error that they can read. */
export function notFound(gateway: GatewaySource): Route {
  return defineRoute(gateway, { GET: missing, POST: missing, PUT: missing, PATCH: missing, DELETE: missing });
}
