import { assistantText } from "#lib/chat/assistant-parts.ts";
import type { ChatMessage, ChatRequest } from "#lib/chat/request.ts";
import { estimateTokens } from "#lib/chat/usage.ts";
import { askToContinue, tailToRepeat, withoutHalfCharacter } from "#lib/providers/chat/repeated-tail.ts";
import type { Failure } from "#lib/providers/failures/failure.ts";
import { interrupted } from "#lib/providers/failures/run-errors.ts";
import { chatPowerOf } from "#lib/providers/protocols/index.ts";
import type { ContinuationStrategy } from "#lib/providers/protocols/protocol.ts";
import type { EngineCall } from "#lib/providers/walk/walk-types.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** An answer longer than this, in characters, is not continued on another engine. */
const MAX_CONTINUED = 200_000;

/** How this engine is given the beginning of the answer, if there is one. */
export function continuationFor(
  { engine, withoutAdditions }: EngineCall,
  { reasoningEffort }: ChatRequest,
): ContinuationStrategy {
  // A model that thinks first cannot begin in the middle of an answer.
  const thinks = reasoningEffort !== undefined && reasoningEffort !== "none";
  return withoutAdditions || thinks ? "instructed" : chatPowerOf(engine).continuation(engine);
}

/**
 * The request that continues a broken answer: with the beginning as a prefill if the engine supports one, else
 * with the request to repeat the last characters and to go on. A prefill must not end in white space
 * (Anthropic rejects it, and the space is one token with the next word), so the engine writes it again. What
 * was sent counts against the client's token limit; what is to be repeated does not.
 */
export function continueRequest(
  request: ChatRequest,
  sent: string,
  strategy: ContinuationStrategy,
): ChatRequest {
  const isAsked = strategy === "instructed";
  const beginning = isAsked ? withoutHalfCharacter(sent) : withoutHalfCharacter(sent).trimEnd();
  if (beginning.trim() === "") return request;
  const tail = isAsked ? tailToRepeat(sent) : "";
  const messages: ChatMessage[] = [...request.messages, assistantText(beginning)];
  if (isAsked) messages.push({ role: "user", content: askToContinue(tail) });
  const continued: ChatRequest = { ...request, messages };
  if (request.maxOutputTokens !== undefined)
    continued.maxOutputTokens = Math.max(1, tokensLeft(request, sent)) + estimateTokens(tail.length);
  return continued;
}

/** How often one request's answer is continued: each time, the prompt is billed again. */
const MAX_CONTINUATIONS = 8;

/** What was sent of an answer, as far as it decides whether it can be continued. */
export type Sent = {
  text: string;
  /** What cannot be continued was sent: half a tool call, a refusal. */
  beyondText: "tool_call" | "refused" | undefined;
};

/**
 * Why an answer that broke off is not continued, for the client.
 * `tool_call`, `json`: half of it cannot be joined with another engine's half. `refused`: it broke off because
 * of its content. `alternatives`: there were several. `too_long`; `disabled`: `MIDSTREAM_RECOVERY` is off.
 * `no_engine`: no engine is left that could be called. `failed`: it was tried, and failed.
 */
export type NotContinued =
  | "tool_call"
  | "json"
  | "refused"
  | "alternatives"
  | "too_long"
  | "disabled"
  | "no_engine"
  | "failed";

/** Why this answer cannot be continued; undefined if it can. */
export function obstacle(
  { request, recovery }: { request: ChatRequest; recovery: boolean },
  { text, beyondText }: Sent,
  failure: Failure,
  continuations: number,
): NotContinued | undefined {
  if (!recovery) return "disabled";
  if (failure.kind === "content_policy") return "refused";
  if (beyondText !== undefined) return beyondText;
  if (request.responseFormat !== undefined && request.responseFormat.type !== "text") return "json";
  if ((request.n ?? 1) !== 1) return "alternatives";
  if (text.length > MAX_CONTINUED) return "too_long";
  return continuations >= MAX_CONTINUATIONS ? "failed" : undefined;
}

/** Whether the connection was at fault, so that the same engine may well go on. */
export function isConnectionFault({ kind }: Failure): boolean {
  return kind === "reset" || kind === "truncated";
}

/**
 * The error of an answer that broke off and is not continued. A client may send its request again, unless the
 * content was the reason, or no engine is left until an operator mends an account.
 */
export function brokenOff(cause: GatewayError, continuation: NotContinued): GatewayError {
  const { code, message, retryAfterSeconds } = interrupted(cause);
  const isLasting = cause.code === "engines_unavailable" && cause.retryable === false;
  const details = { retryable: continuation !== "refused" && !isLasting, continuation };
  return new GatewayError(code, message, { cause, retryAfterSeconds, details });
}

/** Whether the answer has reached the client's token limit, so that nothing is left to continue. */
export function outputLimitReached(request: ChatRequest, sent: string): boolean {
  return sent !== "" && tokensLeft(request, sent) <= 0;
}

function tokensLeft({ maxOutputTokens }: ChatRequest, sent: string): number {
  return (maxOutputTokens ?? Number.POSITIVE_INFINITY) - estimateTokens(sent.length);
}
