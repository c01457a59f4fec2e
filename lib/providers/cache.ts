import { type ChatRequest, contentText, requestCharacters } from "#lib/chat/request.ts";
import { estimateTokens } from "#lib/chat/usage.ts";
import { claudeRules } from "#lib/providers/catalogue/model-rules.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { hash32 } from "#lib/shared/text.ts";

/**
 * How an engine caches prompts, by its protocol or its provider's row.
 * `breakpoints`: `cache_control` marks end the cached prefix. `key`: caching is automatic, and a key routes
 * similar requests to one cache. `implicit`: caching is automatic and needs nothing.
 */
export type PromptCaching = "breakpoints" | "key" | "implicit";

/** How the stable prefix of one request is made cacheable. */
export type CachePlan =
  | { kind: "none" }
  | { kind: "breakpoints" }
  | { kind: "key"; key: string }
  | { kind: "implicit" };

/** Shorter prefixes are not cached; OpenAI's threshold. */
const MIN_TOKENS = 1_024;

/** The stable beginning of a request: its tools and the system prompt up to the last breakpoint. */
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

/** What to send to this engine so that repeated prefixes are billed at the cached rate. */
export function planPromptCache(
  request: ChatRequest,
  { model }: Pick<Engine, "model">,
  caching: PromptCaching,
): CachePlan {
  if (caching === "implicit") return { kind: "implicit" };
  const prefix = stablePrefix(request);
  const minTokens = model.includes("claude") ? claudeRules(model).minCacheTokens : MIN_TOKENS;
  const isLong = estimateTokens(prefix.length) >= minTokens;
  if (caching === "breakpoints") return isLong ? { kind: "breakpoints" } : { kind: "none" };
  // Requests with the same long prefix share a key; otherwise each long conversation has its own.
  const shared = isLong ? prefix : request.conversationId;
  if (shared === undefined || estimateTokens(requestCharacters(request)) < MIN_TOKENS)
    return { kind: "none" };
  return { kind: "key", key: `sarmalink-${hash32(shared).toString(36)}` };
}
