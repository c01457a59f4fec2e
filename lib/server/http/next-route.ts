import { after } from "next/server";
import { PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import type { GatewaySource, Route } from "#lib/server/http/route.ts";
import { getGateway } from "#lib/server/wiring/gateway.ts";

type Handler = (request: Request) => Promise<Response>;
type NextHandlers = Record<"GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS", Handler>;

/**
 * A route for Next.js. Every method goes to the one handler, so that also a 405 has our shape.
 * Work behind the answer is handed to Next's `after`, which Vercel keeps the function alive for.
 */
export function nextRoute(define: (gateway: GatewaySource) => Route): NextHandlers {
  const route = define(getGateway);
  const handle: Handler = async (request) => {
    const works: Promise<void>[] = [];
    const callbacks: (() => void)[] = [];
    // Registered now: while the stream is being cancelled there is no request scope to register in.
    after(async () => {
      for (const callback of callbacks) callback();
      await Promise.all(works);
    });
    const response = await route(request, {
      waitUntil: (work) => works.push(work),
      onEnd: (callback) => callbacks.push(callback),
    });
    return response instanceof PlainResponse ? response.platform() : response;
  };
  return { GET: handle, POST: handle, PUT: handle, PATCH: handle, DELETE: handle, OPTIONS: handle };
}
