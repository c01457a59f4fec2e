import { McpAnswerError } from "#lib/adapters/mcp/capped-fetch.ts";
import { withoutSecrets } from "#lib/adapters/mcp/without-secrets.ts";
import type { McpServer, McpToolResult } from "#lib/plugins/mcp.ts";
import { exceedsDepth, type JsonObject, type JsonValue } from "#lib/shared/json.ts";
import { MAX_DEPTH } from "#lib/shared/json-depth.ts";

/** A result as the official client returns it. */
type SdkResult = { content?: unknown; structuredContent?: unknown; isError?: boolean | undefined };

/** What the gateway passes on of the result of a call. Throws `McpAnswerError` for one that is nested too deeply. */
export function readResult(server: McpServer, result: SdkResult): McpToolResult {
  const { content, structuredContent, isError = false } = result;
  if (exceedsDepth(content, MAX_DEPTH) || exceedsDepth(structuredContent, MAX_DEPTH)) {
    throw new McpAnswerError("The server sent an answer that is nested too deeply.");
  }
  const complete: Extract<McpToolResult, { kind: "complete" }> = {
    kind: "complete",
    content: (Array.isArray(content) ? content : []) as JsonObject[],
    isError,
  };
  if (structuredContent !== undefined) complete.structuredContent = structuredContent as JsonValue;
  return withoutSecrets(complete, server);
}
