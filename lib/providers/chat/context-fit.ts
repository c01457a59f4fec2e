import { documentText } from "#lib/chat/documents.ts";
import { type ChatRequest, messageParts, messageText } from "#lib/chat/request.ts";
import { hasCapability } from "#lib/providers/chat/eligibility.ts";
import { withReadDocuments } from "#lib/providers/chat/engine-documents.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** A window counts as this much larger: some are published rounded. */
const SLACK = 1.05;
/** No token has more letters than this, but for a few long words. */
const MAX_LETTERS = 16;
/** A token holds up to this many Chinese or Japanese characters. */
const MAX_IDEOGRAPHS = 3;
const FIRST_IDEOGRAPH = 0x2e80;
const LAST_IDEOGRAPH = 0xd7ff;
const DOCUMENTS = ["documents", "office_documents"] as const;
/** Anthropic's models have a window of a million tokens with this beta feature. */
const LONG_CONTEXT_BETA = "context-1m";

/**
 * The engines whose context window is not known to be too small for this prompt, in order.
 *
 * The prompt is measured low, by its words, so no engine is passed over that could have read it; a prompt
 * with fewer characters than the smallest window has tokens is not read at all.
 * Throws `context_length_exceeded` if none remains.
 */
export function enginesThatFit({
  engines,
  request,
}: {
  engines: readonly Engine[];
  request: ChatRequest;
}): readonly Engine[] {
  const windows = engines.flatMap(({ contextTokens }) => contextTokens ?? []);
  if (windows.length === 0 || request.extra?.betas?.includes(LONG_CONTEXT_BETA) === true) return engines;
  if (charactersOf(request) <= Math.min(...windows)) return engines;
  const largest = Math.max(...windows);
  const counts = new Map<string, number>();
  let tokens = 0;
  const fitting = engines.filter((engine) => {
    if (engine.contextTokens === undefined) return true;
    tokens = tokensFor(engine, request, largest * SLACK, counts);
    return tokens <= engine.contextTokens * SLACK;
  });
  if (fitting.length > 0 || engines.length === 0) return fitting;
  throw new GatewayError(
    "context_length_exceeded",
    `The prompt is too long: at least ${tokens} tokens > ${largest} maximum, which is the context window of ` +
      "the largest engine that may answer. Shorten the messages.",
    { details: { param: "messages" } },
  );
}

/** Of what an engine gets to read: it is less text for engines that take documents themselves. */
function tokensFor(
  engine: Engine,
  request: ChatRequest,
  enough: number,
  counts: Map<string, number>,
): number {
  const key = DOCUMENTS.map((capability) => hasCapability(engine, capability)).join();
  const tokens = counts.get(key) ?? leastTokens(withReadDocuments(request, engine), enough);
  counts.set(key, tokens);
  return tokens;
}

/** All characters, with those of documents that not every engine reads. */
function charactersOf({ messages }: ChatRequest): number {
  let characters = 0;
  for (const message of messages) {
    characters += messageText(message).length;
    for (const part of messageParts(message)) {
      if (part.type === "tool_call") characters += part.arguments.length;
      if (part.type === "document") {
        characters += documentText(part)?.length ?? part.reading?.length ?? 0;
      }
    }
  }
  return characters;
}

/** At least this many tokens are in the prompt's text; the count stops beyond `enough`. */
function leastTokens({ messages }: ChatRequest, enough: number): number {
  let tokens = 0;
  for (const message of messages) {
    tokens += leastTokensIn(messageText(message), enough - tokens);
    for (const part of messageParts(message)) {
      if (part.type === "tool_call") tokens += leastTokensIn(part.arguments, enough - tokens);
      if (part.type === "document") tokens += leastTokensIn(documentText(part) ?? "", enough - tokens);
    }
    if (tokens > enough) break;
  }
  return Math.floor(tokens);
}

/**
 * Words: no tokenizer joins two of them into one token. Marks are not counted, since they join with words, nor
 * is white space.
 */
function leastTokensIn(text: string, enough: number): number {
  let tokens = 0;
  let letters = 0;
  for (let at = 0; at < text.length && tokens <= enough; at++) {
    const code = text.charCodeAt(at);
    if (code >= FIRST_IDEOGRAPH && code <= LAST_IDEOGRAPH) {
      tokens += 1 / MAX_IDEOGRAPHS;
      letters = 0;
    } else if (isLetterOrDigit(code)) {
      if (letters % MAX_LETTERS === 0) tokens++;
      letters++;
    } else letters = 0;
  }
  return tokens;
}

function isLetterOrDigit(code: number): boolean {
  const lower = code | 0x20;
  return (
    (lower >= 0x61 && lower <= 0x7a) || (code >= 0x30 && code <= 0x39) || (code >= 0xc0 && code < 0x2000)
  );
}
