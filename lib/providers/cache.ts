import { type ChatRequest, contentText, requestCharacters } from "#lib/chat/request.ts";
import { estimateTokens } from "#lib/chat/usage.ts";
import { claudeRules } from "#lib/providers/catalogue/model-rules.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { hash32 } from "#lib/shared/text.ts";

/**
 * How the stable prefix of a request is made cacheable.
 * `breakpoints`: Anthropic's `cache_control` marks. `key`: a routing key for caches that work by
 * themselves. `implicit`: nothing to send, the provider finds equal prefixes alone (Gemini, Groq).
 */
export type CachePlan =
  | { kind: "none" }
  | { kind: "breakpoints" }
  | { kind: "key"; key: string }
  | { kind: "implicit" };

/** No provider caches a prefix shorter than this; OpenAI's own threshold. */
const LEAST_TOKENS = 1_024;

/** The text that all requests of a kind begin with: the tools and the system prompt, volatile parts left out. */
function stablePrefix(request: ChatRequest): string {
  let prefix = request.tools === undefined ? "" : JSON.stringify(request.tools);
  for (const message of request.messages) {
    if (message.role !== "system") break;
    if (typeof message.content === "string") {
      prefix += message.content;
      continue;
    }
    const last = message.content.findLastIndex(
      (part) => part.type === "text" && part.cacheBreakpoint !== undefined,
    );
    prefix += contentText(last === -1 ? message.content : message.content.slice(0, last + 1));
  }
  return prefix;
}

/** Whether `cache_control` means something to the engine. */
export function takesCacheControl({ provider, model }: Engine): boolean {
  return provider.protocol === "anthropic" || (provider.dialect.cacheControl && model.includes("claude"));
}

/** What this engine wants to see so that what repeats from request to request is billed at the cached rate. */
export function planPromptCache(request: ChatRequest, engine: Engine): CachePlan {
  const { protocol, dialect } = engine.provider;
  if (protocol === "gemini") return { kind: "implicit" };
  const prefix = stablePrefix(request);
  const least = engine.model.includes("claude") ? claudeRules(engine.model).leastCacheTokens : LEAST_TOKENS;
  const isLong = estimateTokens(prefix.length) >= least;
  if (takesCacheControl(engine)) return isLong ? { kind: "breakpoints" } : { kind: "none" };
  if (!dialect.promptCacheKey) return { kind: "implicit" };
  // Requests that share a long prefix share a key; else a long conversation has its own.
  const shared = isLong ? prefix : request.conversationId;
  if (shared === undefined || estimateTokens(requestCharacters(request)) < LEAST_TOKENS)
    return { kind: "none" };
  return { kind: "key", key: `sarmalink-${hash32(shared).toString(36)}` };
}
