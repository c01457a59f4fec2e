import { defineRoute, type GatewaySource, type Route } from "#lib/server/route.ts";
import { GatewayError } from "#lib/shared/errors.ts";

async function missing(request: Request): Promise<never> {
  throw new GatewayError("not_found", `There is no ${new URL(request.url).pathname}.`);
}

/** Any other path under `/api`: the error shape of the API, not a web page. */
export function notFound(gateway: GatewaySource): Route {
  return defineRoute(gateway, { GET: missing, POST: missing, PUT: missing, PATCH: missing, DELETE: missing });
}
