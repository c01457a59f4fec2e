import type { StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { cappedFetch, type McpAnswerError } from "#lib/adapters/mcp/capped-fetch.ts";
import type { McpServer } from "#lib/plugins/mcp.ts";
import { BoundedMap } from "#lib/shared/bounded-map.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { field } from "#lib/shared/json.ts";

/** The code of the error with which a request ends whose answer broke off: JSON-RPC leaves it to implementations. */
export const BROKE_OFF = -32_098;
/** The same for an answer that exceeds what is taken. */
export const TOO_LARGE = -32_099;

/** Before the server's own stream of announcements is opened again, milliseconds; doubled each time. */
const MIN_RECONNECT_MS = 1_000;
const MAX_RECONNECT_MS = 60_000;
/** Of one connection. */
const MAX_UNDER_WAY = 1_000;

/**
 * The official client's transport to a server. Beyond what that does, a request whose answer breaks off fails at once
 * (not after its time-out), one that is given up is closed, and a server decides neither where requests go nor how
 * often streams are opened again.
 */
export async function openTransport(
  { url, headers, timeoutMs }: McpServer,
  clock: Clock,
): Promise<StreamableHTTPClientTransport> {
  const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
  let excess: McpAnswerError | undefined;
  let reconnectMs = MIN_RECONNECT_MS;
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    fetch: cappedFetch({
      ...{ url, timeoutMs },
      onExcess: (error) => {
        excess = error;
      },
    }),
    requestInit: { headers },
    // The server's own wish would be obeyed, however short.
    reconnectionScheduler: (reconnect) => {
      const timer = clock.after(reconnectMs, reconnect);
      reconnectMs = Math.min(2 * reconnectMs, MAX_RECONNECT_MS);
      return () => timer.cancel();
    },
    onInsufficientScope: "throw",
  });
  endRequests(transport, () => {
    const code = excess === undefined ? BROKE_OFF : TOO_LARGE;
    excess = undefined;
    return code;
  });
  return transport;
}

/** Ends requests whose answers end without their result, and closes those that are given up. */
function endRequests(transport: StreamableHTTPClientTransport, codeOfEnd: () => number): void {
  const send = transport.send.bind(transport);
  const underWay = new BoundedMap<unknown, AbortController>(MAX_UNDER_WAY);
  transport.send = async (message, options = {}) => {
    if (Array.isArray(message) || !("method" in message)) return send(message, options);
    if (!("id" in message)) {
      if (message.method === "notifications/cancelled") {
        underWay.get(field(message.params, "requestId"))?.abort();
      }
      return send(message, options);
    }
    const { id } = message;
    const givenUp = new AbortController();
    underWay.set(id, givenUp);
    return send(message, {
      ...options,
      requestSignal: options.requestSignal ?? givenUp.signal,
      onRequestStreamEnd() {
        underWay.delete(id);
        options.onRequestStreamEnd?.();
        // Heeded only if the request has no answer yet.
        const error = { code: codeOfEnd(), message: "The answer broke off." };
        transport.onmessage?.({ jsonrpc: "2.0", id, error });
      },
    });
  };
}
