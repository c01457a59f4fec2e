import {
  type CatalogRequest,
  catalogBodySchema,
  catalogList,
  readCatalogRequest,
} from "#lib/apis/mcp/catalog.ts";
import { clientSignal } from "#lib/server/http/client-signal.ts";
import { jsonBody } from "#lib/server/http/declaration.ts";
import { jsonResponse, type PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import { MAX_TOOL_BODY } from "#lib/server/routes/mcp-server.ts";
import { callCatalogueTool } from "#lib/services/tools/catalogue-call.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** `POST /api/v1/mcp/catalog`: the gateway's tools for programs of the operator, in one plain call. */
export const mcpCatalog = declareRoute({
  path: "/api/v1/mcp/catalog",
  access: "internal",
  errors: "native",
  methods: {
    POST: {
      summary: "The gateway's own tools: list them, or call one",
      description:
        '`{"tool": "list_tools"}` lists the tools with the JSON Schema of their input; `{"tool": …, "args": …}` ' +
        "calls one.",
      answers: async () => ({
        200: {
          description: "The tools, or what the tool has found.",
          json: (await import("#lib/apis/mcp/catalog-answer-schema.ts")).catalogAnswerSchema,
        },
      }),
      body: jsonBody({ schema: catalogBodySchema, maxBytes: MAX_TOOL_BODY, read: readCatalogRequest }),
      answer,
    },
  },
});

async function answer({
  gateway,
  request,
  requestId,
  body,
}: GatewayCall<"internal", CatalogRequest>): Promise<PlainResponse> {
  const { toolServing } = gateway;
  if (body.kind === "list") return jsonResponse(catalogList(toolServing.tools));
  const row = toolServing.tools.find(({ tool }) => tool.name === body.tool);
  if (row === undefined) {
    throw new GatewayError(
      "not_found",
      `There is no tool "${body.tool}": "list_tools" says which there are.`,
    );
  }
  const context = { requestId, signal: clientSignal(request) };
  const result = await callCatalogueTool(row, body.args, context, toolServing);
  return jsonResponse({ ok: true, tool: body.tool, result });
}
