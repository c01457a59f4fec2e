import { encodeMultipart } from "#lib/providers/call/multipart.ts";
import {
  type Upstream,
  type UpstreamBody,
  UpstreamError,
  type UpstreamRequest,
  type UpstreamResponse,
} from "#lib/providers/call/upstream.ts";
import { EngineFailure, type Failure } from "#lib/providers/failures/failure.ts";
import { classifyHttpError, type ErrorContext } from "#lib/providers/failures/provider-error.ts";
import { NO_OPTIONS, readRequestOptions } from "#lib/providers/failures/request-options.ts";
import type { EngineRequest, NoBody, RequestBody } from "#lib/providers/protocols/engine-request.ts";
import { protocolOf } from "#lib/providers/protocols/index.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { hostAndPort } from "#lib/providers/vendors/base-url.ts";
import { endpointOf, secretsOf } from "#lib/providers/vendors/credentials.ts";
import type { AttemptOutcome, EngineCall } from "#lib/providers/walk/walk-types.ts";
import { type LinkedAbort, linkAbort, NO_LONGER_NEEDED } from "#lib/shared/abort.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { parseJson } from "#lib/shared/json.ts";
import { encodeLargeJson } from "#lib/shared/large-json.ts";

const JSON_TYPE = "application/json";
/** How much of an error body is read, in bytes, and for how long, in milliseconds. */
const MAX_ERROR_BODY = 64 * 1024;
const ERROR_BODY_MS = 1_000;
/** The same if status and headers already say enough: failover should not wait. */
const NEEDLESS_BODY_MS = 50;

export type CallEffects = {
  upstream: Upstream;
  clock: Clock;
  /** A number in [0, 1). */
  random: () => number;
};

export type CallOptions = {
  /** Aborts when the client disconnects. */
  signal: AbortSignal;
  connectMs: number;
  /** How long the engine may take, milliseconds, until `read` resolves. */
  timeoutMs: number;
};

/** A 2xx answer whose body is still to be read. `abort` closes it; its reader owns it from here. */
export type EngineAnswer = { response: UpstreamResponse; context: ErrorContext; abort: LinkedAbort };

/**
 * Sends one request to one engine, with its credential. All calls use it: chat, embeddings, media.
 * `read` turns a 2xx answer into a value; the timeout runs until it resolves. A status other than 2xx, a
 * network error, a timeout and an `EngineFailure` thrown by `read` are returned as failures.
 * Rejects only when the signal aborts, or on a bug.
 */
export async function callEngine<Value>(
  target: EngineCall,
  request: EngineRequest,
  options: CallOptions,
  effects: CallEffects,
  read: (answer: EngineAnswer) => Promise<Value>,
): Promise<AttemptOutcome<Value>> {
  const { engine, key } = target;
  const { clock } = effects;
  const abort = linkAbort(options.signal);
  const timer = clock.after(options.timeoutMs, () => {
    abort.controller.abort(
      new EngineFailure({ kind: "timeout", reason: "The engine did not begin to answer in time." }),
    );
  });
  let kept = false;
  try {
    const isPlain = request.kind === "json" && request.isLarge !== true;
    const { contentType, body } = isPlain
      ? { contentType: JSON_TYPE, body: JSON.stringify(request.body) }
      : await encodeBody(request, effects);
    const response = await effects.upstream.send(upstreamRequest(target, request, contentType, body), {
      signal: abort.controller.signal,
      connectTimeoutMs: options.connectMs,
    });
    const context: ErrorContext = {
      header: response.header,
      wallNow: clock.wallNow(),
      secrets: secretsOf(key),
      model: engine.model,
      options: () => (request.kind === "json" ? readRequestOptions(request.body) : NO_OPTIONS),
    };
    if (response.status < 200 || response.status > 299) {
      const failure = await readFailure(response, context, clock);
      return { ok: false, failure: withDetail(failure, engine) };
    }
    const value = await read({ response, context, abort });
    kept = true;
    return { ok: true, value };
  } catch (error) {
    const { failure } = toEngineFailure(error, abort.controller.signal);
    return { ok: false, failure: withDetail(failure, engine) };
  } finally {
    timer.cancel();
    if (!kept) {
      abort.unlink();
      abort.controller.abort(NO_LONGER_NEEDED);
    }
  }
}

function upstreamRequest(
  { engine, key }: EngineCall,
  { path, headers }: EngineRequest,
  contentType: string | undefined,
  body: UpstreamRequest["body"],
): UpstreamRequest {
  const ofBody = contentType === undefined ? {} : { "content-type": contentType };
  return {
    method: body === undefined ? "GET" : "POST",
    url: endpointOf(engine.baseUrl, engine.provider.credentials, key) + path,
    headers: { ...ofBody, ...headers, ...protocolOf(engine).authHeaders(key) },
    body,
  };
}

async function encodeBody(
  request: RequestBody | NoBody,
  { random }: CallEffects,
): Promise<{ contentType: string | undefined; body: UpstreamRequest["body"] }> {
  switch (request.kind) {
    case "none":
      return { contentType: undefined, body: undefined };
    case "json":
      return { contentType: JSON_TYPE, body: await encodeLargeJson(request.body) };
    case "bytes":
      return { contentType: request.contentType, body: request.bytes };
    case "multipart": {
      const { contentType, pieces } = encodeMultipart(request.parts, random);
      return { contentType, body: pieces };
    }
  }
}

async function readFailure(
  response: UpstreamResponse,
  context: ErrorContext,
  clock: Clock,
): Promise<Failure> {
  if (response.status < 400) {
    response.body.cancel();
    return {
      kind: "bad_response",
      problem: "wrong_address",
      status: response.status,
      reason: "The provider answered with a redirect.",
    };
  }
  const isPlain =
    response.status >= 500 || (response.status === 429 && response.header("retry-after") !== undefined);
  const text = await readErrorBody(response.body, clock, isPlain ? NEEDLESS_BODY_MS : ERROR_BODY_MS);
  return classifyHttpError(response.status, text, parseJson(text), context);
}

/** As much of an error body as arrives within the timeout: failover does not wait for the rest. */
async function readErrorBody(body: UpstreamBody, clock: Clock, timeoutMs: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const timer = clock.after(timeoutMs, () => body.cancel());
  try {
    while (length < MAX_ERROR_BODY) {
      const chunk = await body.read();
      if (chunk === null) break;
      chunks.push(chunk);
      length += chunk.length;
    }
  } catch (error) {
    // The status has arrived and decides, even if the attempt times out while its body is read.
    if (!(error instanceof UpstreamError || error instanceof EngineFailure)) throw error;
  } finally {
    timer.cancel();
    body.cancel();
  }
  return Buffer.concat(chunks).toString("utf8", 0, MAX_ERROR_BODY);
}

const UPSTREAM_FAILURES = {
  connect: "connect",
  reset: "reset",
  too_large: "bad_response",
  protocol: "bad_response",
} as const satisfies Record<UpstreamError["kind"], Failure["kind"]>;

/** The failure behind what an attempt threw. Rethrows anything else: the caller's abort, and bugs. */
export function toEngineFailure(error: unknown, signal: AbortSignal): EngineFailure {
  if (error instanceof EngineFailure) return error;
  // Our timers abort with the failure as the reason; a client's abort has a different reason.
  if (signal.aborted && signal.reason instanceof EngineFailure) return signal.reason;
  if (error instanceof UpstreamError && !signal.aborted) {
    return new EngineFailure({
      kind: UPSTREAM_FAILURES[error.kind],
      reason: error.message,
      ...(error.systemCode === undefined ? {} : { detail: error.systemCode }),
      cause: error.cause,
    });
  }
  throw error;
}

/** Adds what the operator needs to fix it, for the log: the address, and the setting that holds it. */
function withDetail(failure: Failure, { provider, baseUrl }: Engine): Failure {
  if (failure.kind === "connect") {
    return { ...failure, detail: [failure.detail, hostAndPort(baseUrl)].filter(Boolean).join(" ") };
  }
  if (failure.problem !== "wrong_address") return failure;
  const what = failure.status === undefined ? "no API at" : `${failure.status} from`;
  const where = provider.baseUrlEnv ?? `baseUrl of "${provider.id}" in MODELS_CONFIG`;
  return { ...failure, detail: `${what} ${new URL(baseUrl).hostname}: check the base URL (${where})` };
}
