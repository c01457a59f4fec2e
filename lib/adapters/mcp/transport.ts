import type { StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { cappedFetch } from "#lib/adapters/mcp/capped-fetch.ts";
import { ENDED, guardMessages } from "#lib/adapters/mcp/guarded-messages.ts";
import type { McpServer } from "#lib/plugins/mcp.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** Before the server's own stream of announcements is opened again, milliseconds; doubled each time. */
const MIN_RECONNECT_MS = 1_000;
const MAX_RECONNECT_MS = 60_000;

/**
 * The official client's transport to a server, for one that cannot be trusted: it decides neither where requests go,
 * nor how much is read, nor how often streams are opened again.
 */
export async function openTransport(
  { url, headers, timeoutMs }: McpServer,
  clock: Clock,
): Promise<StreamableHTTPClientTransport> {
  const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
  let isExceeded = false;
  let reconnectMs = MIN_RECONNECT_MS;
  const onExcess = (): void => {
    isExceeded = true;
  };
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    fetch: cappedFetch({ url, timeoutMs, onExcess }),
    requestInit: { headers },
    // The server's own wish would be obeyed, however short.
    reconnectionScheduler: (reconnect) => {
      const timer = clock.after(reconnectMs, reconnect);
      reconnectMs = Math.min(2 * reconnectMs, MAX_RECONNECT_MS);
      return () => timer.cancel();
    },
    onInsufficientScope: "throw",
  });
  guardMessages(transport, () => {
    const code = isExceeded ? ENDED.tooLarge : ENDED.brokeOff;
    isExceeded = false;
    return code;
  });
  return transport;
}
