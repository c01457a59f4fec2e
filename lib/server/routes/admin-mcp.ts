import { adminMcpQuerySchema } from "#lib/apis/native/mcp.ts";
import { clientSignal } from "#lib/server/http/client-signal.ts";
import { jsonResponse, type PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { readExactQuery } from "#lib/server/http/query.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import { mcpReport } from "#lib/services/mcp/mcp-report.ts";

/** `GET /api/admin/mcp`: the MCP servers that are set up, their state and their tools, for administrators. */
export const adminMcp = declareRoute({
  path: "/api/admin/mcp",
  access: "admin",
  errors: "native",
  methods: {
    GET: {
      summary: "MCP servers, their state and tools",
      description:
        "As the process that answers knows them. `refresh=1` asks every server first. `problems` names tools that " +
        "cannot be used, and names in `MCP_CONFIG` that no tool has.",
      query: adminMcpQuerySchema,
      answers: async () => ({
        200: {
          description: "In the order of the configuration.",
          json: (await import("#lib/apis/native/mcp-answer-schema.ts")).adminMcpSchema,
        },
      }),
      answer,
    },
  },
});

async function answer({ gateway, request }: GatewayCall<"admin">): Promise<PlainResponse> {
  const { refresh = false } = readExactQuery(request, adminMcpQuerySchema);
  return jsonResponse({
    servers: await mcpReport({ refresh, signal: clientSignal(request) }, gateway.mcp),
  });
}
