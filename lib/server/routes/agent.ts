import { agentBodySchema } from "#lib/apis/native/agent.ts";
import { MEGABYTE } from "#lib/server/http/body-reader.ts";
import { jsonBody } from "#lib/server/http/declaration.ts";
import { PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { callContext } from "#lib/server/routes/call-context.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import { randomHex } from "#lib/server/wiring/random.ts";
import type { AgentInput } from "#lib/services/agent/agent-types.ts";
import { startAgent } from "#lib/services/agent/start-agent.ts";
import { mcpToolSource } from "#lib/services/mcp/mcp-tool-source.ts";
import { toolsOf } from "#lib/services/tools/catalogue-call.ts";
import { agentEventSchema, serializeAgentEvents } from "#lib/streaming/agent-events.ts";
import { SSE_HEADERS, sseStream } from "#lib/streaming/sse-writer.ts";
import { forAgents } from "#lib/tools/catalogue.ts";

/** `POST /api/v1/agent`: plans a goal in steps, works on them, and sums up. */
export const agent = declareRoute({
  path: "/api/v1/agent",
  access: "caller",
  errors: "native",
  methods: {
    POST: {
      summary: "Agent",
      description:
        "Plans up to five steps for a goal, does them with tools, three at a time where they do not need each other, " +
        "and writes a summary. The stream always ends with `done` or `error`.",
      answers: async () => ({
        200: { description: "One event a frame, as JSON.", events: agentEventSchema },
      }),
      body: jsonBody({ schema: agentBodySchema, maxBytes: MEGABYTE, read: (body): AgentInput => body }),
      answer,
    },
  },
});

async function answer(call: GatewayCall<"caller", AgentInput>): Promise<PlainResponse> {
  const { gateway, caller, body } = call;
  const { completion, mcp, toolServing } = gateway;
  const running = await startAgent(body, callContext(call), {
    ...completion,
    randomHex,
    mcp: mcpToolSource({ value: mcp }),
    tools: forAgents(toolsOf(caller, toolServing.tools)),
  });
  const stream = sseStream(running.events, serializeAgentEvents, {
    clock: completion.effects.clock,
    onCancel: () => running.abandon(),
  });
  return new PlainResponse(stream, { headers: SSE_HEADERS });
}
