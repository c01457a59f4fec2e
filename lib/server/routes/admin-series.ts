import { adminSeriesQuerySchema } from "#lib/apis/native/admin-series.ts";
import { jsonResponse, type PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { readExactQuery } from "#lib/server/http/query.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";

/** `GET /api/admin/series`: turns, latencies and costs over time, for administrators. */
export const adminSeries = declareRoute({
  path: "/api/admin/series",
  access: "admin",
  errors: "native",
  methods: {
    GET: {
      summary: "Turns, latencies, failover and costs over time",
      description: "The buckets of a window add up to what `/api/admin/health` says of it.",
      query: adminSeriesQuerySchema,
      answers: async () => ({
        200: {
          description: "The window in buckets, and its costs by model and day.",
          json: (await import("#lib/apis/native/admin-series-answer-schema.ts")).adminSeriesSchema,
        },
      }),
      answer,
    },
  },
});

async function answer({ gateway, request }: GatewayCall<"admin">): Promise<PlainResponse> {
  const { window } = readExactQuery(request, adminSeriesQuerySchema);
  return jsonResponse(await gateway.admin.series(window));
}
