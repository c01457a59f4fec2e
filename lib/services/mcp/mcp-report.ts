import type { McpServer, McpTool } from "#lib/plugins/mcp.ts";
import { isAllowed, type McpDependencies, needsApproval } from "#lib/services/mcp/mcp-servers.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** A server as an administrator sees it. */
export type ReportedServer = {
  id: string;
  name: string;
  state: "unused" | "connected" | "failed";
  since: string | null;
  error: string | null;
  protocolVersion: string | null;
  server: { name: string; version: string } | null;
  tools: readonly ReportedTool[] | null;
  problems: readonly string[];
};

type ReportedTool = {
  name: string;
  title: string | null;
  description: string | null;
  allowed: boolean;
  needsApproval: boolean;
};

/**
 * What is known of each server. With `refresh`, each is asked for its tools first, all at once; one that fails is
 * reported so, with the tools that it had.
 */
export async function mcpReport(
  { refresh, signal }: { refresh: boolean; signal: AbortSignal },
  dependencies: McpDependencies,
): Promise<ReportedServer[]> {
  const servers = [...dependencies.servers.values()];
  if (refresh) await Promise.all(servers.map((server) => ask(server, signal, dependencies)));
  return servers.map((server) => reported(server, dependencies));
}

/** A failure of the server is kept by the connections, as its state. */
async function ask(server: McpServer, signal: AbortSignal, { connections }: McpDependencies): Promise<void> {
  try {
    await connections.listTools(server, { signal, refresh: true });
  } catch (error) {
    if (signal.aborted || !(error instanceof GatewayError)) throw error;
  }
}

function reported(server: McpServer, { connections }: McpDependencies): ReportedServer {
  const { id, name } = server;
  const state = connections.state(server);
  const known = connections.known(server);
  return {
    id,
    name,
    state: state.kind,
    since: state.kind === "unused" ? null : new Date(state.since).toISOString(),
    error: state.kind === "failed" ? state.message : null,
    protocolVersion: known?.protocolVersion ?? null,
    server: known?.server ?? null,
    tools: known?.tools.map((tool) => reportedTool(server, tool)) ?? null,
    problems: [...(known?.problems ?? []), ...missingTools(server, known?.tools)],
  };
}

function reportedTool(server: McpServer, tool: McpTool): ReportedTool {
  const { name, title = null, description = null } = tool;
  return {
    ...{ name, title, description, allowed: isAllowed(server, name) },
    needsApproval: needsApproval(server, tool),
  };
}

/** Names that the operator has written in the configuration, and that are no tool of the server. */
function missingTools(
  { allowedTools = [], requireApproval }: McpServer,
  tools: readonly McpTool[] | undefined,
): string[] {
  if (tools === undefined) return [];
  const names = new Set(tools.map(({ name }) => name));
  const written = typeof requireApproval === "string" ? allowedTools : [...allowedTools, ...requireApproval];
  return [...new Set(written)]
    .filter((name) => !names.has(name))
    .map((name) => `MCP_CONFIG names the tool ${JSON.stringify(name)}, which the server does not have.`);
}
