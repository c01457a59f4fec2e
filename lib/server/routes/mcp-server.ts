import { z } from "zod";
import { countToolCalls } from "#lib/apis/mcp/message.ts";
import { assertAllowedOrigin } from "#lib/server/auth/allowed-origin.ts";
import { jsonBody } from "#lib/server/http/declaration.ts";
import { PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import { costsNothing } from "#lib/services/admission/cost-estimate.ts";
import { MAX_FILE_BYTES } from "#lib/services/documents/attached-file.ts";
import { callCatalogueTool, toolsOf } from "#lib/services/tools/catalogue-call.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** The largest file that can be attached, as base64, and what is around it. */
export const MAX_TOOL_BODY = Math.ceil((MAX_FILE_BYTES * 4) / 3) + 64 * 1024;

/** `POST /api/v1/mcp/server`: the gateway's tools for hosts of MCP, over Streamable HTTP. */
export const mcpServer = declareRoute({
  path: "/api/v1/mcp/server",
  access: "caller",
  errors: "jsonrpc",
  methods: {
    POST: {
      summary: "The gateway's own tools as an MCP server",
      description:
        "Messages of the Model Context Protocol over Streamable HTTP, revisions 2024-11-05 to 2026-07-28, without " +
        "sessions. Refused requests and errors of the protocol are JSON-RPC errors.",
      answers: async () => ({
        200: { description: "A JSON-RPC answer, or a stream of them.", json: z.unknown() },
        202: { description: "A notification was taken." },
      }),
      body: jsonBody({ schema: z.unknown(), maxBytes: MAX_TOOL_BODY, read: (message): unknown => message }),
      answer,
    },
  },
});

async function answer(call: GatewayCall<"caller", unknown>): Promise<PlainResponse> {
  const { gateway, request, requestId, caller, body } = call;
  assertAllowedOrigin(request, gateway.env);
  const { toolServing } = gateway;
  const calls = countToolCalls(body);
  if (calls > 1)
    throw new GatewayError("unprocessable", "Call one tool in a request, not several in a batch.");
  if (calls === 1) await admit(call);
  const server = await toolServing.server();
  const response = await server.answer(request, body, {
    tools: toolsOf(caller, toolServing.tools),
    call: (row, input, signal) =>
      callCatalogueTool(row, input, { requestId, signal, owner: caller.userId }, toolServing),
  });
  return plainAnswer(response);
}

/** Counts the call for the limits of a gateway key, and holds its place until it has been answered. */
async function admit(call: GatewayCall<"caller", unknown>): Promise<void> {
  const { gateway, host, requestId, caller, waitUntil, onRateLimit } = call;
  const { admission } = gateway.toolServing;
  await admission.admit(caller, { requestId, maxCostUsd: costsNothing, onRateLimit });
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  waitUntil(ended.then(() => admission.release(requestId)));
  if (host.onEnd === undefined) resolve();
  else host.onEnd(resolve);
}

/** Headers that are the host's own matter. */
const OF_THE_HOST = ["connection", "transfer-encoding", "content-length"];

function plainAnswer({ status, headers, body }: Response): PlainResponse {
  const kept = Object.fromEntries([...headers].filter(([name]) => !OF_THE_HOST.includes(name)));
  return new PlainResponse(body, { status, headers: kept });
}
