import type { Client } from "@modelcontextprotocol/client";
import { z } from "zod";
import { readTool } from "#lib/adapters/mcp/read-tools.ts";
import { withoutSecrets } from "#lib/adapters/mcp/without-secrets.ts";
import type { McpServer, McpTool, McpToolList } from "#lib/plugins/mcp.ts";

const MAX_TOOLS = 1_000;
const MAX_PAGES = 64;
const MAX_PROBLEMS = 20;

const pageSchema = z.looseObject({
  tools: z.array(z.unknown()),
  nextCursor: z.string().optional(),
  ttlMs: z.number().nonnegative().optional(),
});

/**
 * All tools of a server, page by page. What cannot be used is left out and named, so that one tool does not cost the
 * others. `ttlMs`: how long the server lets the list be kept, if it says so.
 */
export async function readList(
  client: Client,
  settings: McpServer,
  signal: AbortSignal,
): Promise<{ list: McpToolList; ttlMs: number | undefined }> {
  const tools: McpTool[] = [];
  const names = new Set<string>();
  const problems: string[] = [];
  let cursor: string | undefined;
  let ttlMs: number | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const params = cursor === undefined ? {} : { cursor };
    const read = await client.request({ method: "tools/list", params }, pageSchema, {
      ...{ signal, timeout: settings.timeoutMs },
    });
    ttlMs = read.ttlMs ?? ttlMs;
    for (const value of read.tools) {
      const tool = readTool(value);
      if (typeof tool === "string") problems.push(tool);
      else if (names.has(tool.name)) problems.push(`The tool ${JSON.stringify(tool.name)} is listed twice.`);
      else if (tools.length < MAX_TOOLS) {
        names.add(tool.name);
        tools.push(tool);
      }
    }
    cursor = read.nextCursor;
    if (cursor === undefined || tools.length >= MAX_TOOLS) break;
  }
  if (tools.length >= MAX_TOOLS) problems.push(`Only the first ${MAX_TOOLS} tools are used.`);
  const { name = "", version = "" } = client.getServerVersion() ?? {};
  const protocolVersion = client.getNegotiatedProtocolVersion() ?? "";
  const list = {
    protocolVersion,
    server: { name, version },
    tools,
    problems: problems.slice(0, MAX_PROBLEMS),
  };
  return { list: withoutSecrets(list, settings), ttlMs };
}
