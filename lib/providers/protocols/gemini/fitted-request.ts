import type { AssistantPart, ChatRequest } from "#lib/chat/request.ts";
import { withFormatInstruction } from "#lib/providers/protocols/fit/format-instruction.ts";
import { fitHistory } from "#lib/providers/protocols/fit/history.ts";
import { isBlank } from "#lib/providers/protocols/fit/sent-parts.ts";
import { OPENAI_IDS } from "#lib/providers/protocols/fit/tool-ids.ts";
import { GEMINI_NAMES, withToolNames } from "#lib/providers/protocols/fit/tool-names.ts";
import { encodePart } from "#lib/providers/protocols/gemini/content.ts";
import { isFromGemini3 } from "#lib/providers/protocols/gemini/generation-config.ts";
import type { ToolRestorations } from "#lib/providers/protocols/protocol.ts";

type FittedRequest = { request: ChatRequest; renamed: ToolRestorations; dropped: string[] };

/** Older models: "Function calling with a response mime type: 'application/json' is unsupported". */
export function takesToolsWithFormat(model: string): boolean {
  return isFromGemini3(model);
}

/** The request as the API and this model accept it. */
export function fitForGemini(original: ChatRequest, { model }: { model: string }): FittedRequest {
  const dropped: string[] = [];
  const named = withToolNames(original, GEMINI_NAMES);
  if (named.hasDuplicates) dropped.push("tools");
  let { request } = named;
  if (clashes(request, model)) {
    request = withFormatInstruction(request);
    dropped.push("response_format");
  }
  request = fitHistory(request, {
    isSent,
    laterSystem: "never",
    // The API gets no ids, but results are found by them.
    ids: OPENAI_IDS,
    first: "user",
    takesLastAssistant: false,
  });
  return { request, renamed: named.renamed, dropped };
}

/** Whether the model refuses the tools of the request together with its JSON format. */
function clashes({ tools = [], toolChoice, responseFormat }: ChatRequest, model: string): boolean {
  const isJson = responseFormat !== undefined && responseFormat.type !== "text";
  if (!isJson || !tools.some(({ type }) => type === "function")) return false;
  const isForced = toolChoice === "required" || (typeof toolChoice === "object" && isForcing(toolChoice));
  return isForced || !takesToolsWithFormat(model);
}

function isForcing(choice: { type: "tool" } | { type: "allowed"; required: boolean }): boolean {
  return choice.type === "tool" || choice.required;
}

/** Whether the part is sent. Thoughts are not, only the signatures on calls. */
function isSent(part: AssistantPart): boolean {
  switch (part.type) {
    case "text":
    case "refusal":
      return !isBlank(part.text);
    case "image":
    case "document":
    case "opaque":
      return encodePart(part).length > 0;
    case "reasoning":
      return false;
    case "tool_call":
      return true;
  }
}
