import type { McpServer } from "#lib/plugins/mcp.ts";
import type { McpToolSource } from "#lib/services/mcp/mcp-tool-source.ts";

/** The MCP servers that the operator has set up, and their tools for models. */
export type McpDirectory = Pick<McpToolSource, "tools"> & {
  servers: readonly Pick<McpServer, "id" | "url">[];
};
