import { type ChatRequest, contentText, requestCharacters } from "#lib/chat/request.ts";
import { estimateTokens } from "#lib/chat/usage.ts";
import { claudeRules } from "#lib/providers/catalogue/model-rules.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { hash32 } from "#lib/shared/text.ts";

/**
 * How an engine caches prompts: a fact of its protocol or of its provider's row.
 * `breakpoints`: `cache_control` marks say where the cached prefix ends. `key`: a routing key for caches that
 * work by themselves. `implicit`: nothing to send, the provider finds equal prefixes alone.
 */
export type PromptCaching = "breakpoints" | "key" | "implicit";

/** How the stable prefix of one request is made cacheable. */
export type CachePlan =
  | { kind: "none" }
  | { kind: "breakpoints" }
  | { kind: "key"; key: string }
  | { kind: "implicit" };

/** No provider caches a prefix shorter than this; OpenAI's own threshold. */
const MIN_TOKENS = 1_024;

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

/** What this engine wants to see so that what repeats from request to request is billed at the cached rate. */
export function planPromptCache(
  request: ChatRequest,
  { model }: Pick<Engine, "model">,
  caching: PromptCaching,
): CachePlan {
  if (caching === "implicit") return { kind: "implicit" };
  const prefix = stablePrefix(request);
  const least = model.includes("claude") ? claudeRules(model).minCacheTokens : MIN_TOKENS;
  const isLong = estimateTokens(prefix.length) >= least;
  if (caching === "breakpoints") return isLong ? { kind: "breakpoints" } : { kind: "none" };
  // Requests that share a long prefix share a key; else a long conversation has its own.
  const shared = isLong ? prefix : request.conversationId;
  if (shared === undefined || estimateTokens(requestCharacters(request)) < MIN_TOKENS)
    return { kind: "none" };
  return { kind: "key", key: `sarmalink-${hash32(shared).toString(36)}` };
}
