import { hasToolCalls } from "#lib/chat/assistant-parts.ts";
import type { AssistantPart, ChatMessage, ChatRequest } from "#lib/chat/request.ts";
import { type ClaudeRules, closestEffort } from "#lib/providers/catalogue/model-rules.ts";
import { nativeDetails } from "#lib/providers/protocols/anthropic/native-fields.ts";
import { isForced } from "#lib/providers/protocols/anthropic/tools.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { JsonObject } from "#lib/shared/json.ts";

const THINKING_BUDGETS = { low: 1_024, medium: 4_096, high: 16_384 } as const;
/** The API rejects a smaller budget. */
const MIN_BUDGET = 1_024;

/**
 * Whether the model thinks: on request, which rules out sampling parameters, or by default; or that it does
 * not, because nobody asked for it, or although somebody did or because the client ruled it out.
 */
type Thinking = "requested" | "default" | "unasked" | "off";

/** Writes the thinking fields. The client's token limit covers thinking and answer together. */
export function writeThinking(
  body: JsonObject,
  request: ChatRequest,
  engine: Engine,
  rules: ClaudeRules,
  dropped: string[],
): Thinking {
  const config = nativeDetails(request, "output_config");
  if (Object.keys(config).length > 0) body["output_config"] = config;
  const effort = request.reasoningEffort;
  const unasked = rules.thinksByDefault ? "default" : "unasked";
  if (effort === undefined) return unasked;
  if (request.extra?.dialect === "anthropic" && request.extra.effortAlone === true) {
    if (rules.thinking !== "adaptive") dropped.push("output_config.effort");
    else body["output_config"] = { ...config, effort: closestEffort(effort, rules.efforts) ?? effort };
    return unasked;
  }
  if (effort === "none") {
    if (rules.thinksByDefault) body["thinking"] = { type: "disabled" };
    return "off";
  }
  const level = effort === "minimal" || effort === "low" ? "low" : effort === "medium" ? effort : "high";
  const room = (request.maxOutputTokens ?? rules.thinkingMaxTokens) - 1;
  const budget = Math.min(request.reasoningBudgetTokens ?? THINKING_BUDGETS[level], room);
  const isPossible =
    rules.thinking === "adaptive" ||
    (rules.thinking === "budget" &&
      budget >= MIN_BUDGET &&
      !continuesWithoutThinking(request.messages, engine.issuer));
  // A forced tool call and thinking are mutually exclusive; the tool call takes precedence.
  if (!isPossible || isForced(body["tool_choice"])) {
    dropped.push("reasoning_effort");
    return rules.thinksByDefault ? "default" : "off";
  }
  const shown = nativeDetails(request, "thinking");
  if (rules.thinking === "adaptive") {
    body["thinking"] = { type: "adaptive", ...shown };
    body["output_config"] = { ...config, effort: closestEffort(effort, rules.efforts) ?? level };
  } else {
    body["thinking"] = { type: "enabled", budget_tokens: budget, ...shown };
  }
  return "requested";
}

/**
 * Whether the latest assistant turn calls tools but does not begin with thinking of this issuer. A model
 * with a thinking budget rejects that ("Expected `thinking`, but found `tool_use`").
 */
function continuesWithoutThinking(messages: readonly ChatMessage[], issuer: string): boolean {
  const end = messages.findLastIndex(({ role }) => role === "assistant");
  const start = messages.findLastIndex(({ role }, index) => index < end && role === "user");
  const turn = messages
    .slice(start + 1, end + 1)
    .flatMap((message) => (message.role === "assistant" ? [message] : []));
  const last = turn.at(-1);
  if (last === undefined || !hasToolCalls(last)) return false;
  return turn[0]?.parts.find((part) => isSent(part, issuer))?.type !== "reasoning";
}

/** Whether the part becomes a block of a message to this issuer. */
function isSent(part: AssistantPart, issuer: string): boolean {
  switch (part.type) {
    case "reasoning":
      return part.signature?.issuer === issuer;
    case "text":
    case "refusal":
      return part.text !== "";
    case "opaque":
      return part.dialect === "anthropic";
    case "image":
    case "document":
    case "tool_call":
      return true;
  }
}
