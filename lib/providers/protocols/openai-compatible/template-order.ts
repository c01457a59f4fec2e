import type { TemplateRules } from "#lib/providers/catalogue/model-rules.ts";
import type { JsonObject, JsonValue } from "#lib/shared/json.ts";

/** What the assistant says between a tool's result and the user, where nothing was said. */
const ACKNOWLEDGED = "OK.";

/**
 * The messages in an order that the model's template accepts. Most accept any; Gemma's and Mistral's raise
 * an error if a role comes twice in a row, calls and results aside, so also if the user follows a tool's
 * result. Source: docs/PROVIDERS.md, "Mistral".
 */
export function withTemplateOrder(messages: JsonObject[], rules: TemplateRules): JsonObject[] {
  if (!rules.alternates) return messages;
  const ordered: JsonObject[] = [];
  for (const message of messages) {
    const last = ordered.at(-1);
    if (last?.["role"] === "tool" && message["role"] === "user") {
      ordered.push({ role: "assistant", content: ACKNOWLEDGED });
    }
    if (last !== undefined && canMerge(last, message)) ordered[ordered.length - 1] = merged(last, message);
    else ordered.push(message);
  }
  return ordered;
}

function canMerge(first: JsonObject, second: JsonObject): boolean {
  const isSpoken = first["role"] === "user" || first["role"] === "assistant";
  return isSpoken && first["role"] === second["role"] && first["tool_calls"] === undefined;
}

function merged(first: JsonObject, second: JsonObject): JsonObject {
  const [before, after] = [first["content"] ?? "", second["content"] ?? ""];
  const isText = typeof before === "string" && typeof after === "string";
  const content = isText
    ? [before, after].filter((text) => text !== "").join("\n\n")
    : [...partsOf(before), ...partsOf(after)];
  return { ...first, ...second, content };
}

function partsOf(content: JsonValue): JsonValue[] {
  if (Array.isArray(content)) return content;
  return content === "" ? [] : [{ type: "text", text: content }];
}
