import type { z } from "zod";
import type { Env } from "#lib/server/env/env.ts";
import {
  ACCESS_RULES,
  type AccessSettings,
  type Identified,
  type Identifier,
} from "#lib/server/http/access.ts";
import { readForm, readJson } from "#lib/server/http/body.ts";
import type { BodyBudget, BodyRoom } from "#lib/server/http/body-budget.ts";
import { clientAddress } from "#lib/server/http/client-address.ts";
import { corsHeaders } from "#lib/server/http/cors.ts";
import {
  type DeclaredOperation,
  type FormOnlyBody,
  isMethod,
  type JsonBody,
  methodsOf,
  type RouteDeclaration,
} from "#lib/server/http/declaration.ts";
import { PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import type { HostContext } from "#lib/server/http/host-context.ts";
import { API_HEADERS, ERROR_SHAPES, type ErrorShape, errorResponse } from "#lib/server/http/http-error.ts";
import { isMultipart } from "#lib/server/http/multipart.ts";
import { rateLimitHeaders } from "#lib/server/http/rate-limit-headers.ts";
import type { RateLimit } from "#lib/services/admission/rate-limit.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import type { Logger, WaitUntil } from "#lib/services/ports.ts";
import { GatewayError, toGatewayError } from "#lib/shared/errors.ts";
import { LARGE_BODY } from "#lib/shared/event-loop.ts";

/** The parts of a gateway that serving a route needs. */
export type Edge = {
  readonly env: AccessSettings & Pick<Env, "CORS_ALLOWED_ORIGINS" | "TRUST_PROXY" | "VERCEL">;
  readonly logger: Pick<Logger, "error" | "warn">;
  readonly authenticator: Identifier;
  readonly isAdmin: (caller: Caller) => Promise<boolean>;
  /** The memory that request bodies may take. */
  readonly bodies: BodyBudget;
  /** Begins what is to be done beside requests. Never throws. */
  readonly besideRequest?: (waitUntil: WaitUntil) => void;
  /** Is told of requests that may belong to a trace; undefined if nobody traces. */
  readonly telemetry?: {
    noteRequest: ((requestId: string, headers: Headers) => void) | undefined;
  };
};

/** A web-standard handler: the same function runs under every host. */
export type Route = (request: Request, host: HostContext) => Promise<Response>;

/** A declared route as it is served; a host can write the parts of its answers without making a Response. */
export type PlainRoute = (request: Request, host: HostContext) => Promise<PlainResponse>;

/** A declared route with values that are derived once. */
type Served<Gateway> = {
  declaration: RouteDeclaration<Gateway>;
  /** The value of `Allow`. */
  allowed: string;
};

/** One request, and what is known of it so far, which its answer needs even if it fails. */
type Exchange<Gateway> = {
  request: Request;
  host: HostContext;
  requestId: string;
  gateway: Gateway | undefined;
  cors: Record<string, string>;
  known: Identified | undefined;
  room: BodyRoom | undefined;
  rateLimit: RateLimit | undefined;
};

/**
 * Serves a declared route. What every route needs happens here, in this order: request id, CORS, whether the
 * route is enabled, OPTIONS, 405, authentication, the body. It is also the only place where a thrown value
 * becomes a response.
 *
 * @param source returns the gateway: the process's own, or a test's.
 */
export function serveRoute<Gateway extends Edge>(
  declaration: RouteDeclaration<Gateway>,
  source: () => Promise<Gateway>,
): PlainRoute {
  const served = { declaration, allowed: [...methodsOf(declaration), "OPTIONS"].join(", ") };
  return async (request, host) => {
    const exchange: Exchange<Gateway> = {
      request,
      host,
      requestId: crypto.randomUUID(),
      gateway: undefined,
      cors: {},
      known: undefined,
      room: undefined,
      rateLimit: undefined,
    };
    let response: PlainResponse;
    try {
      exchange.gateway = await source();
      response = await answer(exchange, exchange.gateway, served);
    } catch (thrown) {
      response = failed(exchange, thrown, served);
    } finally {
      if (host.onEnd === undefined) exchange.room?.release();
    }
    addCommonHeaders(response, exchange, shapeOf(exchange, served));
    return response;
  };
}

async function answer<Gateway extends Edge>(
  exchange: Exchange<Gateway>,
  gateway: Gateway,
  { declaration, allowed }: Served<Gateway>,
): Promise<PlainResponse> {
  const { request, host, requestId } = exchange;
  const rule = ACCESS_RULES[declaration.access];
  exchange.cors = corsHeaders(request, gateway.env.CORS_ALLOWED_ORIGINS, allowed);
  rule.assertEnabled(gateway.env);
  if (request.method === "OPTIONS")
    return new PlainResponse(null, { status: 204, headers: { allow: allowed } });
  const operation = operationOf(declaration, request.method, allowed);
  if (rule.identify !== undefined) {
    exchange.known = await rule.identify(gateway.authenticator, request, host);
    host.callerKind = exchange.known.caller.kind;
    await rule.assertAllowed?.(exchange.known.caller, (caller) => gateway.isAdmin(caller));
  }
  if (declaration.access !== "public") gateway.besideRequest?.(host.waitUntil);
  gateway.telemetry?.noteRequest?.(requestId, request.headers);
  return operation.answer({
    gateway,
    request,
    requestId,
    route: declaration.path,
    host,
    caller: exchange.known?.caller,
    body: operation.body === undefined ? undefined : await readBody(exchange, gateway, operation.body),
    waitUntil: host.waitUntil,
    onRateLimit: (limit) => {
      exchange.rateLimit = limit;
    },
  });
}

/** The shape of the errors that the client expects. */
function shapeOf<Gateway>({ request }: Exchange<Gateway>, { declaration }: Served<Gateway>): ErrorShape {
  return declaration.errorsFor?.(request) ?? declaration.errors;
}

function failed<Gateway extends Edge>(
  exchange: Exchange<Gateway>,
  thrown: unknown,
  served: Served<Gateway>,
): PlainResponse {
  const { requestId, gateway } = exchange;
  const error = toGatewayError(thrown);
  logFailure(gateway?.logger, error, thrown, requestId);
  const response = errorResponse(error, requestId, shapeOf(exchange, served));
  if (error.code === "method_not_allowed") response.setHeader("allow", served.allowed);
  return response;
}

function addCommonHeaders(
  response: PlainResponse,
  { requestId, cors, known, rateLimit }: Exchange<unknown>,
  errors: ErrorShape,
): void {
  response.addHeaders(API_HEADERS);
  response.addHeaders(cors);
  if (rateLimit !== undefined) response.addHeaders(rateLimitHeaders(rateLimit));
  for (const cookie of known?.setCookies ?? []) response.addCookie(cookie);
  response.setHeader("x-request-id", requestId);
  const { requestIdHeader } = ERROR_SHAPES[errors];
  if (requestIdHeader !== undefined) response.setHeader(requestIdHeader, requestId);
}

/** Throws `method_not_allowed` for a method that the route does not declare. */
function operationOf<Gateway>(
  { methods }: RouteDeclaration<Gateway>,
  requested: string,
  allowed: string,
): DeclaredOperation<Gateway> {
  // Probes use HEAD; the host omits the body.
  const method = requested === "HEAD" ? "GET" : requested;
  const operation = isMethod(method) ? methods[method] : undefined;
  if (operation !== undefined) return operation;
  throw new GatewayError("method_not_allowed", `${requested} is not supported here. Use ${allowed}.`);
}

/**
 * Reads the body: JSON, or a form where the operation takes one. Its memory counts for the user, whatever keys they
 * use, or for an anonymous caller's address. Throws as `readJson` does, and what the operation's reader throws.
 */
async function readBody(
  exchange: Exchange<unknown>,
  { bodies, env }: Edge,
  body: JsonBody<z.ZodType, unknown> | FormOnlyBody<unknown>,
): Promise<unknown> {
  const { request, host } = exchange;
  const caller = exchange.known?.caller;
  const user = caller !== undefined && "userId" in caller ? caller.userId : undefined;
  const room = bodies.open(user ?? `address ${clientAddress(request, host, env)}`);
  exchange.room = room;
  host.onEnd?.(room.release);
  if (body.form !== undefined && isMultipart(request.headers)) {
    return body.form.read(await readForm(request, body.maxBytes, room));
  }
  if (body.schema === undefined) {
    throw new GatewayError("unsupported_media_type", "Send the body as multipart/form-data.");
  }
  const whenEmpty = body.isOptional === true ? {} : undefined;
  const expected = body.form === undefined ? undefined : "multipart/form-data or application/json";
  return body.read(await readJson(request, body.schema, body.maxBytes, room, { whenEmpty, expected }), {
    headers: request.headers,
    isLarge: room.taken > LARGE_BODY,
  });
}

/** Logs failures of the gateway itself. If no engine answered, the reasons have been logged already. */
function logFailure(
  logger: Edge["logger"] | undefined,
  error: GatewayError,
  thrown: unknown,
  requestId: string,
): void {
  if (error.code === "no_engine_configured") {
    // The process is well; a setting is missing, which the message names.
    logger?.warn(error.message, { requestId, code: error.code });
    return;
  }
  if (error.status < 500 || error.code === "engines_unavailable") return;
  if (logger !== undefined) logger.error("A request failed.", thrown, { requestId, code: error.code });
  // Without a gateway, whose settings are wrong, there is no logger.
  else process.stderr.write(`${error.message}\n`);
}
