import type { OfferedTool } from "#lib/tools/offered-tool.ts";

/** The MCP servers that the operator has set up, and their tools for models. */
export type McpDirectory = {
  /** Their ids, and their addresses, by which clients may mean them. */
  servers: readonly { id: string; url: string }[];
  /** The tools of these servers, and what is wrong with some. */
  tools(
    servers: readonly string[],
    signal: AbortSignal,
  ): Promise<{
    tools: readonly OfferedTool[];
    problems: readonly { server: string; message: string }[];
  }>;
};
