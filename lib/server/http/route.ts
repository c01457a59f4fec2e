import type { Env } from "#lib/server/env/env.ts";
import {
  ACCESS_RULES,
  type AccessSettings,
  type Identified,
  type Identifier,
} from "#lib/server/http/access.ts";
import { readJson } from "#lib/server/http/body.ts";
import type { BodyBudget, BodyRoom } from "#lib/server/http/body-budget.ts";
import { clientAddress } from "#lib/server/http/client-address.ts";
import { corsHeaders } from "#lib/server/http/cors.ts";
import {
  type DeclaredOperation,
  isMethod,
  methodsOf,
  type RouteDeclaration,
} from "#lib/server/http/declaration.ts";
import { PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import type { HostContext } from "#lib/server/http/host-context.ts";
import { API_HEADERS, ERROR_SHAPES, errorResponse } from "#lib/server/http/http-error.ts";
import type { Logger } from "#lib/services/ports.ts";
import { GatewayError, toGatewayError } from "#lib/shared/errors.ts";
import { LARGE_BODY } from "#lib/shared/event-loop.ts";

export type { HostContext };

/** What serving a route needs of a gateway, whatever else it has. */
export type Edge = {
  readonly env: AccessSettings & Pick<Env, "CORS_ALLOWED_ORIGINS" | "TRUST_PROXY" | "VERCEL">;
  readonly logger: Pick<Logger, "error">;
  readonly authenticator: Identifier;
  /** The memory that request bodies may take. */
  readonly bodies: BodyBudget;
};

/** A web-standard handler: the same function runs under every host. */
export type Route = (request: Request, host: HostContext) => Promise<Response>;

/** A declared route as it is served: hosts that know the parts of its answers need not make more of them. */
export type PlainRoute = (request: Request, host: HostContext) => Promise<PlainResponse>;

/**
 * Serves a declared route. What every route needs happens here, once and in this order: request id, CORS,
 * whether the route is enabled, OPTIONS, 405, who is calling, the body, and the single place where a thrown
 * value becomes a response.
 *
 * @param source where the route gets its gateway: the process's own, or a test's.
 */
export function serveRoute<Gateway extends Edge>(
  declaration: RouteDeclaration<Gateway>,
  source: () => Promise<Gateway>,
): PlainRoute {
  const { errors } = declaration;
  const rule = ACCESS_RULES[declaration.access];
  const allowed = [...methodsOf(declaration), "OPTIONS"].join(", ");
  const { requestIdHeader } = ERROR_SHAPES[errors];
  return async (request, host) => {
    const requestId = crypto.randomUUID();
    let gateway: Gateway | undefined;
    let cors: Record<string, string> = {};
    let known: Identified | undefined;
    let room: BodyRoom | undefined;
    let response: PlainResponse;
    try {
      gateway = await source();
      cors = corsHeaders(request, gateway.env.CORS_ALLOWED_ORIGINS, allowed);
      rule.assertEnabled(gateway.env);
      if (request.method === "OPTIONS") {
        response = new PlainResponse(null, { status: 204, headers: { allow: allowed } });
      } else {
        const operation = operationOf(declaration, request.method, allowed);
        if (rule.identify !== undefined) {
          known = await rule.identify(gateway.authenticator, request, host);
          host.callerKind = known.caller.kind;
        }
        if (operation.body !== undefined) room = openRoom(gateway, known, request, host);
        response = await operation.answer({
          gateway,
          request,
          requestId,
          host,
          caller: known?.caller,
          body: room === undefined ? undefined : await readBody(request, operation, room),
          inBackground: host.waitUntil,
        });
      }
    } catch (thrown) {
      const error = toGatewayError(thrown);
      logFailure(gateway?.logger, error, thrown, requestId);
      response = errorResponse(error, requestId, errors);
      if (error.code === "method_not_allowed") response.setHeader("allow", allowed);
    } finally {
      if (host.onEnd === undefined) room?.release();
    }
    response.addHeaders(API_HEADERS);
    response.addHeaders(cors);
    for (const cookie of known?.setCookies ?? []) response.addCookie(cookie);
    response.setHeader("x-request-id", requestId);
    if (requestIdHeader !== undefined) response.setHeader(requestIdHeader, requestId);
    return response;
  };
}

/** Throws `method_not_allowed` for a method that the route does not declare. */
function operationOf<Gateway>(
  { methods }: RouteDeclaration<Gateway>,
  requested: string,
  allowed: string,
): DeclaredOperation<Gateway> {
  // Probes ask with HEAD; the host leaves the body out.
  const method = requested === "HEAD" ? "GET" : requested;
  const operation = isMethod(method) ? methods[method] : undefined;
  if (operation !== undefined) return operation;
  throw new GatewayError("method_not_allowed", `${requested} is not supported here. Use ${allowed}.`);
}

/** The room of one body, in the part of a user, whatever keys they use, or of a stranger's address. */
function openRoom(
  { bodies, env }: Edge,
  known: Identified | undefined,
  request: Request,
  host: HostContext,
): BodyRoom {
  const caller = known?.caller;
  const isStranger = caller === undefined || caller.kind === "open";
  const room = bodies.open(isStranger ? `address ${clientAddress(request, host, env)}` : caller.userId);
  host.onEnd?.(room.release);
  return room;
}

/** Throws as `readJson` does, and what the operation's reader throws. */
async function readBody(
  request: Request,
  { body }: Pick<DeclaredOperation<never>, "body">,
  room: BodyRoom,
): Promise<unknown> {
  return body?.read(await readJson(request, body.schema, body.maxBytes, room), {
    headers: request.headers,
    isLarge: room.taken > LARGE_BODY,
  });
}

/** Failures of our own side. Why no engine answered has been logged with its attempts. */
function logFailure(
  logger: Edge["logger"] | undefined,
  error: GatewayError,
  thrown: unknown,
  requestId: string,
): void {
  if (error.status < 500 || error.code === "engines_unavailable") return;
  if (logger !== undefined) logger.error("A request failed.", thrown, { requestId, code: error.code });
  // Without a gateway there is no logger: its settings are wrong.
  else process.stderr.write(`${error.message}\n`);
}
