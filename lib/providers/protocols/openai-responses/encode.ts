import type { Capability } from "#lib/chat/capabilities.ts";
import { droppedNames } from "#lib/chat/dropped-names.ts";
import { lostNames } from "#lib/chat/lost-names.ts";
import { readableRequest } from "#lib/chat/readable-parts.ts";
import { type ChatRequest, messageParts } from "#lib/chat/request.ts";
import { planPromptCache } from "#lib/providers/cache.ts";
import { modelRules } from "#lib/providers/catalogue/model-rules.ts";
import { dialectOf } from "#lib/providers/protocols/openai-compatible/dialect-of.ts";
import { isForeign } from "#lib/providers/protocols/openai-responses/content.ts";
import { fitForResponses } from "#lib/providers/protocols/openai-responses/fitted-request.ts";
import { encodeInput } from "#lib/providers/protocols/openai-responses/input.ts";
import { writeExtra, writeParameters } from "#lib/providers/protocols/openai-responses/parameters.ts";
import { writeTools } from "#lib/providers/protocols/openai-responses/tools.ts";
import type { EncodedRequest, EncodeOptions } from "#lib/providers/protocols/protocol.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { JsonObject } from "#lib/shared/json.ts";

const ENCRYPTED_REASONING = "reasoning.encrypted_content";

/** A chat request as the body of `POST …/responses`. Nothing is stored at the provider. */
export function encodeResponses(asked: ChatRequest, engine: Engine, options: EncodeOptions): EncodedRequest {
  const { developerRole, promptCacheKey } = dialectOf(engine);
  const isBare = options.withoutAdditions === true;
  const rules = modelRules(engine.model);
  const reader = { dialect: "openai-responses", textDocuments: false } as const;
  const { request, renamed, dropped } = fitForResponses(readableRequest(asked, reader));
  dropped.push(...lostNames(asked, { ...reader, reads: (part) => !isForeign(part) }));
  const additions: string[] = [];
  const { instructions, input, hasReasoning } = encodeInput(request.messages, {
    issuer: isBare ? undefined : engine.issuer,
    developerRole,
  });
  const body: JsonObject = { model: engine.model, input, stream: request.stream, store: false };
  if (instructions !== undefined) body["instructions"] = instructions;
  if (hasMisplacedMedia(request)) dropped.push("messages");
  writeTools(body, request, engine, dropped);
  writeParameters(body, request, rules, dropped);
  writeExtra(body, request, dropped);
  if (!isBare && rules.efforts?.length !== 0) {
    const include = Array.isArray(body["include"]) ? body["include"] : [];
    body["include"] = [...include, ENCRYPTED_REASONING];
    additions.push("include", "ncrypted content");
  }
  // The refusals of reasoning items that do not fit the rest of the history, or that another key made.
  if (hasReasoning) additions.push("'reasoning'", "rs_");
  if (options.promptCache && promptCacheKey && body["prompt_cache_key"] === undefined) {
    const plan = planPromptCache(request, engine, "key");
    if (plan.kind === "key") {
      body["prompt_cache_key"] = plan.key;
      additions.push("prompt_cache_key");
    }
  }
  return {
    path: "/responses",
    headers: { ...engine.headers },
    body,
    dropped: droppedNames(dropped),
    additions,
    ...(renamed.size === 0 ? {} : { restorations: renamed }),
  };
}

/** Whether a message of the assistant or the system has an image or a document, for which the API has no place. */
function hasMisplacedMedia({ messages }: ChatRequest): boolean {
  return messages.some(
    (message) =>
      (message.role === "assistant" || message.role === "system") &&
      messageParts(message).some(({ type }) => type === "image" || type === "document"),
  );
}

/** Whether the model is known to lack the capability. */
export function responsesLacks(capability: Capability, engine: Engine): boolean {
  switch (capability) {
    case "images":
      return modelRules(engine.model).textOnly;
    case "documents":
      return dialectOf(engine).documents === "none" || modelRules(engine.model).textOnly;
    case "document_urls":
      return dialectOf(engine).documents === "none";
    case "openai_parts":
      return !dialectOf(engine).opaqueParts;
    case "audio":
    case "chat_parts":
    case "office_documents":
    case "anthropic_parts":
      return true;
    case "image_urls":
    case "custom_tools":
    case "tools":
    case "tools_with_format":
    case "forced_tool_choice":
    case "json_object":
    case "json_schema":
      return false;
  }
}
