import { Readable } from "node:stream";
import { serve } from "@hono/node-server";
import { Agent, request as dispatch } from "undici";
import { answerParent } from "./child.ts";

/**
 * The least that does a gateway's job: reads the body, calls the upstream, hands its answer on. With
 * `fetch`, as a person would write it; with `undici`, by the fastest client there is.
 */
type Ask = { client: "fetch" | "undici"; upstream: string };

const agent = new Agent({ keepAliveTimeout: 55_000 });

async function viaFetch(url: string, body: string, signal: AbortSignal): Promise<Response> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    signal,
  });
  return new Response(answer.body, {
    status: answer.status,
    headers: { "content-type": answer.headers.get("content-type") ?? "application/json" },
  });
}

async function viaUndici(url: string, body: string, signal: AbortSignal): Promise<Response> {
  const headers = { "content-type": "application/json" };
  const answer = await dispatch(url, { dispatcher: agent, method: "POST", headers, body, signal });
  const type = String(answer.headers["content-type"]);
  const stream = type.startsWith("text/event-stream");
  return new Response(stream ? (Readable.toWeb(answer.body) as ReadableStream) : await answer.body.text(), {
    status: answer.statusCode,
    headers: { "content-type": type },
  });
}

answerParent(
  ({ client, upstream }: Ask) =>
    new Promise((resolve) => {
      const call = client === "fetch" ? viaFetch : viaUndici;
      const handle = async (request: Request): Promise<Response> => {
        const body: unknown = await request.json();
        const { pathname } = new URL(request.url);
        return call(`${upstream}${pathname}`, JSON.stringify(body), request.signal);
      };
      serve({ fetch: handle, port: 0, hostname: "127.0.0.1" }, ({ port }) =>
        resolve(`http://127.0.0.1:${port}`),
      );
    }),
);
