import type { ProxyCaller } from "#lib/services/identity/caller.ts";
import { assertMayUseMcp, type McpDependencies, serverOf } from "#lib/services/mcp/mcp-servers.ts";
import { type McpTools, mcpTools } from "#lib/services/mcp/mcp-tools.ts";
import type { Lazy } from "#lib/shared/lazy.ts";

/** The tools of MCP servers, for whoever offers tools to models. */
export type McpToolSource = {
  /** Throws `invalid_request` naming an id that is no server's, and `forbidden` for a key limited to modes. */
  assertUsable(servers: readonly string[], caller: ProxyCaller): void;
  /** Rejects if the signal aborts, and for an id that is no server's. */
  tools(servers: readonly string[], signal: AbortSignal): Promise<McpTools>;
};

/** @param dependencies made when servers are first named: nothing of MCP is made for anybody else. */
export function mcpToolSource(dependencies: Pick<Lazy<McpDependencies>, "value">): McpToolSource {
  return {
    assertUsable(servers, caller) {
      for (const id of servers) serverOf(id, dependencies.value);
      assertMayUseMcp(caller);
    },
    tools: (servers, signal) => mcpTools(servers, signal, dependencies.value),
  };
}
