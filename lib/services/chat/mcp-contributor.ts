import type { Contribution, Contributor } from "#lib/services/chat/contributor.ts";
import type { Turn } from "#lib/services/chat/turn.ts";
import type { McpToolSource } from "#lib/services/mcp/mcp-tool-source.ts";

/** A server that takes longer to list its tools is left out, milliseconds. */
const TIMEOUT_MS = 10_000;

/** Offers the tools of the MCP servers that the client has named; one that cannot be reached is left out, and said. */
export function mcpContributor(source: McpToolSource): Contributor {
  return {
    name: "mcp",
    timeoutMs: TIMEOUT_MS,
    wants: ({ route, input }) => route.kind === "engines" && serversOf(input).length > 0,
    async run(turn, { signal, emit }): Promise<Contribution> {
      const { tools, problems } = await source.tools(serversOf(turn.input), signal);
      for (const { server, message } of problems) {
        emit({ type: "tool", name: "mcp", plugin: server, status: "failed", detail: message });
      }
      return { tools };
    },
  };
}

/** Those that the client names, and those of the calls that it has decided about. */
export function serversOf({ mcp = [], approvals = [] }: Turn["input"]): string[] {
  return [...new Set([...mcp, ...approvals.map(({ plugin }) => plugin)])];
}
