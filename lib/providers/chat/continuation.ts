import { assistantText } from "#lib/chat/assistant-parts.ts";
import type { ChatMessage, ChatRequest } from "#lib/chat/request.ts";
import { estimateTokens } from "#lib/chat/usage.ts";
import type { Failure } from "#lib/providers/failures/failure.ts";
import { protocolOf } from "#lib/providers/protocols/index.ts";
import type { ContinuationStrategy } from "#lib/providers/protocols/protocol.ts";
import type { EngineCall } from "#lib/providers/walk/walk-types.ts";

/** An answer longer than this, in characters, is not continued on another engine. */
const MAX_CONTINUED = 200_000;
const ASK_TO_CONTINUE =
  "Your answer above was cut off by a network fault. Continue it from exactly the point where it stops: " +
  "do not repeat any of it, do not start over, and write no introduction or comment about the interruption.";

/** How this engine is given the beginning of the answer, if there is one. */
export function continuationFor(
  { engine, withoutAdditions }: EngineCall,
  { reasoningEffort }: ChatRequest,
): ContinuationStrategy {
  // A model that thinks first cannot begin in the middle of an answer.
  const thinks = reasoningEffort !== undefined && reasoningEffort !== "none";
  return withoutAdditions || thinks ? "instructed" : protocolOf(engine).chat.continuation(engine);
}

/**
 * The request that continues a broken answer on another engine: with the beginning as a prefill if the
 * engine supports one, else with an instruction to go on. A prefill must not end in white space (Anthropic
 * rejects it, and the space is one token with the next word), so the engine writes it again. What was sent
 * counts against the client's token limit.
 */
export function continueRequest(
  request: ChatRequest,
  sent: string,
  strategy: ContinuationStrategy,
): ChatRequest {
  const beginning = strategy === "instructed" ? sent : sent.trimEnd();
  if (beginning.trim() === "") return request;
  const messages: ChatMessage[] = [...request.messages, assistantText(beginning)];
  if (strategy === "instructed") messages.push({ role: "user", content: ASK_TO_CONTINUE });
  const continued: ChatRequest = { ...request, messages };
  if (request.maxOutputTokens !== undefined)
    continued.maxOutputTokens = Math.max(1, tokensLeft(request, sent));
  return continued;
}

/**
 * Whether another engine may continue an answer that broke off: only text, one choice, not too long, no
 * JSON (which must be valid as a whole), and no content refusal.
 */
export function canContinue(
  request: ChatRequest,
  sent: string,
  isOnlyText: boolean,
  failure: Failure,
): boolean {
  const isJson = request.responseFormat !== undefined && request.responseFormat.type !== "text";
  return (
    isOnlyText &&
    !isJson &&
    (request.n ?? 1) === 1 &&
    failure.kind !== "content_policy" &&
    sent.length <= MAX_CONTINUED
  );
}

/** Whether the answer has reached the client's token limit, so that nothing is left to continue. */
export function outputLimitReached(request: ChatRequest, sent: string): boolean {
  return sent !== "" && tokensLeft(request, sent) <= 0;
}

function tokensLeft({ maxOutputTokens }: ChatRequest, sent: string): number {
  return (maxOutputTokens ?? Number.POSITIVE_INFINITY) - estimateTokens(sent.length);
}
