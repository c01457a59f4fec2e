import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";

export type TestMcpServer = {
  /** Its endpoint. */
  url: string;
  /** Notes that `write_note` has written. */
  written: string[];
  /** Headers of the requests, the newest last. */
  headers: IncomingMessage["headers"][];
  /** Calls of `slow` whose client has left. */
  left: number;
  stop(): Promise<void>;
};

export type TestMcpOptions = {
  /** The same port again, after a restart. */
  port?: number;
  /** Also takes clients of the revisions before 2026-07-28. */
  legacy?: boolean;
  /** Refuses requests without this bearer. */
  token?: string;
  /** Registers further tools. */
  more?: (server: McpServer) => void;
};

/** A small MCP server of the revision 2026-07-28, with a tool of each kind. */
export async function startMcpServer(options: TestMcpOptions = {}): Promise<TestMcpServer> {
  const state = { written: [] as string[], headers: [] as IncomingMessage["headers"][], left: 0 };
  const handler = createMcpHandler(() => serverWith(state, options), {
    legacy: options.legacy === true ? "stateless" : "reject",
  });
  const sockets = new Set<Socket>();
  const server = createServer((incoming, outgoing) => {
    state.headers.push(incoming.headers);
    if (options.token !== undefined && incoming.headers.authorization !== `Bearer ${options.token}`) {
      outgoing.writeHead(401).end();
      return;
    }
    answer(handler.fetch, incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The MCP server has no port.");
  return Object.assign(state, {
    url: `http://127.0.0.1:${address.port}/mcp`,
    stop: async () => {
      await handler.close();
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}

const text = (said: string) => ({ content: [{ type: "text" as const, text: said }] });
/** One pixel. */
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

function serverWith(state: { written: string[]; left: number }, { more }: TestMcpOptions): McpServer {
  const server = new McpServer({ name: "notes", version: "1.2.3" });
  server.registerTool(
    "read_note",
    { description: "Reads the note.", annotations: { readOnlyHint: true } },
    async () => text(`The note: ${state.written.at(-1) ?? "buy bread"}`),
  );
  server.registerTool(
    "write_note",
    { description: "Writes the note.", inputSchema: z.object({ text: z.string().min(1) }) },
    async ({ text: note }) => {
      state.written.push(note);
      return text(`Written: ${note}`);
    },
  );
  server.registerTool("slow", { annotations: { readOnlyHint: true } }, async (context) => {
    const { signal } = context.mcpReq;
    await pause(20_000, undefined, { signal }).catch(() => {
      state.left += 1;
    });
    return text("At last.");
  });
  server.registerTool("fails", { annotations: { readOnlyHint: true } }, async () => ({
    ...text("The printer is on fire."),
    isError: true,
  }));
  server.registerTool("picture", { annotations: { readOnlyHint: true } }, async () => ({
    content: [{ type: "image", data: PNG, mimeType: "image/png" }],
  }));
  server.registerTool(
    "weather",
    {
      inputSchema: z.object({ city: z.string() }),
      outputSchema: z.object({ city: z.string(), celsius: z.number() }),
      annotations: { readOnlyHint: true },
    },
    async ({ city }) => {
      const structuredContent = { city, celsius: 21 };
      return { ...text(JSON.stringify(structuredContent)), structuredContent };
    },
  );
  more?.(server);
  return server;
}

async function answer(
  handle: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const client = new AbortController();
  outgoing.once("close", () => {
    if (!outgoing.writableFinished) client.abort();
  });
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) headers.set(name, String(value));
  const { method = "GET" } = incoming;
  const hasBody = method !== "GET" && method !== "HEAD";
  const response = await handle(
    new Request(new URL(incoming.url ?? "/", `http://${incoming.headers.host}`), {
      ...{ method, headers, signal: client.signal },
      ...(hasBody ? { body: Buffer.concat(chunks) } : {}),
    }),
  );
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  const reader = response.body?.getReader();
  for (let step = await reader?.read(); step?.done === false; step = await reader?.read())
    outgoing.write(step.value);
  outgoing.end();
}
