import type { McpConnections, McpServer, McpTool } from "#lib/plugins/mcp.ts";
import { mayUseMode } from "#lib/services/admission/key-admission.ts";
import { NAMED_MODE, type ProxyCaller } from "#lib/services/identity/caller.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type McpDependencies = {
  /** By id, those that the operator has set up. */
  servers: ReadonlyMap<string, McpServer>;
  connections: McpConnections;
};

/** Throws `forbidden` for a key that is limited to modes, as plugins do. */
export function assertMayUseMcp(caller: ProxyCaller): void {
  if (mayUseMode(caller, NAMED_MODE)) return;
  throw new GatewayError("forbidden", "This gateway key is limited to modes and may not use MCP servers.");
}

/** Throws `invalid_request`, naming the servers that there are. */
export function serverOf(id: string, { servers }: Pick<McpDependencies, "servers">): McpServer {
  const server = servers.get(id);
  if (server !== undefined) return server;
  const known = servers.size === 0 ? "none is set up" : `there are ${[...servers.keys()].join(", ")}`;
  throw new GatewayError("invalid_request", `There is no MCP server "${id.slice(0, 100)}": ${known}.`);
}

/** Whether the operator lets a tool be used. */
export function isAllowed({ allowedTools }: McpServer, tool: string): boolean {
  return allowedTools === undefined || allowedTools.includes(tool);
}

/** Whether a call by a model waits for the client's consent. */
export function needsApproval({ requireApproval }: McpServer, { name, annotations }: McpTool): boolean {
  switch (requireApproval) {
    case "never":
      return false;
    case "always":
      return true;
    case "writes":
      return annotations?.readOnlyHint !== true;
    default:
      return requireApproval.includes(name);
  }
}
