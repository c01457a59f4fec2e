import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "#lib/adapters/clock.ts";
import { HttpMcpConnections } from "#lib/adapters/mcp/connections.ts";
import type { McpServer, McpToolResult } from "#lib/plugins/mcp.ts";
import { stringField } from "#lib/shared/json.ts";
import { FakeClock } from "../support/fake-clock.ts";
import type { FakeUpstream } from "../support/fake-upstream.ts";
import { type Misdeeds, messageOf, result, startHostileMcp } from "../support/hostile-mcp.ts";
import { startMcpServer, type TestMcpServer } from "../support/mcp-server.ts";
import { eventually } from "../support/test-gateway.ts";

const open: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.stop();
});

function connect(): HttpMcpConnections {
  const connections = new HttpMcpConnections({ clock: systemClock, version: "0.1.0" });
  open.push({ stop: () => connections.close() });
  return connections;
}

async function serve(options: Parameters<typeof startMcpServer>[0] = {}): Promise<TestMcpServer> {
  const server = await startMcpServer(options);
  open.push(server);
  return server;
}

const settings = (url: string, changes: Partial<McpServer> = {}): McpServer => ({
  ...{ id: "notes", name: "Notes", url, headers: {}, allowedTools: undefined },
  ...{ requireApproval: "writes", timeoutMs: 2_000, ...changes },
});
const signal = new AbortController().signal;
const textOf = (result: McpToolResult): unknown =>
  result.kind === "complete" ? result.content[0]?.["text"] : result.message;

describe("a server of the revision 2026-07-28", () => {
  test("has its tools listed and called, with one handshake", async () => {
    const server = await serve();
    const own = settings(server.url);
    const connections = connect();
    const list = await connections.listTools(own, { signal });
    expect(list.server).toEqual({ name: "notes", version: "1.2.3" });
    expect(list.tools.map(({ name }) => name)).toEqual([
      ...["read_note", "write_note", "slow", "fails", "picture", "weather"],
    ]);
    const requests = server.headers.length;
    expect(await connections.listTools(own, { signal })).toBe(list);
    expect(
      textOf(await connections.callTool(own, { tool: "write_note", args: { text: "milk" } }, { signal })),
    ).toBe("Written: milk");
    expect(await connections.callTool(own, { tool: "fails", args: {} }, { signal })).toMatchObject({
      isError: true,
    });
    expect(
      await connections.callTool(own, { tool: "weather", args: { city: "Rome" } }, { signal }),
    ).toMatchObject({
      structuredContent: { city: "Rome", celsius: 21 },
    });
    expect(server.headers.length - requests).toBe(3);
  });
});

describe("a server of the revision 2025-11-25", () => {
  const MINUTE = 60_000;
  const methodsOf = ({ requests }: FakeUpstream): string[] =>
    requests.map(({ method, json }) => stringField(json, "method") ?? method);
  const count = (server: FakeUpstream, method: string): number =>
    methodsOf(server).filter((one) => one === method).length;

  async function stage(misdeeds: Misdeeds = {}) {
    const clock = new FakeClock();
    const server = await startHostileMcp(misdeeds);
    const connections = new HttpMcpConnections({ clock, version: "0.1.0" });
    open.push(server, { stop: () => connections.close() });
    return { clock, server, connections, own: settings(`${server.origin}/mcp`) };
  }

  test("has its list kept for five minutes, and asked for again when that is wanted", async () => {
    const { clock, server, connections, own } = await stage();
    await connections.listTools(own, { signal });
    clock.advance(4 * MINUTE);
    await connections.listTools(own, { signal });
    expect(count(server, "tools/list")).toBe(1);
    await connections.listTools(own, { signal, refresh: true });
    expect(count(server, "tools/list")).toBe(2);
    clock.advance(6 * MINUTE);
    await connections.listTools(own, { signal });
    expect(count(server, "tools/list")).toBe(3);
  });

  test.each([
    [0, 0.4, 0.6],
    [10 * MINUTE, 9, 11],
    [1_000 * MINUTE, 59, 61],
  ])("that gives its list %d ms is heeded within bounds", async (ttlMs, kept, old) => {
    const { clock, server, connections, own } = await stage({ "tools/list": result({ tools: [], ttlMs }) });
    await connections.listTools(own, { signal });
    clock.advance(kept * MINUTE);
    await connections.listTools(own, { signal });
    expect(count(server, "tools/list")).toBe(1);
    clock.advance((old - kept) * MINUTE);
    await connections.listTools(own, { signal });
    expect(count(server, "tools/list")).toBe(2);
  });

  test("is asked once by all who ask at once, also if the first of them leaves", async () => {
    const { server, connections, own } = await stage();
    const leaving = new AbortController();
    const first = connections.listTools(own, { signal: leaving.signal });
    const others = Array.from({ length: 20 }, () => connections.listTools(own, { signal }));
    leaving.abort();
    await expect(first).rejects.toMatchObject({ code: "client_closed_request" });
    expect(new Set(await Promise.all(others)).size).toBe(1);
    expect([count(server, "initialize"), count(server, "tools/list")]).toEqual([1, 1]);
  });

  test("is asked for its revision once, and has its session ended when nobody uses it", async () => {
    const { clock, server, connections, own } = await stage();
    await connections.listTools(own, { signal });
    expect(methodsOf(server).slice(0, 2)).toEqual(["server/discover", "initialize"]);
    clock.advance(6 * MINUTE);
    await eventually("the session is ended", () => count(server, "DELETE") === 1);
    await connections.callTool(own, { tool: "t", args: {} }, { signal });
    expect([count(server, "server/discover"), count(server, "initialize")]).toEqual([1, 2]);
  });

  test("has a connection for each credential", async () => {
    const { server, connections, own } = await stage();
    for (const token of ["a", "b", "a"]) {
      await connections.listTools({ ...own, headers: { authorization: `Bearer ${token}` } }, { signal });
    }
    expect(count(server, "initialize")).toBe(2);
  });

  test("is called with the credential, and nothing of the environment", async () => {
    const { server, connections, own } = await stage();
    await connections.callTool(
      { ...own, headers: { "x-api-key": "k" } },
      { tool: "t", args: {} },
      { signal },
    );
    for (const { headers } of server.requests) expect(headers["x-api-key"]).toBe("k");
    const call = server.requests.find(({ json }) => stringField(json, "method") === "tools/call");
    expect(call?.headers).toMatchObject({ "mcp-session-id": "s1", "mcp-protocol-version": "2025-11-25" });
  });

  test("tells its state", async () => {
    const { clock, server, connections, own } = await stage();
    expect([connections.state(own), connections.known(own)]).toEqual([{ kind: "unused" }, undefined]);
    const list = await connections.listTools(own, { signal });
    expect(connections.state(own)).toEqual({ kind: "connected", since: clock.wallNow() });
    expect(connections.known(own)).toBe(list);
    await server.stop();
    await expect(connections.listTools(own, { signal, refresh: true })).rejects.toMatchObject({
      code: "plugin_failed",
    });
    expect(connections.state(own)).toMatchObject({
      kind: "failed",
      message: expect.stringMatching(/reached/),
    });
    // What it had is still known.
    expect(connections.known(own)).toBe(list);
  });

  test("that refuses one call is not taken for broken", async () => {
    const { connections, own } = await stage({
      "tools/call": (exchange) =>
        exchange.json(200, {
          ...{ jsonrpc: "2.0", id: messageOf(exchange).id },
          error: { code: -32_602, message: "a is missing" },
        }),
    });
    await connections.listTools(own, { signal });
    const call = connections.callTool(own, { tool: "t", args: {} }, { signal });
    await expect(call).rejects.toMatchObject({ code: "invalid_request", message: /a is missing/ });
    expect(connections.state(own).kind).toBe("connected");
  });

  test("is not called any more when the gateway stops", async () => {
    const { server, connections, own } = await stage();
    await connections.listTools(own, { signal });
    await connections.close();
    const { length } = server.requests;
    await expect(connections.listTools(own, { signal })).rejects.toMatchObject({ code: "plugin_failed" });
    expect(server.requests.length).toBe(length);
  });
});

describe("a server that is not there", () => {
  const GONE = /^The MCP server "notes" cannot be reached\.$/;

  test("from the beginning is said to be out of reach", async () => {
    const server = await startMcpServer();
    await server.stop();
    const own = settings(server.url);
    const connections = connect();
    await expect(connections.listTools(own, { signal })).rejects.toMatchObject({
      code: "plugin_failed",
      message: expect.stringMatching(GONE),
    });
    expect(connections.state(own)).toMatchObject({ kind: "failed", message: expect.stringMatching(GONE) });
  });

  test.each([true, false])(
    "any more is said to be out of reach (older revisions too: %s)",
    async (legacy) => {
      const server = await startMcpServer({ legacy });
      const own = settings(server.url);
      const connections = connect();
      await connections.listTools(own, { signal });
      await server.stop();
      const call = { tool: "write_note", args: { text: "milk" } };
      for (const refresh of [true, true]) {
        await expect(connections.listTools(own, { signal, refresh })).rejects.toThrow(GONE);
        await expect(connections.callTool(own, call, { signal })).rejects.toThrow(GONE);
      }
    },
  );
});
