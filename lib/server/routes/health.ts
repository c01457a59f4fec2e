import { defineRoute, type GatewaySource, type Route } from "#lib/server/route.ts";
import { VERSION } from "#lib/shared/version.ts";

/** `GET /api/health`: the public probe. It says that the process answers and whether it is a sandbox. */
export function health(gateway: GatewaySource): Route {
  return defineRoute(gateway, {
    GET: async (_request, context) =>
      Response.json({
        status: "ok",
        version: VERSION,
        engines: context.gateway.sandboxed ? "sandbox" : "providers",
      }),
  });
}
