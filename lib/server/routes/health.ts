import { jsonResponse, type PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import { VERSION } from "#lib/shared/version.ts";

/**
 * `GET /api/health`: the public probe. Reports that the process answers, and from what: providers, the sandbox,
 * or nothing. 503 while the process shuts down, so that a load balancer sends nothing new.
 */
export const health = declareRoute({
  path: "/api/health",
  access: "public",
  errors: "native",
  methods: {
    GET: {
      summary: "Whether the process answers",
      answers: async () => {
        const { healthSchema } = await import("#lib/apis/native/health-answer-schema.ts");
        return {
          200: { description: "The process answers.", json: healthSchema("ok") },
          503: {
            description: "The process is shutting down: send nothing more here.",
            json: healthSchema("stopping"),
          },
        };
      },
      answer,
    },
  },
});

async function answer({ gateway, host }: GatewayCall<"public">): Promise<PlainResponse> {
  const isStopping = host.stopping === true;
  const status = isStopping ? "stopping" : "ok";
  return jsonResponse(
    { status, version: VERSION, engines: gateway.engineSource },
    { status: isStopping ? 503 : 200 },
  );
}
