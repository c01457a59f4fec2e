import { jsonResponse } from "#lib/server/http/fast/plain-response.ts";
import { defineRoute, type GatewaySource, type Route } from "#lib/server/http/route.ts";
import { VERSION } from "#lib/shared/version.ts";

/**
 * `GET /api/health`: the public probe. It says that the process answers, and with what: providers, the
 * sandbox, or none; 503 while the process shuts down, so that a load balancer sends nothing new.
 */
export function health(gateway: GatewaySource): Route {
  return defineRoute(gateway, {
    GET: async (_request, { gateway, host }) =>
      jsonResponse(
        {
          status: host.stopping === true ? "stopping" : "ok",
          version: VERSION,
          engines: gateway.engineSource,
        },
        { status: host.stopping === true ? 503 : 200 },
      ),
  });
}
