import type { AssistantPart, ChatMessage, ChatRequest } from "#lib/chat/request.ts";
import type { ClaudeRules } from "#lib/providers/catalogue/model-rules.ts";
import { formatSchema } from "#lib/providers/protocols/anthropic/parameters.ts";
import { ToolSchemas } from "#lib/providers/protocols/anthropic/tool-schemas.ts";
import { withFormatInstruction } from "#lib/providers/protocols/fit/format-instruction.ts";
import { fitHistory } from "#lib/providers/protocols/fit/history.ts";
import { isBlank } from "#lib/providers/protocols/fit/sent-parts.ts";
import { ANTHROPIC_IDS } from "#lib/providers/protocols/fit/tool-ids.ts";
import { ANTHROPIC_NAMES, OPENAI_NAMES, withToolNames } from "#lib/providers/protocols/fit/tool-names.ts";
import type { ToolRestorations } from "#lib/providers/protocols/protocol.ts";

type FittedRequest = {
  request: ChatRequest;
  schemas: ToolSchemas;
  restorations: ToolRestorations;
  dropped: string[];
};

/** The request as the API and this model accept it. */
export function fitForAnthropic(original: ChatRequest, issuer: string, rules: ClaudeRules): FittedRequest {
  const dropped: string[] = [];
  // A client of this API knows its limit; others who speak its protocol still have that of OpenAI.
  const isNative = original.extra?.dialect === "anthropic";
  const named = withToolNames(original, isNative ? ANTHROPIC_NAMES : OPENAI_NAMES);
  if (named.hasDuplicates) dropped.push("tools");
  let { request } = named;
  const schemas = new ToolSchemas(
    request.tools ?? [],
    isNative ? "as_sent" : rules.jsonSchema ? "if_closed" : "never",
  );
  if (schemas.isLossy) dropped.push("tools.parameters");
  if (schemas.droppedStrict) dropped.push("tools.strict");
  for (const [name, keys] of schemas.keys) {
    const known = named.renamed.get(name);
    named.renamed.set(name, { name: known?.name ?? name, createArguments: keys.restorer });
  }
  const format = request.responseFormat;
  if (format?.type === "json_schema" && formatSchema(format.schema) === undefined) {
    request = withFormatInstruction(request);
    dropped.push("response_format");
  }
  request = fitHistory(request, {
    isSent: (part) => isSent(part, issuer),
    laterSystem: rules.laterSystem ? "after_user" : "never",
    ids: ANTHROPIC_IDS,
    first: "user",
    takesLastAssistant: rules.prefill || isPaused(request.messages.at(-1)),
  });
  return { request, schemas, restorations: named.renamed, dropped };
}

/** Whether the part becomes a block. */
function isSent(part: AssistantPart, issuer: string): boolean {
  switch (part.type) {
    case "text":
    case "refusal":
      return !isBlank(part.text);
    case "reasoning":
      return part.signature?.issuer === issuer;
    case "opaque":
      return part.dialect === "anthropic";
    case "image":
    case "document":
    case "tool_call":
      return true;
  }
}

/** Whether the message ends within the work of a server tool (`pause_turn`), which the API continues. */
function isPaused(message: ChatMessage | undefined): boolean {
  return message?.role === "assistant" && message.parts.at(-1)?.type === "opaque";
}
