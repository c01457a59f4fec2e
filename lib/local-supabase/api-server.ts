import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import type { FunctionFront } from "#lib/local-supabase/function-calls/front.ts";
import { answerFunctionCall } from "#lib/local-supabase/function-calls/http.ts";

type Fetch = (request: Request) => Promise<Response>;

/** Only the paths that supabase-js calls. Lite's `/_system` would show the connection to anybody. */
const SERVED = /^\/(?:rest|auth)\/v1(?:\/|$|\?)/;

/**
 * Pages on another port sign in here from the browser. As on hosted Supabase, every origin is allowed, because
 * the credential is in a header, not in a cookie. Lite answers preflights without the allowed headers.
 */
function allowCrossOrigin(incoming: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.setHeader("access-control-allow-origin", "*");
  outgoing.setHeader("access-control-expose-headers", "*");
  if (incoming.method !== "OPTIONS") return;
  outgoing.setHeader("access-control-allow-methods", "GET,HEAD,POST,PUT,PATCH,DELETE");
  outgoing.setHeader(
    "access-control-allow-headers",
    incoming.headers["access-control-request-headers"] ?? "apikey,authorization,content-type,x-client-info",
  );
  outgoing.setHeader("access-control-max-age", "3600");
}

/** Serves the API on 127.0.0.1, function calls by `front`; on a free port if the wanted one is in use. */
export async function serve(handler: Fetch, front: FunctionFront, wantedPort: number): Promise<number> {
  const server = createServer((incoming, outgoing) => {
    answer(handler, front, incoming, outgoing).catch((error: unknown) => {
      console.error(error);
      outgoing.destroy();
    });
  });
  server.keepAliveTimeout = 60_000;
  try {
    return await listen(server, wantedPort);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "EADDRINUSE") throw error;
    return await listen(server, 0);
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      const address = server.address();
      resolve(address !== null && typeof address === "object" ? address.port : port);
    });
  });
}

async function answer(
  handler: Fetch,
  front: FunctionFront,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const url = incoming.url ?? "/";
  if (!SERVED.test(url)) {
    outgoing.writeHead(404).end();
    return;
  }
  allowCrossOrigin(incoming, outgoing);
  if (incoming.method === "OPTIONS") {
    outgoing.writeHead(204).end();
    return;
  }
  const call = await answerFunctionCall(front, incoming, outgoing);
  if (call.isAnswered) return;
  const response = await handler(toRequest(incoming, url, call.body));
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) {
    if (name !== "set-cookie" && !name.startsWith("access-control-")) outgoing.setHeader(name, value);
  }
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader("set-cookie", cookies);
  outgoing.end(Buffer.from(await response.arrayBuffer()));
}

/** @param body if it has been read. */
function toRequest(incoming: IncomingMessage, url: string, body: string | undefined): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined) headers.append(name, one);
  }
  const method = incoming.method ?? "GET";
  const hasBody = method !== "GET" && method !== "HEAD";
  const stream = (): BodyInit => Readable.toWeb(incoming) as NodeReadableStream & BodyInit;
  return new Request(new URL(url, `http://${incoming.headers.host ?? "127.0.0.1"}`), {
    method,
    headers,
    ...(hasBody ? { body: body ?? stream(), duplex: "half" } : {}),
  });
}
