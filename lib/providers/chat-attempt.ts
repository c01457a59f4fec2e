import { type ChatEvent, isContent } from "#lib/chat/events.ts";
import type { ChatRequest } from "#lib/chat/request.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import { EngineStream, toEngineFailure } from "#lib/providers/engine-stream.ts";
import type { AttemptOutcome, Target } from "#lib/providers/failover.ts";
import { EngineFailure, type Failure } from "#lib/providers/failure.ts";
import { PROTOCOLS } from "#lib/providers/protocols/index.ts";
import type { EncodedRequest } from "#lib/providers/protocols/protocol.ts";
import { classifyHttpError, type ErrorContext } from "#lib/providers/provider-error.ts";
import {
  type Upstream,
  type UpstreamBody,
  UpstreamError,
  type UpstreamResponse,
} from "#lib/providers/upstream.ts";
import { linkAbort } from "#lib/shared/abort.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { parseJson } from "#lib/shared/json.ts";

/** Error bodies are read this far and this long, milliseconds. */
const LONGEST_ERROR_BODY = 64 * 1024;
const ERROR_BODY_MS = 1_000;
/** The same where the status and its headers say enough: the next engine is waiting. */
const NEEDLESS_BODY_MS = 50;

/** Time-outs of an attempt, milliseconds. */
export type AttemptTimes = { connectMs: number; firstTokenMs: number; answerMs: number; idleMs: number };

export type AttemptEffects = { upstream: Upstream; clock: Clock; newId: () => string };

/** An engine that has begun to answer. */
export type OpenedChat = {
  stream: EngineStream;
  /** The events up to and including the first content. */
  head: ChatEvent[];
  /** Request fields that this engine could not take. */
  dropped: string[];
};

/** A failed call may have reported what it used before it failed. */
export type ChatOutcome = AttemptOutcome<OpenedChat> & { usage?: TokenUsage };

export type ChatCall = {
  request: ChatRequest;
  /** The request ends with a beginning of the answer that the gateway put there. */
  prefilled: boolean;
  promptCache: boolean;
  signal: AbortSignal;
  times: AttemptTimes;
};

/**
 * Calls one engine and waits for its first content: the commit point. Nothing before it is shown to
 * anybody. Rejects only when `call.signal` aborts, or on a bug; every other end is an outcome.
 */
export async function openChat(
  target: Target,
  call: ChatCall,
  effects: AttemptEffects,
): Promise<ChatOutcome> {
  const { engine, key } = target;
  const { clock } = effects;
  const protocol = PROTOCOLS[engine.provider.protocol];
  const encoded = protocol.encode(call.request, engine, {
    promptCache: call.promptCache && !target.withoutAdditions,
  });
  const abort = linkAbort(call.signal);
  const timer = clock.after(patience(target, call), () => {
    abort.controller.abort(
      new EngineFailure({ kind: "timeout", reason: "The engine did not begin to answer in time." }),
    );
  });
  let stream: EngineStream | undefined;
  let opened = false;
  try {
    const response = await effects.upstream.send(
      {
        method: "POST",
        url: `${engine.baseUrl}${encoded.path}`,
        headers: { "content-type": "application/json", ...encoded.headers, ...protocol.authHeaders(key) },
        body: JSON.stringify(encoded.body),
      },
      { signal: abort.controller.signal, connectTimeoutMs: call.times.connectMs },
    );
    const context: ErrorContext = { header: response.header, wallNow: clock.wallNow(), secrets: [key] };
    if (response.status < 200 || response.status > 299) {
      const failure = await readFailure(response, context, clock);
      return refusedOrFailed(failure, call, target, encoded);
    }
    stream = new EngineStream({
      body: response.body,
      decoder: protocol.createDecoder({ ...context, newId: effects.newId, issuer: engine.provider.id }),
      clock,
      abort,
      emptyAnswerAllowed: call.request.stop !== undefined,
    });
    const head = await readHead(stream);
    stream.idleMs = call.times.idleMs;
    opened = true;
    return { ok: true, value: { stream, head, dropped: encoded.dropped } };
  } catch (error) {
    const { failure } = toEngineFailure(error, abort.controller.signal);
    const usage = stream?.usage;
    const outcome = refusedOrFailed(failure, call, target, encoded);
    // What was counted before a fault is not always billed.
    return usage === undefined ? outcome : { ...outcome, usage: { ...usage, source: "estimated" } };
  } finally {
    timer.cancel();
    if (!opened) {
      stream?.close();
      abort.unlink();
      abort.controller.abort();
    }
  }
}

/** How long the engine may take to its first content, or to its whole answer when it does not stream. */
function patience(target: Target, call: ChatCall): number {
  if (target.isLast) return target.remainingMs;
  const { firstTokenMs, answerMs } = call.times;
  const most = call.request.stream ? (target.engine.firstTokenTimeoutMs ?? firstTokenMs) : answerMs;
  return Math.min(most, target.remainingMs);
}

async function readHead(stream: EngineStream): Promise<ChatEvent[]> {
  const head: ChatEvent[] = [];
  while (true) {
    const batch = await stream.next();
    if (batch === null) return head;
    for (const event of batch) head.push(event);
    if (stream.ended || batch.some(isContent)) return head;
  }
}

function refusedOrFailed(
  failure: Failure,
  call: ChatCall,
  target: Target,
  encoded: EncodedRequest,
): AttemptOutcome<OpenedChat> {
  const named = `${failure.param ?? ""} ${failure.reason}`;
  const additionRefused =
    failure.kind === "refused" &&
    !target.withoutAdditions &&
    (call.prefilled || encoded.additions.some((addition) => named.includes(addition)));
  return { ok: false, failure, additionRefused };
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
      status: response.status,
      reason: "The provider answered with a redirect.",
    };
  }
  const isPlain =
    response.status >= 500 || (response.status === 429 && response.header("retry-after") !== undefined);
  const text = await readErrorBody(response.body, clock, isPlain ? NEEDLESS_BODY_MS : ERROR_BODY_MS);
  return classifyHttpError(response.status, text, parseJson(text), context);
}

/** As much of an error's body as comes soon: the failover does not wait for the rest. */
async function readErrorBody(body: UpstreamBody, clock: Clock, patienceMs: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const timer = clock.after(patienceMs, () => body.cancel());
  try {
    while (length < LONGEST_ERROR_BODY) {
      const chunk = await body.read();
      if (chunk === null) break;
      chunks.push(chunk);
      length += chunk.length;
    }
  } catch (error) {
    // Not even the attempt's own time-out unsays a status that has come.
    if (!(error instanceof UpstreamError || error instanceof EngineFailure)) throw error;
  } finally {
    timer.cancel();
    body.cancel();
  }
  return Buffer.concat(chunks).toString("utf8", 0, LONGEST_ERROR_BODY);
}
