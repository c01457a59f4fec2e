import type { Client, PriorDiscovery, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { cappedFetch } from "#lib/adapters/mcp/capped-fetch.ts";
import { isRefusedConnection, isSessionLost, isTransportFailure } from "#lib/adapters/mcp/mcp-errors.ts";
import { whileWanted } from "#lib/adapters/mcp/while-wanted.ts";
import type { McpServer } from "#lib/plugins/mcp.ts";
import { abortError } from "#lib/providers/failures/run-errors.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** How long it is believed that a server speaks only the older revisions, milliseconds: it may be upgraded. */
const LEGACY_BELIEVED_MS = 60 * 60_000;
/** Of the handshake, milliseconds; a call may take as long as its server's setting says. */
const CONNECT_TIMEOUT_MS = 10_000;
/** The server's own stream of announcements is opened again so often. */
const RECONNECTION = {
  maxRetries: 2,
  initialReconnectionDelay: 1_000,
  maxReconnectionDelay: 30_000,
  reconnectionDelayGrowFactor: 1.5,
};

export type OpenConnection = { client: Client; transport: StreamableHTTPClientTransport };

export type ConnectionContext = {
  clock: Clock;
  /** What the server is told of the gateway. */
  version: string;
  /** The server says that its tools have changed. */
  onToolsChanged(): void;
};

/**
 * The connection to one server, opened when it is first used, and again when the server has forgotten it. Which
 * revision the server speaks is asked once, and kept.
 */
export class McpConnection {
  readonly #server: McpServer;
  readonly #context: ConnectionContext;
  #opening: Promise<OpenConnection> | undefined;
  #prior: { verdict: PriorDiscovery; until: number } | undefined;

  constructor(server: McpServer, context: ConnectionContext) {
    this.#server = server;
    this.#context = context;
  }

  /**
   * Uses the connection. If the server has forgotten it, it is opened again and used once more; after another failure
   * of the connection only if `isRepeatable`: the server may have taken the call.
   */
  async use<Result>(
    call: (open: OpenConnection) => Promise<Result>,
    { signal, isRepeatable }: { signal: AbortSignal; isRepeatable: boolean },
  ): Promise<Result> {
    const opening = this.#open();
    const isNew = opening.isNew;
    try {
      return await call(await whileWanted(opening.connection, signal));
    } catch (error) {
      if (signal.aborted) throw abortError(signal);
      const isLost = isSessionLost(error) || isRefusedConnection(error);
      if (isLost || isTransportFailure(error)) this.#drop(opening.connection);
      if (isNew || !(isLost || (isRepeatable && isTransportFailure(error)))) throw error;
    }
    this.#prior = undefined;
    return call(await whileWanted(this.#open().connection, signal));
  }

  /** Ends the session at the server, if it is open. Never rejects. */
  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    if (opening === undefined) return;
    const [opened] = await Promise.allSettled([opening]);
    if (opened.status === "rejected") return;
    const { client, transport } = opened.value;
    await Promise.allSettled([transport.terminateSession()]);
    await Promise.allSettled([client.close()]);
  }

  #open(): { connection: Promise<OpenConnection>; isNew: boolean } {
    if (this.#opening !== undefined) return { connection: this.#opening, isNew: false };
    const connection = this.#connect();
    this.#opening = connection;
    connection.catch(() => {
      if (this.#opening === connection) this.#opening = undefined;
    });
    return { connection, isNew: true };
  }

  /** The connection is of no use any more; calls that are under way on it end by themselves. */
  #drop(connection: Promise<OpenConnection>): void {
    if (this.#opening !== connection) return;
    this.#opening = undefined;
    void connection.then(({ client }) => client.close()).catch(() => undefined);
  }

  async #connect(): Promise<OpenConnection> {
    const { Client, StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
    const { url, headers, timeoutMs } = this.#server;
    const { version, clock, onToolsChanged } = this.#context;
    const client = new Client(
      { name: "sarmalink-ai", version },
      {
        versionNegotiation: { mode: "auto" },
        // Nobody is there whom a server could ask.
        capabilities: {},
        inputRequired: { autoFulfill: false },
        listChanged: { tools: { autoRefresh: false, onChanged: onToolsChanged } },
      },
    );
    const transport = new StreamableHTTPClientTransport(new URL(url), {
      fetch: cappedFetch(url),
      requestInit: { headers },
      reconnectionOptions: RECONNECTION,
      onInsufficientScope: "throw",
    });
    const known = this.#prior;
    const prior = known !== undefined && clock.now() < known.until ? { prior: known.verdict } : {};
    try {
      await client.connect(transport, { timeout: Math.min(timeoutMs, CONNECT_TIMEOUT_MS), ...prior });
    } catch (error) {
      await Promise.allSettled([client.close()]);
      this.#prior = undefined;
      throw error;
    }
    this.#note(client);
    return { client, transport };
  }

  #note(client: Client): void {
    const discover = client.getDiscoverResult();
    const isModern = client.getProtocolEra() === "modern" && discover !== undefined;
    this.#prior = {
      verdict: isModern ? { kind: "modern", discover } : { kind: "legacy" },
      until: isModern ? Number.POSITIVE_INFINITY : this.#context.clock.now() + LEGACY_BELIEVED_MS,
    };
  }
}
