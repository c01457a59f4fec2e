import { asText, replayedParts } from "#lib/chat/assistant-parts.ts";
import { type Capability, isAudio } from "#lib/chat/capabilities.ts";
import { documentText } from "#lib/chat/documents.ts";
import { droppedNames } from "#lib/chat/dropped-names.ts";
import {
  type AssistantMessage,
  type ChatMessage,
  type ChatRequest,
  type Content,
  type ContentPart,
  contentText,
  hasForeignPart,
  type OpaquePart,
  offeredTools,
  type ToolCallPart,
} from "#lib/chat/request.ts";
import { systemText } from "#lib/chat/system-text.ts";
import { generationConfig, isFromGemini3 } from "#lib/providers/protocols/gemini/generation-config.ts";
import { geminiParameters, newReferenceBudget } from "#lib/providers/protocols/gemini/schema.ts";
import type { EncodedRequest, EncodeOptions } from "#lib/providers/protocols/protocol.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { parseDataUrl } from "#lib/shared/data-url.ts";
import { type JsonObject, stringField } from "#lib/shared/json.ts";
import { parseJsonObject } from "#lib/shared/json-depth.ts";

/** Google's placeholder for calls without a signature, which other models made. Source: docs/PROVIDERS.md. */
const NO_SIGNATURE = "skip_thought_signature_validator";

/** A chat request as the body of `generateContent`. Prompt caching is implicit: nothing is sent for it. */
export function encodeGemini(request: ChatRequest, engine: Engine, _options: EncodeOptions): EncodedRequest {
  const dropped: string[] = [];
  const body: JsonObject = { contents: encodeContents(request.messages, engine) };
  if (hasForeignPart(request, undefined)) dropped.push("messages");
  const system = request.messages.flatMap((message) =>
    message.role === "system" ? [systemText(message.content)] : [],
  );
  if (system.length > 0) body["systemInstruction"] = { parts: [{ text: system.join("\n\n") }] };
  writeTools(body, request, engine, dropped);
  const config = generationConfig(request, engine);
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
  };
}

/** Whether Gemini is known to lack the capability. */
export function geminiLacks(capability: Capability): boolean {
  switch (capability) {
    // Models that fetch files from the web are named in their row: the older ones refuse the whole request.
    case "image_urls":
    case "document_urls":
    case "office_documents":
    case "openai_parts":
    case "anthropic_parts":
    case "custom_tools":
      return true;
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

function encodeContents(messages: readonly ChatMessage[], engine: Engine): JsonObject[] {
  const names = new Map<string, string>();
  const contents: { role: "user" | "model"; parts: JsonObject[] }[] = [];
  for (const message of messages) {
    if (message.role === "system") continue;
    const role = message.role === "assistant" ? "model" : "user";
    const parts = encodeParts(message, names, engine);
    if (parts.length === 0) continue;
    const last = contents.at(-1);
    if (last?.role === role) for (const part of parts) last.parts.push(part);
    else contents.push({ role, parts });
  }
  return contents;
}

function encodeParts(
  message: Exclude<ChatMessage, { role: "system" }>,
  names: Map<string, string>,
  engine: Engine,
): JsonObject[] {
  switch (message.role) {
    case "user":
      return encodeContent(message.content);
    case "assistant":
      for (const part of message.parts) if (part.type === "tool_call") names.set(part.id, part.name);
      return encodeAssistant(message, engine);
    case "tool": {
      const text = contentText(message.content);
      const plain: JsonObject = message.isError === true ? { error: text } : { result: text };
      const response = parseJsonObject(text) ?? plain;
      const name = names.get(message.toolCallId) ?? message.toolCallId;
      const media = typeof message.content === "string" ? [] : message.content.filter(isMedia);
      return [{ functionResponse: { name, response } }, ...encodeContent(media)];
    }
  }
}

function isMedia(part: ContentPart): boolean {
  return part.type === "image" || part.type === "document";
}

function encodeContent(content: Content): JsonObject[] {
  if (typeof content === "string") return content === "" ? [] : [{ text: content }];
  return content.flatMap(encodePart);
}

/** The part; empty if there is nothing to send. */
function encodePart(part: ContentPart): JsonObject[] {
  switch (part.type) {
    case "text":
      return part.text === "" ? [] : [{ text: part.text }];
    case "image":
      return [encodeMedia(part.url, "image/*")];
    case "document": {
      const { source } = part;
      return [
        source.kind === "text"
          ? { text: documentText(part) ?? source.text }
          : encodeMedia(source.url, source.mediaType),
      ];
    }
    case "opaque":
      return encodeAudio(part);
  }
}

/** A recording in OpenAI's form; empty for any other part. */
function encodeAudio(part: OpaquePart): JsonObject[] {
  const audio = isAudio(part) ? part.value["input_audio"] : undefined;
  const data = stringField(audio, "data");
  if (data === undefined) return [];
  const format = stringField(audio, "format") ?? "wav";
  return [{ inlineData: { mimeType: `audio/${format}`, data } }];
}

/** A link is sent only to a model whose row says that it reads links. */
function encodeMedia(url: string, mimeType: string): JsonObject {
  const data = parseDataUrl(url);
  return data === undefined
    ? { fileData: { mimeType, fileUri: url } }
    : { inlineData: { mimeType: data.mediaType, data: data.base64 } };
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
  const part: JsonObject = {
    functionCall: { name: call.name, args: parseJsonObject(call.arguments) ?? {} },
  };
  if (signature !== undefined) part["thoughtSignature"] = signature;
  return part;
}

function writeTools(body: JsonObject, request: ChatRequest, engine: Engine, dropped: string[]): void {
  const { tools, choice } = offeredTools(request);
  const functions = tools.flatMap((tool) => (tool.type === "function" ? [tool] : []));
  if (functions.length < tools.length) dropped.push("tools");
  if (functions.length === 0) {
    // Grounding cannot be combined with function calls or a JSON answer.
    const plainAnswer = request.responseFormat === undefined || request.responseFormat.type === "text";
    if (request.webSearch === true && engine.provider.webSearch === true && plainAnswer) {
      body["tools"] = [{ google_search: {} }];
    }
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
  if (choice === undefined) return;
  const config: JsonObject =
    typeof choice === "string"
      ? { mode: { auto: "AUTO", none: "NONE", required: "ANY" }[choice] }
      : { mode: "ANY", allowedFunctionNames: [choice.name] };
  body["toolConfig"] = { functionCallingConfig: config };
}
