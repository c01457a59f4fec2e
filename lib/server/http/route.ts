import type { z } from "zod";
import { readJson } from "#lib/server/http/body.ts";
import type { BodyRoom } from "#lib/server/http/body-budget.ts";
import { clientAddress } from "#lib/server/http/client-address.ts";
import { corsHeaders } from "#lib/server/http/cors.ts";
import { PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import type { HostContext } from "#lib/server/http/host-context.ts";
import { API_HEADERS, type ErrorBody, errorResponse, nativeError } from "#lib/server/http/http-error.ts";
import type { Gateway } from "#lib/server/wiring/gateway.ts";
import type { Caller, ProxyCaller } from "#lib/services/identity/caller.ts";
import type { RunInBackground } from "#lib/services/ports.ts";
import { GatewayError, toGatewayError } from "#lib/shared/errors.ts";
import { LARGE_BODY } from "#lib/shared/event-loop.ts";

export type { HostContext };

export type RouteContext = {
  gateway: Gateway;
  requestId: string;
  host: HostContext;
  /** Who is calling; throws as `Authenticator` does. Cookies of a refreshed session go out with any answer. */
  authenticate(): Promise<Caller>;
  /** The same for the OpenAI-shaped routes; throws as `Authenticator.authenticateProxy` does. */
  authenticateProxy(): Promise<ProxyCaller>;
  /**
   * The JSON body, validated; to be asked for once it is known who is calling, whose memory it takes. Throws
   * as `readJson` does.
   */
  readJson<Schema extends z.ZodType>(schema: Schema, maxBytes: number): Promise<z.infer<Schema>>;
  /** Whether the body that was read is so large that all work on it should come in steps. */
  hasLargeBody(): boolean;
  inBackground: RunInBackground;
};

/** Where a route gets its gateway: the process's own, or a test's. */
export type GatewaySource = () => Promise<Gateway>;

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
export type Handlers = Partial<
  Record<Method, (request: Request, context: RouteContext) => Promise<PlainResponse>>
>;

/** A web-standard handler: the same function runs under every host. */
export type Route = (request: Request, host: HostContext) => Promise<Response>;

/** A route of `defineRoute`: hosts that know the parts of its answers need not make more of them. */
export type OwnRoute = (request: Request, host: HostContext) => Promise<PlainResponse>;

/**
 * A route out of its methods' handlers. What every route needs stands here once: request id, CORS and
 * OPTIONS, 405, and the single place where a thrown value becomes a response.
 *
 * @param errorBody a failure in the shape of the API that the route belongs to.
 * @param assertThere throws where the configuration leaves the route out, whatever the method.
 */
export function defineRoute(
  gateway: GatewaySource,
  handlers: Handlers,
  errorBody: ErrorBody = nativeError,
  assertThere: (gateway: Gateway) => void = () => undefined,
): OwnRoute {
  const allowed = [...Object.keys(handlers), "OPTIONS"].join(", ");
  return async (request, host) => {
    const requestId = crypto.randomUUID();
    let cors: Record<string, string> = {};
    const cookies: string[] = [];
    let caller: ProxyCaller | undefined;
    let room: BodyRoom | undefined;
    let response: PlainResponse;
    try {
      const ready = await gateway();
      cors = corsHeaders(request, ready.env.CORS_ALLOWED_ORIGINS, allowed);
      assertThere(ready);
      response = await answer(request, {
        gateway: ready,
        requestId,
        host,
        async authenticate() {
          const known = await ready.authenticator.authenticate(request, host);
          cookies.push(...known.setCookies);
          caller = known.caller;
          host.callerKind = caller.kind;
          return known.caller;
        },
        async authenticateProxy() {
          const known = await ready.authenticator.authenticateProxy(request, host);
          caller = known;
          host.callerKind = known.kind;
          return known;
        },
        readJson(schema, maxBytes) {
          const opened = ready.bodies.open(budgetOwner(caller, clientAddress(request, host, ready.env)));
          room = opened;
          host.onEnd?.(opened.release);
          return readJson(request, schema, maxBytes, opened);
        },
        hasLargeBody: () => room !== undefined && room.taken > LARGE_BODY,
        inBackground: host.waitUntil,
      });
    } catch (thrown) {
      const error = toGatewayError(thrown);
      // Why no engine answered has been told with its attempts.
      if (error.status >= 500 && error.code !== "engines_unavailable")
        await logFailure(gateway, error, thrown, requestId);
      response = errorResponse(error, requestId, errorBody);
      if (error.code === "method_not_allowed") response.setHeader("allow", allowed);
    } finally {
      if (host.onEnd === undefined) room?.release();
    }
    response.addHeaders(API_HEADERS);
    response.addHeaders(cors);
    for (const cookie of cookies) response.addCookie(cookie);
    response.setHeader("x-request-id", requestId);
    return response;
  };

  async function answer(request: Request, context: RouteContext): Promise<PlainResponse> {
    if (request.method === "OPTIONS")
      return new PlainResponse(null, { status: 204, headers: { allow: allowed } });
    // Probes ask with HEAD; the host leaves the body out.
    const method = request.method === "HEAD" ? "GET" : request.method;
    const handler = Object.hasOwn(handlers, method) ? handlers[method as Method] : undefined;
    if (handler === undefined) {
      throw new GatewayError(
        "method_not_allowed",
        `${request.method} is not supported here. Use ${allowed}.`,
      );
    }
    return await handler(request, context);
  }
}

/** Whose bodies share one part of the memory: a user's, whatever keys they use, or a stranger's address. */
function budgetOwner(caller: ProxyCaller | undefined, address: string): string {
  return caller === undefined || caller.kind === "open" ? `address ${address}` : caller.userId;
}

async function logFailure(
  gateway: GatewaySource,
  error: GatewayError,
  thrown: unknown,
  requestId: string,
): Promise<void> {
  const ready = await gateway().catch(() => undefined);
  if (ready === undefined) process.stderr.write(`${error.message}\n`);
  else ready.logger.error("A request failed.", thrown, { requestId, code: error.code });
}
