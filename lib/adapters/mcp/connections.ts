import { createHash } from "node:crypto";
import type { Client } from "@modelcontextprotocol/client";
import { McpConnection } from "#lib/adapters/mcp/connection.ts";
import { isRefusal, mcpFailure, wantsInput } from "#lib/adapters/mcp/mcp-errors.ts";
import { readList } from "#lib/adapters/mcp/read-list.ts";
import { readResult } from "#lib/adapters/mcp/read-result.ts";
import { whileWanted } from "#lib/adapters/mcp/while-wanted.ts";
import type {
  McpConnections,
  McpServer,
  McpServerState,
  McpTool,
  McpToolList,
  McpToolResult,
} from "#lib/plugins/mcp.ts";
import type { Clock, Timer } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import type { JsonObject } from "#lib/shared/json.ts";

/** How long a list of tools is used, milliseconds, where its server does not say. */
const LIST_MS = 5 * 60_000;
/** A server cannot have its list kept for longer, nor asked for at every message: servers that say nothing say 0. */
const MAX_LIST_MS = 60 * 60_000;
const MIN_LIST_MS = 30_000;
/** A connection that nobody uses is closed after this, milliseconds. */
const IDLE_MS = 5 * 60_000;

type Known = { list: McpToolList; until: number };

/** One server with its connection and what is known of it. */
type Entry = {
  connection: McpConnection;
  known: Known | undefined;
  /** A list is being asked for. */
  asking: Promise<McpToolList> | undefined;
  state: McpServerState;
  idle: Timer | undefined;
};

export type ConnectionsOptions = { clock: Clock; version: string };

/** Connections to MCP servers with the official client: one a server and credential, shared by all requests. */
export class HttpMcpConnections implements McpConnections {
  readonly #options: ConnectionsOptions;
  readonly #entries = new Map<string, Entry>();
  #isClosed = false;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  async listTools(
    server: McpServer,
    { signal, refresh = false }: { signal: AbortSignal; refresh?: boolean },
  ): Promise<McpToolList> {
    const entry = this.#entry(server);
    const { known } = entry;
    if (!refresh && known !== undefined && this.#options.clock.now() < known.until) return known.list;
    // Together for all who ask now; nobody's leaving stops it for the others.
    entry.asking ??= this.#ask(server, entry).finally(() => {
      entry.asking = undefined;
    });
    return whileWanted(entry.asking, signal);
  }

  async callTool(
    server: McpServer,
    { tool, args }: { tool: string; args: JsonObject },
    { signal }: { signal: AbortSignal },
  ): Promise<McpToolResult> {
    const entry = this.#entry(server);
    const definition = entry.known?.list.tools.find(({ name }) => name === tool);
    const call = async (client: Client): Promise<McpToolResult> => {
      const { timeoutMs } = server;
      const options = {
        ...{ signal, timeout: timeoutMs, maxTotalTimeout: timeoutMs },
        // Of the schemas only that of the input, from which headers are made: the output is the caller's to check.
        ...(definition === undefined
          ? {}
          : { toolDefinition: { name: tool, inputSchema: inputOf(definition) } }),
      };
      return readResult(server, await client.callTool({ name: tool, arguments: args }, options));
    };
    return this.#used(server, entry, "call", async () => {
      try {
        return await entry.connection.use(call, { signal, isRepeatable: false });
      } catch (error) {
        if (!wantsInput(error)) throw error;
        return { kind: "input_required", message: INPUT_WANTED };
      }
    });
  }

  state(server: McpServer): McpServerState {
    return this.#entries.get(keyOf(server))?.state ?? { kind: "unused" };
  }

  known(server: McpServer): McpToolList | undefined {
    return this.#entries.get(keyOf(server))?.known?.list;
  }

  /** Ends all sessions. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const { idle } of entries) idle?.cancel();
    await Promise.all(entries.map(({ connection }) => connection.close()));
  }

  #entry(server: McpServer): Entry {
    if (this.#isClosed) throw new GatewayError("plugin_failed", "The gateway is shutting down.");
    const key = keyOf(server);
    const found = this.#entries.get(key);
    if (found !== undefined) return found;
    const onToolsChanged = (): void => {
      if (entry.known !== undefined) entry.known = { ...entry.known, until: 0 };
    };
    const connection = new McpConnection(server, { ...this.#options, onToolsChanged });
    const entry: Entry = {
      ...{ connection, known: undefined, asking: undefined, idle: undefined },
      state: { kind: "unused" },
    };
    this.#entries.set(key, entry);
    return entry;
  }

  #ask(server: McpServer, entry: Entry): Promise<McpToolList> {
    const signal = AbortSignal.timeout(server.timeoutMs);
    return this.#used(server, entry, "list", async () => {
      const { list, ttlMs } = await entry.connection
        .use((client) => readList(client, server, signal), { signal, isRepeatable: true })
        .catch((error: unknown) => {
          if (!signal.aborted) throw error;
          throw new GatewayError("plugin_timeout", `The MCP server "${server.id}" did not answer in time.`);
        });
      const freshMs = Math.min(Math.max(ttlMs ?? LIST_MS, MIN_LIST_MS), MAX_LIST_MS);
      entry.known = { list, until: this.#options.clock.now() + freshMs };
      return list;
    });
  }

  /** Notes how it went, and closes the connection when nobody has used it for a while. */
  async #used<Result>(
    server: McpServer,
    entry: Entry,
    kind: "list" | "call",
    use: () => Promise<Result>,
  ): Promise<Result> {
    const { clock } = this.#options;
    entry.idle?.cancel();
    try {
      const result = await use();
      if (entry.state.kind !== "connected") entry.state = { kind: "connected", since: clock.wallNow() };
      return result;
    } catch (error) {
      const failure = mcpFailure(server, error);
      if (isOfServer(error, failure, kind)) {
        entry.state = { kind: "failed", since: clock.wallNow(), message: failure.message };
      }
      throw failure;
    } finally {
      entry.idle = clock.after(IDLE_MS, () => void entry.connection.closeIfIdle());
    }
  }
}

/** Whether a failure says that the server cannot be used, not only a tool, or this call of it. */
function isOfServer(error: unknown, { code }: GatewayError, kind: "list" | "call"): boolean {
  if (code === "plugin_timeout") return kind === "list";
  return code === "plugin_failed" && !isRefusal(error);
}

const INPUT_WANTED =
  "The tool wants to ask the user for more before it goes on. This gateway cannot pass the question on.";

function keyOf({ id, url, headers }: McpServer): string {
  const credential = createHash("sha256").update(JSON.stringify(headers)).digest("hex");
  return JSON.stringify([id, url, credential]);
}

function inputOf({ inputSchema }: McpTool) {
  return { ...inputSchema, type: "object" as const };
}
