import { McpAnswerError } from "#lib/adapters/mcp/capped-fetch.ts";
import { rawResult } from "#lib/adapters/mcp/guarded-messages.ts";
import { withoutSecrets } from "#lib/adapters/mcp/without-secrets.ts";
import type { McpServer, McpToolResult } from "#lib/plugins/mcp.ts";
import { exceedsDepth, isJsonObject, type JsonObject, type JsonValue } from "#lib/shared/json.ts";
import { MAX_DEPTH } from "#lib/shared/json-depth.ts";

/**
 * What the gateway passes on of the result of a call. Throws `McpAnswerError` for one that is none.
 * @param returned by the official client.
 */
export function readResult(server: McpServer, returned: unknown): McpToolResult {
  const raw = rawResult(returned);
  if (raw === undefined) throw new McpAnswerError("The server's result was lost.");
  const { content = [], structuredContent, isError = false } = raw;
  if (exceedsDepth(content, MAX_DEPTH) || exceedsDepth(structuredContent, MAX_DEPTH)) {
    throw new McpAnswerError("The server sent an answer that is nested too deeply.");
  }
  if (!Array.isArray(content) || !content.every(isBlock) || typeof isError !== "boolean") {
    throw new McpAnswerError("The server sent a result that is none.");
  }
  const complete: Extract<McpToolResult, { kind: "complete" }> = { kind: "complete", content, isError };
  if (structuredContent !== undefined) complete.structuredContent = structuredContent as JsonValue;
  return withoutSecrets(complete, server);
}

function isBlock(value: unknown): value is JsonObject {
  return isJsonObject(value) && typeof value["type"] === "string";
}
