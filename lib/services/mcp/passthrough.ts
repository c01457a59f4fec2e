import type { McpServer, McpTool, McpToolList, McpToolResult } from "#lib/plugins/mcp.ts";
import { type Plugin, urlVariable } from "#lib/plugins/plugin.ts";
import { MCP_PLUGIN, pluginById } from "#lib/plugins/plugins.ts";
import { costsNothing } from "#lib/services/admission/cost-estimate.ts";
import type { KeyAdmission } from "#lib/services/admission/key-admission.ts";
import type { RateLimit } from "#lib/services/admission/rate-limit.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import { assertMayUseMcp, isAllowed, type McpDependencies } from "#lib/services/mcp/mcp-servers.ts";
import type { WaitUntil } from "#lib/services/ports.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import type { JsonObject } from "#lib/shared/json.ts";

export type PassthroughDependencies = McpDependencies & {
  /** The limits of gateway keys. */
  admission: KeyAdmission;
};

export type PassthroughContext = {
  requestId: string;
  caller: Caller;
  /** Aborts when the client disconnects. */
  signal: AbortSignal;
  waitUntil: WaitUntil;
  /** Takes what is left of the caller's requests. */
  onRateLimit?: ((limit: RateLimit) => void) | undefined;
};

/** A list of tools that clients may see, and the id of its server. */
export type ListedTools = McpToolList & { plugin: string };

/** What a call came to, and the id of the server that was called. */
export type CalledTool = Extract<McpToolResult, { kind: "complete" }> & { plugin: string };

/** The servers that a client can name. */
export function listMcpServers({ servers }: Pick<McpDependencies, "servers">) {
  return Array.from(servers.values(), ({ id, name }) => ({ id, name, default: id === MCP_PLUGIN }));
}

/**
 * The tools of a server, for a client. Throws as `callMcpTool` does.
 * @param id of the server; undefined for the plugin.
 */
export async function listMcpTools(
  id: string | undefined,
  context: PassthroughContext,
  dependencies: PassthroughDependencies,
): Promise<ListedTools> {
  return admitted(id, context, dependencies, async (server) => {
    const list = await dependencies.connections.listTools(server, { signal: context.signal });
    return { ...list, plugin: server.id, tools: list.tools.filter(({ name }) => isAllowed(server, name)) };
  });
}

/**
 * Calls a tool of a server for a client. A failure that the tool reports is a result, too.
 *
 * Throws `not_found` (no such server or tool), `not_configured`, `forbidden` and `rate_limited` (gateway key),
 * `invalid_request` (the server refuses the arguments), `unprocessable` (the tool wants to ask something),
 * `plugin_failed` and `plugin_timeout`.
 */
export async function callMcpTool(
  { plugin, tool, args }: { plugin: string | undefined; tool: string; args: JsonObject },
  context: PassthroughContext,
  dependencies: PassthroughDependencies,
): Promise<CalledTool> {
  return admitted(plugin, context, dependencies, async (server) => {
    const { signal } = context;
    const { name } = await findTool(server, tool, signal, dependencies);
    const result = await dependencies.connections.callTool(server, { tool: name, args }, { signal });
    if (result.kind === "complete") return { ...result, plugin: server.id };
    const details = { server: server.id, tool: name, inputRequired: true };
    throw new GatewayError("unprocessable", result.message, { details });
  });
}

/** Throws `not_found` for a tool that the server does not list, or that the operator hides. */
async function findTool(
  server: McpServer,
  tool: string,
  signal: AbortSignal,
  { connections }: PassthroughDependencies,
): Promise<McpTool> {
  const named = ({ tools }: McpToolList): McpTool | undefined => tools.find(({ name }) => name === tool);
  if (isAllowed(server, tool)) {
    const known =
      named(await connections.listTools(server, { signal })) ??
      // It may be newer than the list that is known.
      named(await connections.listTools(server, { signal, refresh: true }));
    if (known !== undefined) return known;
  }
  throw new GatewayError("not_found", `The MCP server "${server.id}" has no tool ${JSON.stringify(tool)}.`);
}

/** Does something with a server that the caller may use, within the limits of a gateway key. */
async function admitted<Result>(
  id: string | undefined,
  { requestId, caller, waitUntil, onRateLimit }: PassthroughContext,
  { servers, admission }: PassthroughDependencies,
  work: (server: McpServer) => Promise<Result>,
): Promise<Result> {
  assertMayUseMcp(caller);
  const server = findServer(id, servers);
  await admission.admit(caller, { requestId, maxCostUsd: costsNothing, onRateLimit });
  try {
    return await work(server);
  } finally {
    waitUntil(admission.release(requestId));
  }
}

function findServer(id: string | undefined, servers: McpDependencies["servers"]): McpServer {
  const server = servers.get(id ?? MCP_PLUGIN);
  if (server !== undefined) return server;
  const known = [...servers.keys()].join(", ");
  if (id !== undefined && id !== MCP_PLUGIN) {
    const others = known === "" ? "None is set up." : `There are ${known}.`;
    throw new GatewayError("not_found", `There is no MCP server "${id}". ${others}`);
  }
  if (id === undefined && known !== "") {
    throw new GatewayError("invalid_request", `"plugin": is required. There are ${known}.`);
  }
  throw new GatewayError(
    "not_configured",
    `The MCP server "${MCP_PLUGIN}" is not set up. An operator can set ${variableOf(pluginById(MCP_PLUGIN))}.`,
  );
}

function variableOf(plugin: Plugin | undefined): string {
  const variable = plugin === undefined ? undefined : urlVariable(plugin);
  return variable === undefined ? "MCP_CONFIG" : `${variable}, or others in MCP_CONFIG`;
}
