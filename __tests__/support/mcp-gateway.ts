import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as OldTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ApiListener } from "#lib/server/host/api-listener.ts";
import { apiRouter } from "#lib/server/routes/api-routes.ts";
import type { TestGateway } from "./test-gateway.ts";

export type OwnHost = { url: string; stop(): Promise<void> };

/**
 * The gateway's routes on a real socket, as `npm start` serves them.
 *
 * @param credential is added to requests without one, for programs that cannot send any.
 */
export async function serveAsOurs({ gateway }: TestGateway, credential?: string): Promise<OwnHost> {
  const works = new Set<Promise<void>>();
  const listener = new ApiListener({
    routeOf: apiRouter(async () => gateway),
    isStopping: () => false,
    waitUntil: (work) => works.add(work),
    logError: (message, cause) => process.stderr.write(`${message} ${String(cause)}\n`),
  });
  const server = createServer((incoming, outgoing) => {
    if (credential !== undefined && incoming.headers.authorization === undefined) {
      incoming.rawHeaders.push("authorization", `Bearer ${credential}`);
    }
    void listener.serve(incoming, outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await Promise.all(works);
    },
  };
}

export type CalledTool = {
  content: readonly { type: string; text?: string }[];
  structuredContent?: unknown;
  isError?: boolean | undefined;
};

/** What the official clients have in common, for tests. */
export type McpClient = {
  protocolVersion: string | undefined;
  listTools(): Promise<readonly { name: string; inputSchema: unknown; annotations?: object | undefined }[]>;
  callTool(name: string, args: Record<string, unknown>, signal?: AbortSignal): Promise<CalledTool>;
  close(): Promise<void>;
};

/** The official clients: 2.x in both eras, and 1.x. */
export const MCP_CLIENTS = {
  "2.x, revision 2026-07-28": (url: string, key: string) => connect(url, key, { pin: "2026-07-28" }),
  "2.x, what both have": (url: string, key: string) => connect(url, key, "auto"),
  "2.x, era of 2025": (url: string, key: string) => connect(url, key, "legacy"),
  "1.x": connectOld,
} as const;

const ME = { name: "a test", version: "1.0.0" };
const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

async function connect(
  url: string,
  key: string,
  mode: "auto" | "legacy" | { pin: string },
): Promise<McpClient> {
  const client = new Client(ME, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: bearer(key) }));
  return {
    protocolVersion: client.getNegotiatedProtocolVersion(),
    listTools: async () => (await client.listTools()).tools,
    callTool: async (name, args, signal) =>
      (await client.callTool(
        { name, arguments: args },
        signal === undefined ? {} : { signal },
      )) as CalledTool,
    close: () => client.close(),
  };
}

async function connectOld(url: string, key: string): Promise<McpClient> {
  const client = new OldClient(ME);
  const transport = new OldTransport(new URL(url), { requestInit: bearer(key) });
  await client.connect(transport as Parameters<OldClient["connect"]>[0]);
  return {
    protocolVersion: transport.protocolVersion,
    listTools: async () => (await client.listTools()).tools,
    callTool: async (name, args, signal) => {
      const options = signal === undefined ? {} : { signal };
      return (await client.callTool({ name, arguments: args }, undefined, options)) as CalledTool;
    },
    close: () => client.close(),
  };
}
