import { adminHealthQuerySchema } from "#lib/apis/native/admin-health.ts";
import { jsonResponse, type PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { readExactQuery } from "#lib/server/http/query.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import { healthReport } from "#lib/services/admin/health-report.ts";

/** `GET /api/admin/health`: calls, failures, costs and what is benched, for administrators. */
export const adminHealth = declareRoute({
  path: "/api/admin/health",
  access: "admin",
  errors: "native",
  methods: {
    GET: {
      summary: "Providers, engines, costs and the ledger, as an operator needs them",
      description:
        "Calls and turns of the window from the ledger; breakers, benches and gauges of the process that answers. " +
        "While the database cannot be read, what it knows is null.",
      query: adminHealthQuerySchema,
      answers: async () => ({
        200: {
          description: "The state of the gateway.",
          json: (await import("#lib/apis/native/admin-health-answer-schema.ts")).adminHealthSchema,
        },
      }),
      answer,
    },
  },
});

async function answer({ gateway, request }: GatewayCall<"admin">): Promise<PlainResponse> {
  const { window } = readExactQuery(request, adminHealthQuerySchema);
  return jsonResponse(await healthReport(window, gateway.admin.health));
}
