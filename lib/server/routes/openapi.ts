import type { RouteFacts } from "#lib/server/http/declaration.ts";
import { PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { openApiDocument } from "#lib/server/openapi/document.ts";
import { declareRoute, type GatewayCall, type GatewayRoute } from "#lib/server/routes/gateway-route.ts";
import { lazyAsync } from "#lib/shared/lazy.ts";

/** `GET /api/openapi.json`: the exact shape of every route. */
export function openApiRoute(routes: () => readonly RouteFacts[]): GatewayRoute {
  // Made at the first request: it costs some milliseconds and never changes.
  const document = lazyAsync(async () => JSON.stringify(await openApiDocument(routes())));
  const answer = async (_: GatewayCall<"public">): Promise<PlainResponse> =>
    new PlainResponse(await document(), { headers: { "content-type": "application/json" } });
  return declareRoute({
    path: "/api/openapi.json",
    access: "public",
    errors: "native",
    methods: {
      GET: {
        summary: "This document",
        answers: async () => {
          const { z } = await import("zod");
          return { 200: { description: "OpenAPI 3.1.", json: z.looseObject({}) } };
        },
        answer,
      },
    },
  });
}
