import type { Client, PriorDiscovery, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { isRefusedConnection, isSessionLost, isTransportFailure } from "#lib/adapters/mcp/mcp-errors.ts";
import { openTransport } from "#lib/adapters/mcp/transport.ts";
import { whileWanted } from "#lib/adapters/mcp/while-wanted.ts";
import type { McpServer } from "#lib/plugins/mcp.ts";
import { abortError } from "#lib/providers/failures/run-errors.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** How long it is believed that a server speaks only the older revisions, milliseconds: it may be upgraded. */
const LEGACY_BELIEVED_MS = 60 * 60_000;
/** Of the handshake, milliseconds; a call may take as long as its server's setting says. */
const CONNECT_TIMEOUT_MS = 10_000;

type OpenConnection = { client: Client; transport: StreamableHTTPClientTransport };

/** A connection that is open, or is being opened. */
type Opening = {
  opened: Promise<OpenConnection>;
  /** Calls that are under way on it. */
  calls: number;
  /** It is of no further use, and is closed when the last call has ended. */
  isDropped: boolean;
};

export type ConnectionContext = {
  clock: Clock;
  /** What the server is told of the gateway. */
  version: string;
  /** The server says that its tools have changed, or may have: it was restarted. */
  onToolsChanged(): void;
};

/**
 * The connection to one server, opened when it is first used, and again when the server has forgotten it. Which
 * revision the server speaks is asked once, and kept.
 */
export class McpConnection {
  readonly #server: McpServer;
  readonly #context: ConnectionContext;
  #current: Opening | undefined;
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
    call: (client: Client) => Promise<Result>,
    { signal, isRepeatable }: { signal: AbortSignal; isRepeatable: boolean },
  ): Promise<Result> {
    const isNew = this.#current === undefined;
    const opening = this.#current ?? this.#open();
    try {
      return await this.#call(opening, call, signal);
    } catch (error) {
      if (signal.aborted) throw abortError(signal);
      const isLost = isSessionLost(error) || isRefusedConnection(error);
      if (isLost || isTransportFailure(error)) this.#drop(opening);
      if (isNew || !(isLost || (isRepeatable && isTransportFailure(error)))) throw error;
    }
    this.#prior = undefined;
    this.#context.onToolsChanged();
    return this.#call(this.#current ?? this.#open(), call, signal);
  }

  /** Ends the session at the server, if it is open. Never rejects. */
  async close(): Promise<void> {
    const opening = this.#current;
    if (opening === undefined) return;
    this.#current = undefined;
    await end(opening);
  }

  /** The same, unless a call is under way. */
  async closeIfIdle(): Promise<void> {
    if (this.#current?.calls === 0) await this.close();
  }

  async #call<Result>(
    opening: Opening,
    call: (client: Client) => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    opening.calls += 1;
    try {
      const { client } = await whileWanted(opening.opened, signal);
      return await call(client);
    } finally {
      opening.calls -= 1;
      if (opening.isDropped && opening.calls === 0) void end(opening);
    }
  }

  #open(): Opening {
    const opening: Opening = { opened: this.#connect(), calls: 0, isDropped: false };
    this.#current = opening;
    opening.opened.catch(() => {
      if (this.#current === opening) this.#current = undefined;
    });
    return opening;
  }

  #drop(opening: Opening): void {
    if (this.#current === opening) this.#current = undefined;
    if (opening.isDropped) return;
    opening.isDropped = true;
    if (opening.calls === 0) void end(opening);
  }

  async #connect(): Promise<OpenConnection> {
    const { Client } = await import("@modelcontextprotocol/client");
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
    const transport = await openTransport(this.#server, clock);
    const known = this.#prior;
    const prior = known !== undefined && clock.now() < known.until ? { prior: known.verdict } : {};
    try {
      const timeout = Math.min(this.#server.timeoutMs, CONNECT_TIMEOUT_MS);
      await client.connect(transport, { timeout, ...prior });
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

/** Ends the session at the server, and the connection with what is still under way on it. Never rejects. */
async function end({ opened }: Opening): Promise<void> {
  const [opening] = await Promise.allSettled([opened]);
  if (opening.status === "rejected") return;
  const { client, transport } = opening.value;
  await Promise.allSettled([transport.terminateSession()]);
  await Promise.allSettled([client.close()]);
}
