import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { offerTools } from "#lib/adapters/mcp/offer-tools.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { ToolEndpoint, ToolSession } from "#lib/services/tools/tool-endpoint.ts";
import { VERSION } from "#lib/shared/version.ts";

const INSTRUCTIONS =
  "Tools of a SarmaLink-AI gateway: live data (exchange rates, weather, tech news, freight containers), web search " +
  "if the operator has set one up, the text of documents, the time. None of them changes anything.";

/** How long hosts may keep the list of tools, milliseconds. It depends on the caller, so it is not for others. */
const LIST_HINT = { ttlMs: 60_000, cacheScope: "private" } as const;

/** A server that offers the tools of one request. */
export function toolServer(session: ToolSession): McpServer {
  const server = new McpServer(
    { name: "sarmalink-ai", title: "SarmaLink-AI", version: VERSION },
    {
      // The tools of a process do not change, so that there is nothing to subscribe to.
      capabilities: { tools: { listChanged: false } },
      instructions: INSTRUCTIONS,
      cacheHints: { "tools/list": LIST_HINT, "server/discover": LIST_HINT },
    },
  );
  offerTools(server, session);
  return server;
}

/**
 * Serves MCP over Streamable HTTP in both eras: revision 2026-07-28, and those before it without sessions, so that
 * any process can answer any request.
 *
 * @param makeServer makes the server of one request.
 */
export function serveTools(
  makeServer: (session: ToolSession) => McpServer,
  logger: Pick<Logger, "error">,
): ToolEndpoint {
  const sessions = new WeakMap<object, ToolSession>();
  let reported: unknown;
  const handler = createMcpHandler(
    ({ requestInfo }) => {
      const session = requestInfo === undefined ? undefined : sessions.get(requestInfo);
      if (session === undefined) throw new Error("A request has no session.");
      return makeServer(session);
    },
    {
      // Most of what is reported is a client's mistake, which its answer names.
      onerror(error) {
        reported = error;
      },
    },
  );
  return {
    async answer(request, body, session) {
      sessions.set(request, session);
      const response = await handler.fetch(request, { parsedBody: body });
      if (response.status >= 500) logger.error("The MCP server failed.", reported);
      return response;
    },
  };
}
