import { mcpCallSchema, mcpQuerySchema, readMcpCall } from "#lib/apis/native/mcp.ts";
import { MEGABYTE } from "#lib/server/http/body-reader.ts";
import { clientSignal } from "#lib/server/http/client-signal.ts";
import { jsonBody } from "#lib/server/http/declaration.ts";
import { jsonResponse, type PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { readQuery } from "#lib/server/http/query.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import {
  callMcpTool,
  listMcpServers,
  listMcpTools,
  type PassthroughContext,
} from "#lib/services/mcp/passthrough.ts";

type ToolCall = ReturnType<typeof readMcpCall>;

const loadSchemas = () => import("#lib/apis/native/mcp-answer-schema.ts");

/** `/api/v1/mcp`: the tools of the MCP servers that an operator has set up, listed and called for clients. */
export const mcp = declareRoute({
  path: "/api/v1/mcp",
  access: "caller",
  errors: "native",
  methods: {
    GET: {
      summary: "The tools of an MCP server",
      description:
        "What the server says, without the tools that the operator hides. `problems` names tools that cannot be used. " +
        "With `servers=1`, the servers that are set up.",
      query: mcpQuerySchema,
      answers: async () => {
        const { mcpServersSchema, mcpToolListSchema } = await loadSchemas();
        return {
          200: { description: "The tools, or the servers.", json: mcpToolListSchema.or(mcpServersSchema) },
        };
      },
      answer: list,
    },
    POST: {
      summary: "Call a tool of an MCP server",
      description:
        "The operator's credential is added by the gateway. `isError`: the tool ran, and says that it failed. A tool " +
        "that wants to ask the user something is answered with 422 and `details.inputRequired`.",
      answers: async () => ({
        200: { description: "What the tool answered.", json: (await loadSchemas()).mcpCallAnswerSchema },
      }),
      body: jsonBody({ schema: mcpCallSchema, maxBytes: MEGABYTE, read: readMcpCall }),
      answer: call,
    },
  },
});

async function list(caller: GatewayCall<"caller">): Promise<PlainResponse> {
  const { gateway, request } = caller;
  const { plugin: id, servers } = readQuery(request, mcpQuerySchema);
  if (servers === true) return jsonResponse({ servers: listMcpServers(gateway.mcp) });
  const { plugin, protocolVersion, server, tools, problems } = await listMcpTools(
    id,
    contextOf(caller),
    gateway.mcp,
  );
  const listed = { plugin, protocolVersion, server, tools };
  return jsonResponse(problems.length === 0 ? listed : { ...listed, problems });
}

async function call(made: GatewayCall<"caller", ToolCall>): Promise<PlainResponse> {
  const { gateway, body } = made;
  const { plugin, content, structuredContent, isError } = await callMcpTool(
    body,
    contextOf(made),
    gateway.mcp,
  );
  const structured = structuredContent === undefined ? {} : { structuredContent };
  return jsonResponse({ ok: true, plugin, tool: body.tool, content, ...structured, isError });
}

function contextOf({
  requestId,
  caller,
  request,
  waitUntil,
  onRateLimit,
}: GatewayCall<"caller", unknown>): PassthroughContext {
  return { requestId, caller, signal: clientSignal(request), waitUntil, onRateLimit };
}
