import { asText, replayedParts } from "#lib/chat/assistant-parts.ts";
import { type Capability, isAudio } from "#lib/chat/capabilities.ts";
import { droppedNames } from "#lib/chat/dropped-names.ts";
import { lostNames } from "#lib/chat/lost-names.ts";
import { readableRequest } from "#lib/chat/readable-parts.ts";
import {
  type AssistantMessage,
  type ChatMessage,
  type ChatRequest,
  contentText,
  offeredTools,
  type ToolCallPart,
  type ToolMessage,
} from "#lib/chat/request.ts";
import { systemText } from "#lib/chat/system-text.ts";
import { encodeContent, encodePart, isMedia } from "#lib/providers/protocols/gemini/content.ts";
import { fitForGemini, takesToolsWithFormat } from "#lib/providers/protocols/gemini/fitted-request.ts";
import { generationConfig, isFromGemini3 } from "#lib/providers/protocols/gemini/generation-config.ts";
import { geminiParameters, newReferenceBudget } from "#lib/providers/protocols/gemini/schema.ts";
import type { EncodedRequest, EncodeOptions } from "#lib/providers/protocols/protocol.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { JsonObject } from "#lib/shared/json.ts";
import { parseJsonObject } from "#lib/shared/json-depth.ts";

/** Google's placeholder for calls without a signature, which other models made. Source: docs/PROVIDERS.md. */
const NO_SIGNATURE = "skip_thought_signature_validator";

/** A chat request as the body of `generateContent`. Prompt caching is implicit: nothing is sent for it. */
export function encodeGemini(asked: ChatRequest, engine: Engine, _options: EncodeOptions): EncodedRequest {
  const readable = readableRequest(asked, { dialect: undefined, textDocuments: false });
  const { request, renamed, dropped } = fitForGemini(readable, engine);
  dropped.push(...lostNames(asked, { dialect: undefined, reads: isAudio }));
  const body: JsonObject = { contents: encodeContents(request.messages, engine) };
  const system = request.messages.flatMap((message) =>
    message.role === "system" ? [systemText(message.content)] : [],
  );
  if (system.length > 0) body["systemInstruction"] = { parts: [{ text: system.join("\n\n") }] };
  writeTools(body, request, engine, dropped);
  const config = generationConfig(request, engine, dropped);
  if (Object.keys(config).length > 0) body["generationConfig"] = config;
  for (const [name, value] of untranslatable(request)) if (value !== undefined) dropped.push(name);
  const { fields, details } = request.extra ?? {};
  for (const name of Object.keys({ ...fields, ...details })) dropped.push(name);
  const verb = request.stream ? "streamGenerateContent?alt=sse" : "generateContent";
  return {
    path: `/v1beta/models/${encodeURIComponent(engine.model)}:${verb}`,
    headers: { ...engine.headers },
    body,
    dropped: droppedNames(dropped),
    additions: [],
    ...(renamed.size === 0 ? {} : { restorations: renamed }),
  };
}

/** Whether Gemini is known to lack the capability. */
export function geminiLacks(capability: Capability, { model }: Engine): boolean {
  switch (capability) {
    // Models that fetch files from the web are named in their row: the older ones refuse the whole request.
    case "image_urls":
    case "document_urls":
    case "office_documents":
    case "openai_parts":
    case "chat_parts":
    case "anthropic_parts":
    case "custom_tools":
      return true;
    case "tools_with_format":
      return !takesToolsWithFormat(model);
    case "images":
    case "documents":
    case "audio":
    case "tools":
    case "forced_tool_choice":
    case "json_object":
    case "json_schema":
      return false;
  }
}

function untranslatable(request: ChatRequest): [string, unknown][] {
  return [
    // The decoder reads one answer without logprobs.
    ["n", request.n === 1 ? undefined : request.n],
    ["logprobs", request.logprobs],
    ["top_logprobs", request.topLogprobs],
    ["logit_bias", request.logitBias],
    ["user", request.user],
    ["parallel_tool_calls", request.parallelToolCalls],
  ];
}

type GeminiContent = { role: "user" | "model"; parts: JsonObject[]; isResponse?: boolean };

/**
 * Adjacent contents of a role are merged, but a tool's response stands alone: with texts or images beside it
 * it is refused by some models. They follow in a content of their own.
 */
function encodeContents(messages: readonly ChatMessage[], engine: Engine): JsonObject[] {
  const names = new Map<string, string>();
  const contents: GeminiContent[] = [];
  const add = (role: "user" | "model", parts: readonly JsonObject[], isResponse = false): void => {
    if (parts.length === 0) return;
    const last = contents.at(-1);
    if (last?.role === role && (last.isResponse === true) === isResponse)
      for (const part of parts) last.parts.push(part);
    else contents.push({ role, parts: [...parts], isResponse });
  };
  /** Images and documents of the results so far, which follow the last one. */
  let media: JsonObject[] = [];
  for (const message of messages) {
    if (message.role !== "tool") {
      add("user", media);
      media = [];
    }
    switch (message.role) {
      case "system":
        break;
      case "user":
        add("user", encodeContent(message.content));
        break;
      case "assistant":
        for (const part of message.parts) if (part.type === "tool_call") names.set(part.id, part.name);
        add("model", encodeAssistant(message, engine));
        break;
      case "tool":
        add("user", [encodeResponse(message, names)], true);
        if (typeof message.content !== "string")
          media.push(...encodeContent(message.content.filter(isMedia)));
        break;
    }
  }
  add("user", media);
  return contents.map(({ role, parts }) => ({ role, parts }));
}

function encodeResponse(message: ToolMessage, names: ReadonlyMap<string, string>): JsonObject {
  const text = contentText(message.content);
  const plain: JsonObject = message.isError === true ? { error: text } : { result: text };
  const response = parseJsonObject(text) ?? plain;
  return { functionResponse: { name: names.get(message.toolCallId) ?? message.toolCallId, response } };
}

function encodeAssistant(message: AssistantMessage, engine: Engine): JsonObject[] {
  const wantsSignature = isFromGemini3(engine.model);
  let isFirst = true;
  const parts = replayedParts(message, { issuer: engine.issuer, dialect: undefined });
  return parts.flatMap((part): JsonObject[] => {
    switch (part.type) {
      case "text":
      case "refusal":
        return encodePart(asText(part));
      case "image":
      case "document":
      case "opaque":
        return encodePart(part);
      case "reasoning":
        // Thoughts are not sent back, only the signatures on tool calls.
        return [];
      case "tool_call": {
        // Of parallel calls, only the first has a signature.
        const placeholder = wantsSignature && isFirst ? NO_SIGNATURE : undefined;
        isFirst = false;
        return [encodeCall(part, ownSignature(part, engine.issuer) ?? placeholder)];
      }
    }
  });
}

/** Gemini 3 requires the signatures of its own calls and rejects those of other engines. */
function ownSignature({ signature }: ToolCallPart, issuer: string): string | undefined {
  return signature?.issuer === issuer && typeof signature.value === "string" ? signature.value : undefined;
}

function encodeCall(call: ToolCallPart, signature: string | undefined): JsonObject {
  const { name, arguments: text } = call;
  const args = parseJsonObject(text) ?? (text === "" ? {} : { input: text });
  const part: JsonObject = { functionCall: { name, args } };
  if (signature !== undefined) part["thoughtSignature"] = signature;
  return part;
}

/** Whether Gemini searches the web: that cannot be combined with function calls or a JSON answer. */
export function geminiGrounds(request: ChatRequest, { provider }: Engine): boolean {
  if (request.webSearch !== true || provider.webSearch !== true) return false;
  if ((request.responseFormat?.type ?? "text") !== "text") return false;
  return !offeredTools(request).tools.some(({ type }) => type === "function");
}

function writeTools(body: JsonObject, request: ChatRequest, engine: Engine, dropped: string[]): void {
  const { tools, choice } = offeredTools(request);
  const functions = tools.flatMap((tool) => (tool.type === "function" ? [tool] : []));
  if (functions.length < tools.length) dropped.push("tools");
  if (functions.length === 0) {
    if (geminiGrounds(request, engine)) body["tools"] = [{ google_search: {} }];
    return;
  }
  const budget = newReferenceBudget();
  body["tools"] = [
    {
      functionDeclarations: functions.map((tool): JsonObject => {
        const declaration: JsonObject = { name: tool.name };
        if (tool.description !== undefined) declaration["description"] = tool.description;
        const parameters =
          tool.parameters === undefined ? undefined : geminiParameters(tool.parameters, budget);
        if (parameters !== undefined) declaration["parameters"] = parameters;
        return declaration;
      }),
    },
  ];
  if (budget.isLossy) dropped.push("tools.parameters");
  if (choice === undefined) return;
  const config: JsonObject =
    typeof choice === "string"
      ? { mode: { auto: "AUTO", none: "NONE", required: "ANY" }[choice] }
      : { mode: "ANY", allowedFunctionNames: [choice.name] };
  body["toolConfig"] = { functionCallingConfig: config };
}
