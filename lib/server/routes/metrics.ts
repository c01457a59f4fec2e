import { PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";

/** The text format that every version of Prometheus reads. */
const PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";

/** `GET /api/metrics`: what Prometheus scrapes, of all workers together. */
export const metrics = declareRoute({
  path: "/api/metrics",
  access: "metrics",
  errors: "native",
  methods: {
    GET: {
      summary: "Metrics in the text format of Prometheus",
      description: "With several workers each series has a `worker` label.",
      answers: async () => ({ 200: { description: "Prometheus text, version 0.0.4." } }),
      answer,
    },
  },
});

async function answer({ gateway }: GatewayCall<"metrics">): Promise<PlainResponse> {
  const text = await gateway.telemetry.scrape();
  return new PlainResponse(text, { headers: { "content-type": PROMETHEUS_TEXT } });
}
