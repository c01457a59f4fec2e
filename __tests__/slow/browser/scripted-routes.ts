import { createServer, type IncomingMessage, request as openRequest, type ServerResponse } from "node:http";

/** An answer that a test writes. */
export type ScriptedAnswer = {
  json(body: unknown, status?: number): void;
  file(bytes: Uint8Array, type: string): void;
  /** Sends events of a stream, which the first of them begins. */
  say(...events: readonly object[]): void;
  end(): void;
  /** The browser has let go of the answer. */
  readonly isLeft: boolean;
};
/** `body`: of JSON its value, of anything else its bytes as text (Latin-1). */
export type ScriptedRoute = (body: unknown, answer: ScriptedAnswer) => void | Promise<void>;

export type ScriptedRoutes = {
  url: string;
  /** By method and path, such as `POST /api/ai-chat`; the gateway answers the rest. */
  routes: Map<string, ScriptedRoute>;
  stop(): Promise<void>;
};

/** An origin of its own in front of a gateway, where a test answers some of the routes itself. */
export async function startScriptedRoutes(gatewayUrl: string): Promise<ScriptedRoutes> {
  const routes = new Map<string, ScriptedRoute>();
  const server = createServer((incoming, outgoing) => {
    const { pathname } = new URL(incoming.url ?? "/", gatewayUrl);
    const route = routes.get(`${incoming.method} ${pathname}`);
    if (route === undefined) passOn(gatewayUrl, incoming, outgoing);
    else answerBy(route, incoming, outgoing).catch((error: unknown) => outgoing.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("No port.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    routes,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function passOn(gatewayUrl: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, headers, url = "/" } = incoming;
  const passed = openRequest(new URL(url, gatewayUrl), { method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  passed.on("error", (error) => outgoing.destroy(error));
  outgoing.on("close", () => passed.destroy());
  incoming.pipe(passed);
}

async function answerBy(
  route: ScriptedRoute,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  await route(bodyValue(body, incoming.headers["content-type"] ?? ""), {
    json(body, status = 200) {
      outgoing.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    },
    file(bytes, type) {
      outgoing.writeHead(200, { "content-type": type }).end(bytes);
    },
    say(...events) {
      if (!outgoing.headersSent) outgoing.writeHead(200, { "content-type": "text/event-stream" });
      for (const event of events) outgoing.write(`data: ${JSON.stringify(event)}\n\n`);
    },
    end: () => void outgoing.end(),
    get isLeft() {
      return outgoing.destroyed && !outgoing.writableFinished;
    },
  });
}

function bodyValue(body: Buffer, type: string): unknown {
  if (body.length === 0) return undefined;
  return type.includes("json") ? JSON.parse(body.toString()) : body.toString("latin1");
}
