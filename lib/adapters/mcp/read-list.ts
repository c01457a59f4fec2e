import type { Client } from "@modelcontextprotocol/client";
import { z } from "zod";
import { readTool } from "#lib/adapters/mcp/read-tools.ts";
import { withoutSecrets } from "#lib/adapters/mcp/without-secrets.ts";
import type { McpServer, McpTool, McpToolList } from "#lib/plugins/mcp.ts";
import { stripInvisible } from "#lib/prompts/sanitize.ts";
import { truncate } from "#lib/shared/text.ts";

const MAX_TOOLS = 1_000;
const MAX_PAGES = 64;
/** Of all tools together, as JSON, characters. */
const MAX_LENGTH = 5_000_000;
/** Of what a server calls itself. */
const MAX_SHOWN = 200;
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
  let length = 0;
  let isCut = false;
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
      else if (tools.length === MAX_TOOLS || length + lengthOf(tool) > MAX_LENGTH) isCut = true;
      else {
        names.add(tool.name);
        tools.push(tool);
        length += lengthOf(tool);
      }
    }
    cursor = read.nextCursor;
    if (cursor === undefined || isCut) break;
  }
  isCut ||= cursor !== undefined;
  const { name = "", version = "" } = client.getServerVersion() ?? {};
  const protocolVersion = client.getNegotiatedProtocolVersion() ?? "";
  const list = {
    protocolVersion,
    server: { name: shown(name), version: shown(version) },
    tools,
    problems: [
      ...(isCut ? [`Only the first ${tools.length} tools are used.`] : []),
      ...problems.slice(0, MAX_PROBLEMS),
    ],
  };
  return { list: withoutSecrets(list, settings), ttlMs };
}

function lengthOf(tool: McpTool): number {
  return JSON.stringify(tool).length;
}

function shown(text: string): string {
  return truncate(stripInvisible(text), MAX_SHOWN);
}
