import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "#lib/adapters/clock.ts";
import { HttpMcpConnections } from "#lib/adapters/mcp/connections.ts";
import type { McpServer, McpToolResult } from "#lib/plugins/mcp.ts";
import { startMcpServer, type TestMcpServer } from "../support/mcp-server.ts";

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
