import { HttpMcpConnections } from "#lib/adapters/mcp/connections.ts";
import type { McpServer } from "#lib/plugins/mcp.ts";
import { DEFAULT_MCP_TIMEOUT_MS, parseMcpConfig } from "#lib/plugins/mcp-config.ts";
import type { PluginEndpoint } from "#lib/plugins/plugin.ts";
import { MCP_PLUGIN, pluginById } from "#lib/plugins/plugins.ts";
import type { Env } from "#lib/server/env/env.ts";
import { readConfigText } from "#lib/server/wiring/configuration/config-text.ts";
import type { KeyAdmission } from "#lib/services/admission/key-admission.ts";
import type { PassthroughDependencies } from "#lib/services/mcp/passthrough.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { VERSION } from "#lib/shared/version.ts";

/**
 * The MCP servers of `MCP_CONFIG`, by id. Throws `not_configured` for a file that cannot be read, and for a mistake in
 * it, with its line.
 */
export async function readMcpServers(env: Pick<Env, "MCP_CONFIG" | "setting">): Promise<McpServer[]> {
  const config = await readConfigText("MCP_CONFIG", env.MCP_CONFIG);
  switch (config.kind) {
    case "built-in":
      return [];
    case "inline":
      return parseMcpConfig(config.text, "MCP_CONFIG", env.setting);
    case "file":
      return parseMcpConfig(config.text, `MCP_CONFIG (${config.path})`, env.setting);
  }
}

export type McpParts = {
  servers: readonly McpServer[];
  /** Where the operator runs plugins. */
  endpoints: ReadonlyMap<string, PluginEndpoint>;
  admission: KeyAdmission;
  clock: Clock;
};

export type McpPart = PassthroughDependencies & { connections: HttpMcpConnections };

/** The MCP servers that the operator has set up, the plugin among them, and the connections to them. */
export function createMcp({ servers, endpoints, admission, clock }: McpParts): McpPart {
  const plugin = pluginServer(endpoints);
  const all = plugin === undefined ? servers : [plugin, ...servers];
  return {
    servers: new Map(all.map((server) => [server.id, server])),
    connections: new HttpMcpConnections({ clock, version: VERSION }),
    admission,
  };
}

function pluginServer(endpoints: McpParts["endpoints"]): McpServer | undefined {
  const plugin = pluginById(MCP_PLUGIN);
  const endpoint = endpoints.get(MCP_PLUGIN);
  if (plugin === undefined || endpoint === undefined) return undefined;
  const { base, token } = endpoint;
  const headers: Record<string, string> = {};
  if (token !== undefined) {
    headers["authorization"] = `Bearer ${token}`;
    if (plugin.tokenHeader !== undefined) headers[plugin.tokenHeader] = token;
  }
  return {
    ...{ id: plugin.id, name: plugin.name, headers, timeoutMs: DEFAULT_MCP_TIMEOUT_MS },
    // The toolkit serves the protocol there, and other paths for other uses.
    url: new URL(base).pathname === "/" ? `${base}/mcp` : base,
    allowedTools: undefined,
    requireApproval: "writes",
  };
}
