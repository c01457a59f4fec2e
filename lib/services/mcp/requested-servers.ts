import type { McpRequest, McpServerRequest } from "#lib/plugins/mcp-request.ts";
import type { ProxyCaller } from "#lib/services/identity/caller.ts";
import type { McpDirectory } from "#lib/services/mcp/mcp-directory.ts";
import { assertMayUseMcp } from "#lib/services/mcp/mcp-servers.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** A server that the client has named, and the operator's id of it. */
export type RequestedServer = McpServerRequest & { id: string };

/**
 * The servers that a client names. Each is one that the operator has set up: a client cannot have another one called.
 *
 * Throws `forbidden` (a caller without a key or an account, or a key that is limited to modes), and `invalid_request`
 * for a server that is not known or is named twice.
 */
export function requestedServers(
  { servers }: Pick<McpRequest, "servers">,
  source: Pick<McpDirectory, "servers">,
  caller: ProxyCaller,
): RequestedServer[] {
  if (servers.length === 0) return [];
  if (caller.kind === "open") {
    throw new GatewayError("forbidden", "MCP tools need a gateway key: they act with the operator's access.");
  }
  assertMayUseMcp(caller);
  const found = servers.map((server) => ({ ...server, id: idOf(server, source) }));
  const names = new Map<string, string>();
  for (const { id, path } of found) {
    const earlier = names.get(id);
    if (earlier !== undefined) throw refused(path, `names the same MCP server as \`${earlier}\`.`);
    names.set(id, path);
  }
  return found;
}

function idOf({ label, url, path }: McpServerRequest, { servers }: Pick<McpDirectory, "servers">): string {
  const wanted = url === undefined ? undefined : addressOf(url);
  const found = servers.find((one) =>
    url === undefined ? one.id === label : wanted !== undefined && addressOf(one.url) === wanted,
  );
  if (found !== undefined) return found.id;
  const what =
    url === undefined
      ? "names no MCP server of this gateway."
      : "has a `server_url` of a server that is not set up here, and no other is called.";
  throw refused(path, `${what} ${known(servers)}`);
}

function known(servers: McpDirectory["servers"]): string {
  if (servers.length === 0) return "None is set up.";
  return `Omit \`server_url\` and name one of these: ${servers.map(({ id }) => id).join(", ")}.`;
}

function refused(path: string, what: string): GatewayError {
  const param = `${path}.server_label`;
  return new GatewayError("invalid_request", `\`${param}\` ${what}`, { details: { param } });
}

/** Addresses that differ in writing only are the same. */
function addressOf(url: string): string | undefined {
  return URL.parse(url)?.href.replace(/\/$/, "");
}
