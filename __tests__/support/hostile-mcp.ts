import { type Exchange, type FakeUpstream, type Script, startFakeUpstream } from "./fake-upstream.ts";

/** What a server does with the requests of a method; with the others it does what is right. */
export type Misdeeds = Readonly<Record<string, Script>>;

export type JsonRpcRequest = { id?: number; method?: string; params?: Record<string, unknown> };

export const A_TOOL = { name: "t", description: "A tool.", inputSchema: { type: "object" } };

/** What opens the server's own stream, in the place of a method. */
export const STREAM = "GET";
/** The same of what ends a session. */
export const FAREWELL = "DELETE";

/** The message of a request; empty for one without a body. */
export function messageOf({ request }: Exchange): JsonRpcRequest {
  return (request.json ?? {}) as JsonRpcRequest;
}

/** Answers with a result, as JSON. */
export function result(value: unknown): Script {
  return (exchange) => exchange.json(200, { jsonrpc: "2.0", id: messageOf(exchange).id, result: value });
}

/** A server of the revision 2025-11-25 with sessions and one tool, that misbehaves where it is told to. */
export async function startHostileMcp(misdeeds: Misdeeds): Promise<FakeUpstream> {
  return startFakeUpstream(async (exchange) => {
    const { method = exchange.request.method } = messageOf(exchange);
    // An answer to a question of the server has no method.
    if (method === "POST") return exchange.respond(202, "");
    const script = misdeeds[method] ?? GOOD[method];
    if (script === undefined) return exchange.json(400, { error: "unknown" });
    await script(exchange);
  });
}

/** Makes it a server of the revision 2026-07-28. */
export const MODERN: Misdeeds = {
  "server/discover": result({
    ...{ supportedVersions: ["2026-07-28"], capabilities: { tools: {} }, resultType: "complete" },
    ...{ ttlMs: 0, cacheScope: "private" },
  }),
};

const GOOD: Misdeeds = {
  initialize: (exchange) => {
    const value = {
      ...{ protocolVersion: "2025-11-25", capabilities: { tools: { listChanged: true } } },
      serverInfo: { name: "hostile", version: "1" },
    };
    const body = { jsonrpc: "2.0", id: messageOf(exchange).id, result: value };
    return exchange.json(200, body, { "mcp-session-id": "s1" });
  },
  "notifications/initialized": (exchange) => exchange.respond(202, ""),
  "notifications/cancelled": (exchange) => exchange.respond(202, ""),
  "tools/list": result({ tools: [A_TOOL] }),
  "tools/call": result({ content: [{ type: "text", text: "ok" }] }),
  [STREAM]: (exchange) => exchange.respond(405, ""),
  [FAREWELL]: (exchange) => exchange.respond(200, ""),
};
