import { hasCacheBreakpoint } from "#lib/chat/cache-breakpoints.ts";
import {
  type CacheBreakpoint,
  type ChatMessage,
  type ChatRequest,
  type ContentPart,
  contentText,
} from "#lib/chat/request.ts";
import type { CachePlan } from "#lib/providers/cache.ts";
import { openAiPromptCaching } from "#lib/providers/protocols/openai-compatible/dialect-of.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { JsonObject } from "#lib/shared/json.ts";

/** Where `cache_control` goes: nowhere, where the client put it, or at the end of the stable system prompt. */
export type Marks = { kind: "none" } | { kind: "clients" } | { kind: "message"; message: ChatMessage };

export function chooseMarks(request: ChatRequest, engine: Engine, cache: CachePlan): Marks {
  // The client's marks take precedence; a mark on a prefix that is too short is harmless.
  if (openAiPromptCaching(engine) === "breakpoints" && hasCacheBreakpoint(request))
    return { kind: "clients" };
  if (cache.kind !== "breakpoints") return { kind: "none" };
  const system = request.messages.filter((message) => message.role === "system");
  const message =
    system.findLast(({ content }) => Array.isArray(content) && content.some(isOurMark)) ??
    system.findLast(({ content }) => contentText(content) !== "");
  return message === undefined ? { kind: "none" } : { kind: "message", message };
}

export function isOurMark(part: ContentPart): boolean {
  return part.type === "text" && part.cacheBreakpoint === "ours";
}

/** OpenRouter passes `cache_control` on content parts through to Anthropic. */
export function withMark(part: JsonObject, breakpoint: CacheBreakpoint): JsonObject {
  const control: JsonObject = breakpoint === "1h" ? { type: "ephemeral", ttl: "1h" } : { type: "ephemeral" };
  return { ...part, cache_control: control };
}
