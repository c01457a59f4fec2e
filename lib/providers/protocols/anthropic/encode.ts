import { hasCacheBreakpoint } from "#lib/chat/cache-breakpoints.ts";
import type { Capability } from "#lib/chat/capabilities.ts";
import { droppedNames } from "#lib/chat/dropped-names.ts";
import { lostNames } from "#lib/chat/lost-names.ts";
import { readableRequest } from "#lib/chat/readable-parts.ts";
import { type ChatRequest, somePart } from "#lib/chat/request.ts";
import { planPromptCache } from "#lib/providers/cache.ts";
import { claudeRules } from "#lib/providers/catalogue/model-rules.ts";
import { limitMarks, type Marks } from "#lib/providers/protocols/anthropic/cache-marks.ts";
import { fitForAnthropic } from "#lib/providers/protocols/anthropic/fitted-request.ts";
import { encodeMessages, encodeSystem, leadingSystem } from "#lib/providers/protocols/anthropic/messages.ts";
import { nativeField, writeExtra, writeMetadata } from "#lib/providers/protocols/anthropic/native-fields.ts";
import {
  untranslatable,
  writeFormat,
  writeSampling,
  writeStop,
} from "#lib/providers/protocols/anthropic/parameters.ts";
import { writeThinking } from "#lib/providers/protocols/anthropic/thinking.ts";
import { writeTools } from "#lib/providers/protocols/anthropic/tools.ts";
import type { EncodedRequest, EncodeOptions } from "#lib/providers/protocols/protocol.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { isJsonObject, type JsonObject } from "#lib/shared/json.ts";

const ANTHROPIC_HEADERS: Readonly<Record<string, string>> = { "anthropic-version": "2023-06-01" };

/** A chat request as the body of `POST /v1/messages`. */
export function encodeAnthropic(asked: ChatRequest, engine: Engine, options: EncodeOptions): EncodedRequest {
  const readable = readableRequest(asked, { dialect: "anthropic", textDocuments: true });
  const rules = claudeRules(engine.model);
  const { request, restorations, schemas, dropped } = fitForAnthropic(readable, engine.issuer, rules);
  const marks = chooseMarks(request, engine, options);
  dropped.push(...lostNames(asked, { dialect: "anthropic" }));
  const body: JsonObject = {
    model: engine.model,
    max_tokens: request.maxOutputTokens ?? rules.maxTokens,
    messages: [],
    stream: request.stream,
  };
  const system = encodeSystem(leadingSystem(request), marks);
  if (system.length > 0) body["system"] = system;
  writeTools(body, request, { rules, marks, schemas }, dropped);
  // A reminder that stands for a system message does not end a loop of tool calls.
  const thinking = writeThinking(body, readable, engine, rules, dropped);
  const thinks = thinking === "requested";
  const context = { issuer: engine.issuer, thinking: thinking !== "off", marks, keys: schemas.keys };
  body["messages"] = encodeMessages(request, context);
  if ((thinks || thinking === "default") && request.maxOutputTokens === undefined) {
    body["max_tokens"] = rules.thinkingMaxTokens;
  }
  writeSampling(body, request, rules, thinks, dropped);
  writeFormat(body, request, dropped);
  writeStop(body, request, dropped);
  writeMetadata(body, request);
  dropped.push(...untranslatable(request));
  writeExtra(body, request, dropped);
  limitMarks(body);
  const betas = request.extra?.dialect === "anthropic" ? request.extra.betas : undefined;
  return {
    path: "/v1/messages",
    headers: {
      ...ANTHROPIC_HEADERS,
      ...engine.headers,
      ...(betas === undefined ? {} : { "anthropic-beta": betas }),
    },
    body,
    dropped: droppedNames(dropped),
    additions: marks === "none" ? [] : ["cache_control"],
    ...(restorations.size === 0 ? {} : { restorations }),
  };
}

/** Whether the model is known to lack the capability. */
export function anthropicLacks(capability: Capability, engine: Engine): boolean {
  switch (capability) {
    case "custom_tools":
    case "json_object":
      return true;
    case "json_schema":
      return !claudeRules(engine.model).jsonSchema;
    case "forced_tool_choice":
      return !claudeRules(engine.model).forcedToolChoice;
    case "documents":
    case "document_urls":
      return !claudeRules(engine.model).documents;
    case "office_documents":
    case "audio":
    case "openai_parts":
    case "chat_parts":
      return true;
    case "images":
    case "image_urls":
    case "anthropic_parts":
    case "tools":
    case "tools_with_format":
      return false;
  }
}

function chooseMarks(request: ChatRequest, engine: Engine, options: EncodeOptions): Marks {
  if (!options.promptCache) return "none";
  // The client's marks take precedence; a mark on a prefix that is too short is harmless.
  if (isMarkedByClient(request)) return "clients";
  return planPromptCache(request, engine, "breakpoints").kind === "breakpoints" ? "ours" : "none";
}

/** Whether the client set a mark itself, including in parts that are passed on unread. */
function isMarkedByClient(request: ChatRequest): boolean {
  const hasMark = ({ value }: { value: JsonObject }): boolean => isJsonObject(value["cache_control"]);
  return (
    hasCacheBreakpoint(request) ||
    nativeField(request, "cache_control") !== undefined ||
    (request.tools ?? []).some((tool) => tool.type === "opaque" && hasMark(tool)) ||
    somePart(request, (part) => part.type === "opaque" && hasMark(part))
  );
}
