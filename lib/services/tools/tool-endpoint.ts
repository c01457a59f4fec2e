import type { CatalogueTool } from "#lib/tools/catalogue.ts";
import type { ToolResult } from "#lib/tools/tool.ts";

/** The tools of one request, and how they are called. */
export type ToolSession = {
  tools: readonly CatalogueTool[];
  /** Rejects with `GatewayError` for what the client or the model is to be told of. */
  call(tool: CatalogueTool, input: unknown, signal: AbortSignal): Promise<ToolResult>;
};

/** Answers messages of MCP over HTTP. */
export type ToolEndpoint = {
  /** @param body the request's, parsed. Never rejects. */
  answer(request: Request, body: unknown, session: ToolSession): Promise<Response>;
};
