import type { Capability } from "#lib/chat/capabilities.ts";
import { droppedNames } from "#lib/chat/dropped-names.ts";
import { lostNames } from "#lib/chat/lost-names.ts";
import { readableRequest } from "#lib/chat/readable-parts.ts";
import type { ChatRequest, WireDialect } from "#lib/chat/request.ts";
import { type CachePlan, planPromptCache } from "#lib/providers/cache.ts";
import { bareModelName, modelRules, templateRules } from "#lib/providers/catalogue/model-rules.ts";
import { chooseMarks, type Marks } from "#lib/providers/protocols/openai-compatible/cache-marks.ts";
import { dialectOf, openAiPromptCaching } from "#lib/providers/protocols/openai-compatible/dialect-of.ts";
import { FieldWriter } from "#lib/providers/protocols/openai-compatible/field-writer.ts";
import { fitForOpenAi } from "#lib/providers/protocols/openai-compatible/fitted-request.ts";
import { encodeMessages } from "#lib/providers/protocols/openai-compatible/messages.ts";
import { writeExtra, writeParameters } from "#lib/providers/protocols/openai-compatible/parameters.ts";
import { withTemplateOrder } from "#lib/providers/protocols/openai-compatible/template-order.ts";
import { writeTools } from "#lib/providers/protocols/openai-compatible/tools.ts";
import type { EncodedRequest, EncodeOptions } from "#lib/providers/protocols/protocol.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { OpenAiDialect } from "#lib/providers/vendors/openai-dialect.ts";
import type { JsonObject } from "#lib/shared/json.ts";

/** A chat request as the body of `POST …/chat/completions` in the provider's dialect. */
export function encodeOpenAi(asked: ChatRequest, engine: Engine, options: EncodeOptions): EncodedRequest {
  const dialect = dialectOf(engine);
  const reads: WireDialect | undefined = dialect.opaqueParts ? "openai" : undefined;
  const readable = readableRequest(asked, { dialect: reads, textDocuments: false });
  const { request, renamed, dropped } = fitForOpenAi(readable, engine, dialect);
  const cache: CachePlan = options.promptCache
    ? planPromptCache(request, engine, openAiPromptCaching(engine))
    : { kind: "none" };
  const marks: Marks = options.promptCache ? chooseMarks(request, engine, cache) : { kind: "none" };
  const body: JsonObject = {
    model: engine.model,
    messages: withTemplateOrder(
      encodeMessages(request.messages, { dialect, marks, issuer: engine.issuer, model: engine.model }),
      templateRules(engine.model),
    ),
    stream: request.stream,
  };
  const fields = new FieldWriter(body, dialect);
  for (const name of [...lostNames(asked, { dialect: reads }), ...dropped]) fields.drop(name, true);
  writeTools(fields, request, dialect);
  const rules = modelRules(engine.model);
  writeParameters(fields, request, { model: engine.model, rules, dialect });
  writeExtra(fields, request, rules);

  const additions: string[] = [];
  if (request.stream && options.withoutAdditions !== true && fields.accepts("stream_options")) {
    body["stream_options"] = { include_usage: true };
    additions.push("stream_options");
  }
  if (cache.kind === "key" && body["prompt_cache_key"] === undefined) {
    body["prompt_cache_key"] = cache.key;
    additions.push("prompt_cache_key");
  }
  if (marks.kind !== "none") additions.push("cache_control");
  return {
    path: dialect.path,
    headers: { ...engine.headers },
    body,
    dropped: droppedNames(fields.dropped),
    additions,
    ...(renamed.size === 0 ? {} : { restorations: renamed }),
  };
}

/** Whether an engine of this dialect is known to lack the capability. */
export function openAiLacks(capability: Capability, engine: Engine): boolean {
  const dialect = dialectOf(engine);
  const accepts = (field: string): boolean => dialect.fields === "all" || dialect.fields.includes(field);
  switch (capability) {
    case "images":
      return modelRules(engine.model).textOnly;
    case "image_urls":
      return !dialect.imageUrls;
    case "documents":
      return dialect.documents === "none" || lacksDocuments(engine, dialect);
    case "document_urls":
      return !dialect.documentUrls;
    case "audio":
      return dialect.audio === "none" || (dialect.audio !== "all" && !dialect.audio.test(engine.model));
    case "openai_parts":
    case "chat_parts":
      return !dialect.opaqueParts;
    case "office_documents":
    case "anthropic_parts":
      return true;
    case "tools":
      return !accepts("tools");
    case "custom_tools":
      return false;
    case "forced_tool_choice":
      return !accepts("tool_choice");
    case "json_object":
      return !accepts("response_format");
    case "tools_with_format":
      return !dialect.toolsWithFormat;
    case "json_schema":
      return (
        !accepts("response_format") || dialect.jsonSchemaModels?.test(bareModelName(engine.model)) === false
      );
  }
}

/** OpenAI's models read documents as they read images; other hosts extract the text for models that cannot. */
function lacksDocuments({ model }: Engine, { documentUrls }: OpenAiDialect): boolean {
  return !documentUrls && modelRules(model).textOnly;
}
