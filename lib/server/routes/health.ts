import { getGateway } from "#lib/server/gateway.ts";
import { defineRoute } from "#lib/server/route.ts";
import { VERSION } from "#lib/shared/version.ts";

/** `GET /api/health`: the public probe. It says that the process answers and whether it is a sandbox. */
export const health = defineRoute(getGateway, {
  GET: async (_request, { gateway }) =>
    Response.json({ status: "ok", version: VERSION, engines: gateway.sandboxed ? "sandbox" : "providers" }),
});
