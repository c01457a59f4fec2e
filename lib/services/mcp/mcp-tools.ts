import type { McpServer, McpTool, McpToolResult } from "#lib/plugins/mcp.ts";
import { contentText } from "#lib/plugins/mcp-content.ts";
import { stripInvisible } from "#lib/prompts/sanitize.ts";
import { isAllowed, type McpDependencies, needsApproval, serverOf } from "#lib/services/mcp/mcp-servers.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { isJsonObject, type JsonObject } from "#lib/shared/json.ts";
import { hash32, truncate } from "#lib/shared/text.ts";
import type { OfferedTool } from "#lib/tools/offered-tool.ts";
import type { Tool, ToolResult } from "#lib/tools/tool.ts";

/** Tools of all servers together that a model is offered: more cost every engine much, and some refuse them. */
const MAX_OFFERED = 128;
/** The longest name that all providers take. */
const MAX_NAME = 64;
const MAX_DESCRIPTION = 1_024;

export type McpTools = {
  tools: OfferedTool[];
  /** Servers that cannot be used, and tools that are left out. */
  problems: { server: string; message: string }[];
};

/**
 * The tools of these servers as models are offered them. A server that cannot be reached has none, which is among the
 * problems. Throws `invalid_request` for an id that is no server's; rejects if the signal aborts.
 */
export async function mcpTools(
  ids: readonly string[],
  signal: AbortSignal,
  dependencies: McpDependencies,
): Promise<McpTools> {
  const servers = [...new Set(ids)].map((id) => serverOf(id, dependencies));
  const read = await Promise.all(servers.map((server) => toolsOf(server, signal, dependencies)));
  const all: McpTools = { tools: [], problems: read.flatMap(({ problems }) => problems) };
  for (const { server, tools } of read) {
    const room = MAX_OFFERED - all.tools.length;
    all.tools.push(...tools.slice(0, room));
    if (tools.length <= room) continue;
    const message = `Only ${room} of its ${tools.length} tools are offered: a request has ${MAX_OFFERED} at most.`;
    all.problems.push({ server, message });
  }
  return all;
}

async function toolsOf(server: McpServer, signal: AbortSignal, dependencies: McpDependencies) {
  const { id } = server;
  try {
    const { tools, problems } = await dependencies.connections.listTools(server, { signal });
    const offered = tools.filter(({ name }) => isAllowed(server, name));
    return {
      server: id,
      tools: offered.map((tool) => offeredTool(server, tool, dependencies)),
      problems: problems.map((message) => ({ server: id, message })),
    };
  } catch (error) {
    if (signal.aborted || !(error instanceof GatewayError)) throw error;
    return { server: id, tools: [], problems: [{ server: id, message: error.message }] };
  }
}

function offeredTool(server: McpServer, tool: McpTool, { connections }: McpDependencies): OfferedTool {
  const { name, title, description = title ?? name, inputSchema } = tool;
  const own: Tool = {
    name: offeredName(server.id, name),
    description: truncate(stripInvisible(description), MAX_DESCRIPTION),
    inputSchema: () => inputSchema,
    timeoutMs: server.timeoutMs,
    async run(input, { signal }) {
      const args = isJsonObject(input) ? (input as JsonObject) : {};
      return toolResult(server, await connections.callTool(server, { tool: name, args }, { signal }));
    },
  };
  const origin = { server: server.id, tool: name };
  const offered: OfferedTool = { tool: own, origin, needsApproval: needsApproval(server, tool) };
  if (tool.annotations !== undefined) offered.annotations = { ...tool.annotations };
  return offered;
}

/** A name that every provider takes, and that no other tool has. */
function offeredName(server: string, tool: string): string {
  const wanted = `${server}__${tool}`;
  const safe = wanted.replace(/[^a-zA-Z0-9_-]/g, "_");
  if (safe === wanted && safe.length <= MAX_NAME) return safe;
  const mark = `_${hash32(wanted).toString(16).padStart(8, "0")}`;
  return `${safe.slice(0, MAX_NAME - mark.length)}${mark}`;
}

function toolResult({ name }: McpServer, result: McpToolResult): ToolResult {
  if (result.kind === "input_required") return { text: result.message, source: { name }, isError: true };
  const { content, structuredContent, isError } = result;
  const read: ToolResult = { text: contentText(content, structuredContent), source: { name } };
  if (isError) read.isError = true;
  if (structuredContent !== undefined) read.structured = structuredContent;
  return read;
}
