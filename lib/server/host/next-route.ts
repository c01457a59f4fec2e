import { after } from "next/server";
import type { Method } from "#lib/server/http/declaration.ts";
import { serveRoute } from "#lib/server/http/route.ts";
import type { GatewayRoute } from "#lib/server/routes/gateway-route.ts";
import { getGateway } from "#lib/server/wiring/gateway.ts";

type Handler = (request: Request) => Promise<Response>;
type NextHandlers = Record<Method | "OPTIONS", Handler>;

/**
 * A route for Next.js. Every method goes to the one handler, so that a 405 has the API's shape, too.
 * Work behind the answer is passed to Next's `after`, for which Vercel keeps the function alive.
 */
export function nextRoute(declaration: GatewayRoute): NextHandlers {
  const route = serveRoute(declaration, getGateway);
  const handle: Handler = async (request) => {
    const works: Promise<void>[] = [];
    const callbacks: (() => void)[] = [];
    // Registered now: while the stream is being cancelled, there is no request scope.
    after(async () => {
      for (const callback of callbacks) callback();
      await Promise.all(works);
      // Last: the turn has ended now. Without a gateway, whose settings are wrong, there is nothing to send.
      await getGateway().then(
        ({ telemetry }) => telemetry.flushBehindAnswer(),
        () => undefined,
      );
    });
    const response = await route(request, {
      waitUntil: (work) => works.push(work),
      onEnd: (callback) => callbacks.push(callback),
    });
    return response.toResponse();
  };
  return { GET: handle, POST: handle, PUT: handle, PATCH: handle, DELETE: handle, OPTIONS: handle };
}
