import { createServer } from "node:http";
import { systemClock } from "#lib/adapters/clock.ts";
import { createHttpUpstream } from "#lib/adapters/http/upstream.ts";
import { createLogger } from "#lib/adapters/logger.ts";
import type { UpstreamResponse } from "#lib/providers/call/upstream.ts";
import { ApiListener } from "#lib/server/host/api-listener.ts";
import { SSE_HEADERS, sseStream } from "#lib/streaming/sse-writer.ts";
import { answerParent } from "./child.ts";

/** Our host and our way to providers, with nothing between them: what the leanest handler does. */
const http = createHttpUpstream();

async function pass(url: string, request: Request): Promise<Response> {
  const body: unknown = JSON.parse(await readText(request));
  const answer = await http.send(
    { url, method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) },
    { signal: request.signal, connectTimeoutMs: 3_000 },
  );
  if (answer.header("content-type")?.startsWith("text/event-stream") !== true)
    return new Response(await wholeOf(answer), { headers: { "content-type": "application/json" } });
  const decoder = new TextDecoder();
  const stream = sseStream(chunks(answer), (bytes) => decoder.decode(bytes, { stream: true }), {
    clock: systemClock,
    onCancel: () => answer.body.cancel(),
  });
  return new Response(stream, { headers: SSE_HEADERS });
}

async function readText(request: Request): Promise<string> {
  const reader = request.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  return text;
}

async function* chunks({ body }: UpstreamResponse): AsyncGenerator<Uint8Array, void> {
  for (let chunk = await body.read(); chunk !== null; chunk = await body.read()) yield chunk;
}

async function wholeOf(answer: UpstreamResponse): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks(answer)) parts.push(chunk);
  return Buffer.concat(parts).toString("utf8");
}

answerParent(async (upstream: string) => {
  const logger = createLogger([]);
  const listener = new ApiListener({
    routeOf: (pathname) => (request) => pass(`${upstream}${pathname}`, request),
    isStopping: () => false,
    waitUntil: () => undefined,
    logError: (message, cause) => logger.error(message, cause),
  });
  const server = createServer((incoming, outgoing) => void listener.serve(incoming, outgoing));
  server.keepAliveTimeout = 75_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" ? `http://127.0.0.1:${address?.port}` : "";
});
