import { arrayField, field, isJsonObject } from "#lib/shared/json.ts";
import {
  badName,
  cacheMarks,
  disabledThoughtFault,
  emptyFault,
  endsWithAssistant,
  everyBlock,
  hasToolBlocks,
  missingThoughtFault,
  modifiedFault,
  nameOf,
  pairingFault,
  signatureFault,
} from "./anthropic-conversation.ts";
import { type Grammar, list, object, tagged, type Violation, violations } from "./grammar.ts";
import { mediaTypeOf } from "./media.ts";
import { firstOf, objectsOf, type Request, type Rule, stringOf } from "./rule.ts";

/** An error body of Anthropic's. */
export function anthropicError(message: string, type = "invalid_request_error"): unknown {
  return { type: "error", error: { type, message }, request_id: "req_strict" };
}

const CACHE = tagged({ ephemeral: object("type ttl") });
const SCOPED_CACHE = tagged({ ephemeral: object("type ttl scope") });
const SOURCE = tagged({
  base64: object("type media_type data"),
  url: object("type url"),
  file: object("type file_id"),
  text: object("type media_type data"),
  content: object("type content"),
});

/** Grammar of the body: the SDK's types, 1.12.0. `cache` may have a scope with its beta header only. */
function grammarOf(request: Request): Grammar {
  const betas = request.headers["anthropic-beta"] ?? "";
  const cache_control = betas.includes("prompt-caching-scope") ? SCOPED_CACHE : CACHE;
  const media = tagged({
    text: object("type text citations", { cache_control }),
    image: object("type transformations", { source: SOURCE, cache_control }),
    document: object("type citations context title", { source: SOURCE, cache_control }),
    search_result: object("type content source title citations", { cache_control }),
    tool_reference: object("type tool_name", { cache_control }),
  });
  const block = tagged({
    ...(media as { of: Record<string, Grammar> }).of,
    thinking: object("type thinking signature"),
    redacted_thinking: object("type data"),
    tool_use: object("type id name input caller toolset_name", { cache_control }),
    tool_result: object("type tool_use_id is_error toolset_name", { content: list(media), cache_control }),
    server_tool_use: object("type id name input caller", { cache_control }),
    web_search_tool_result: object("type tool_use_id content caller", { cache_control }),
    web_fetch_tool_result: object("type tool_use_id content caller", { cache_control }),
    code_execution_tool_result: object("type tool_use_id content caller", { cache_control }),
    bash_code_execution_tool_result: object("type tool_use_id content", { cache_control }),
    text_editor_code_execution_tool_result: object("type tool_use_id content", { cache_control }),
    tool_search_tool_result: object("type tool_use_id content", { cache_control }),
    container_upload: object("type file_id", { cache_control }),
  });
  const custom = object(
    "type name description input_schema strict defer_loading allowed_callers eager_input_streaming input_examples",
    { cache_control },
  );
  const fields = object("model metadata tool_choice diagnostics user_profile_id workspace_id", {
    messages: list(object("role", { content: list(block) })),
    system: list(tagged({ text: object("type text citations", { cache_control }) })),
    thinking: tagged({
      enabled: object("type budget_tokens display"),
      adaptive: object("type display block_binding"),
      disabled: object("type"),
      between_tools: object("type display budget_tokens"),
    }),
    output_config: object("effort format task_budget"),
    tools: list(tagged({ custom }, "type", "any")),
    cache_control,
  }) as { kind: "object"; fields: Record<string, Grammar> };
  const rest =
    request.api === "count_tokens"
      ? []
      : "max_tokens stream stop_sequences temperature top_p top_k service_tier container inference_geo speed".split(
          " ",
        );
  const beta = [
    ...(betas.includes("context-management") ? ["context_management"] : []),
    ...(betas.includes("mcp-client") ? ["mcp_servers"] : []),
  ];
  for (const name of [...rest, ...beta]) fields.fields[name] = "any";
  return fields;
}

/** Tools without a type are custom ones, and known by that in an error's path. */
function withToolTypes(body: Record<string, unknown>): Record<string, unknown> {
  if (!Array.isArray(body["tools"])) return body;
  const tools = body["tools"].map((tool: unknown) =>
    isJsonObject(tool) && tool["type"] === undefined ? { type: "custom", ...tool } : tool,
  );
  return { ...body, tools };
}

function extraInput({ path, name, tag }: Violation): string {
  const steps = path.flatMap(({ step, tag: kind }) => (kind === undefined ? [step] : [step, kind]));
  if (tag !== undefined)
    return `${path.map(({ step }) => step).join(".")}: Input tag '${String(tag)}' found using 'type' does not match any of the expected tags`;
  return `${[...steps, name].join(".")}: Extra inputs are not permitted`;
}

/** Rules of Claude models by version: `opus-4-7` is 407. */
export function claudeVersion(model: string): number {
  const match =
    /claude-(?:(?:opus|sonnet|haiku|fable|mythos)-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/.exec(model) ?? [];
  return Number(match[1] ?? 99) * 100 + Number(match[2] ?? 0);
}

/** The most output tokens of a model: the models' page of the documentation. */
export function claudeCeiling(model: string): number {
  const version = claudeVersion(model);
  if (version < 305) return 4_096;
  if (version < 307) return 8_192;
  if (version < 400) return 64_000;
  if (version < 406) return /opus-4(?:-1)?(?:-\d{8})?$/.test(model) ? 32_000 : 64_000;
  return 128_000;
}

const ALL = ["messages", "count_tokens"] as const;
const MESSAGES = ["messages"] as const;
const CONSULT =
  "Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking";
const said = (message: string | undefined): unknown =>
  message === undefined ? undefined : anthropicError(message);
const saidWhen = (isBroken: boolean, message: string): unknown =>
  isBroken ? anthropicError(message) : undefined;
const isNumber = (value: unknown): value is number => typeof value === "number";
const thinks = ({ body }: Request): boolean => /enabled|adaptive/.test(thinkingOf(body));
const thinkingOf = (body: unknown): string => stringOf(field(field(body, "thinking"), "type"));
const isForced = (body: unknown): boolean =>
  /^(?:any|tool)$/.test(stringOf(field(field(body, "tool_choice"), "type")));

/**
 * What `POST /v1/messages` and `/v1/messages/count_tokens` refuse. Texts as users' reports quote them
 * (anthropics/claude-code#1237, #23369, #27337, #59812, jcode#465, litellm#24900, llxprt-code#3695,
 * inspect_ai#4922), from docs/PROVIDERS.md, and from the SDK's types.
 */
export const ANTHROPIC_RULES: readonly Rule[] = [
  {
    api: ALL,
    when: "no key",
    status: 401,
    body: ({ headers }) =>
      headers["x-api-key"] === undefined && headers["authorization"] === undefined
        ? anthropicError("x-api-key header is required", "authentication_error")
        : undefined,
  },
  {
    api: ALL,
    when: "no version header",
    status: 400,
    body: ({ headers }) =>
      saidWhen(headers["anthropic-version"] === undefined, "anthropic-version: header is required"),
  },
  {
    api: ALL,
    when: "a model that is not Claude",
    status: 404,
    body: ({ model }) =>
      model.startsWith("claude-") ? undefined : anthropicError(`model: ${model}`, "not_found_error"),
  },
  {
    api: ALL,
    when: "a system message among the messages of a model before 5",
    status: 400,
    body: ({ body, model }) =>
      saidWhen(
        objectsOf(body["messages"]).some(
          ({ role }, at) => role === "system" && (claudeVersion(model) < 500 || at === 0),
        ),
        'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not "system" as an input message role.',
      ),
  },
  {
    api: ALL,
    when: "a role that is neither user nor assistant",
    status: 400,
    body: ({ body }) =>
      said(
        objectsOf(body["messages"])
          .map(({ role }, at) => ({ role: stringOf(role), at }))
          .filter(({ role }) => !["user", "assistant", "system"].includes(role))
          .map(({ at }) => `messages.${at}.role: Input should be 'user' or 'assistant'`)[0],
      ),
  },
  {
    api: ALL,
    when: "an unknown field",
    status: 400,
    body: (request) =>
      said(violations(grammarOf(request), withToolTypes(request.body)).map(extraInput).slice(0, 1)[0]),
  },
  {
    api: MESSAGES,
    when: "no max_tokens",
    status: 400,
    body: ({ body }) => saidWhen(!isNumber(body["max_tokens"]), "max_tokens: Field required"),
  },
  {
    api: MESSAGES,
    when: "max_tokens below one",
    status: 400,
    body: ({ body }) =>
      saidWhen(Number(body["max_tokens"]) < 1, "max_tokens: Input should be greater than or equal to 1"),
  },
  {
    api: MESSAGES,
    when: "max_tokens above the model's ceiling",
    status: 400,
    body: ({ body, model }) =>
      saidWhen(
        Number(body["max_tokens"]) > claudeCeiling(model),
        `max_tokens: ${String(body["max_tokens"])} > ${claudeCeiling(model)}, which is the maximum allowed number of output tokens for ${model}`,
      ),
  },
  {
    api: ALL,
    when: "no message",
    status: 400,
    body: ({ body }) =>
      saidWhen(arrayField(body, "messages").length === 0, "messages: at least one message is required"),
  },
  {
    api: ALL,
    when: "a first message that is not the user's",
    status: 400,
    body: ({ body }) =>
      saidWhen(
        objectsOf(body["messages"])[0]?.["role"] !== "user",
        'messages: first message must use the "user" role',
      ),
  },
  {
    api: ALL,
    when: "a text or a message without visible content",
    status: 400,
    body: (request) => said(emptyFault(request)),
  },
  {
    api: ALL,
    when: "a conversation that ends with the assistant, from 4.6 on",
    status: 400,
    body: ({ body, model }) =>
      saidWhen(
        endsWithAssistant(body) && claudeVersion(model) >= 406,
        "This model does not support assistant message prefill. The conversation must end with a user message.",
      ),
  },
  {
    api: ALL,
    when: "a prefill that ends in white space",
    status: 400,
    body: ({ body }) =>
      saidWhen(
        endsWithAssistant(body) && /\s$/.test(stringOf(everyBlock(body).at(-1)?.block["text"])),
        "messages: final assistant content cannot end with trailing whitespace",
      ),
  },
  {
    api: ALL,
    when: "calls and results that do not stand side by side",
    status: 400,
    body: ({ body }) => said(pairingFault(body)),
  },
  {
    api: ALL,
    when: "an id of a call with other characters",
    status: 400,
    body: ({ body }) =>
      said(
        everyBlock(body)
          .filter(({ block }) => block["type"] === "tool_use" && badName(block["id"], /^[a-zA-Z0-9_-]+$/))
          .map(({ path }) => `${path}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`)[0],
      ),
  },
  {
    api: ALL,
    when: "a name of a call with other characters",
    status: 400,
    body: ({ body }) =>
      said(
        everyBlock(body)
          .filter(
            ({ block }) => block["type"] === "tool_use" && badName(block["name"], /^[a-zA-Z0-9_-]{1,200}$/),
          )
          .map(
            ({ path }) => `${path}.tool_use.name: String should match pattern '^[a-zA-Z0-9_-]{1,200}$'`,
          )[0],
      ),
  },
  {
    api: ALL,
    when: "an input of a call that is not an object",
    status: 400,
    body: ({ body }) =>
      said(
        everyBlock(body)
          .filter(({ block }) => block["type"] === "tool_use" && !isJsonObject(block["input"]))
          .map(({ path }) => `${path}.tool_use.input: Input should be a valid dictionary`)[0],
      ),
  },
  {
    api: ALL,
    when: "calls in the history without tools",
    status: 400,
    body: ({ body }) =>
      saidWhen(
        hasToolBlocks(body) && arrayField(body, "tools").length === 0,
        "Requests which include `tool_use` or `tool_result` blocks must define tools",
      ),
  },
  {
    api: ALL,
    when: "a tool's name with other characters or too long",
    status: 400,
    body: ({ body }) =>
      said(
        objectsOf(body["tools"])
          .map((tool, at) => ({ tool, at }))
          .filter(({ tool }) => badName(tool["name"], /^[a-zA-Z0-9_-]{1,128}$/))
          .map(
            ({ at }) => `tools.${at}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`,
          )[0],
      ),
  },
  {
    api: ALL,
    when: "two tools of one name",
    status: 400,
    body: ({ body }) => {
      const names = objectsOf(body["tools"]).map(nameOf);
      return saidWhen(new Set(names).size !== names.length, "tools: Tool names must be unique.");
    },
  },
  {
    api: ALL,
    when: "a tool's schema that is not one of an object",
    status: 400,
    body: ({ body }) => said(firstOf(objectsOf(body["tools"]), schemaFault) as string | undefined),
  },
  {
    api: ALL,
    when: "a choice of tools without tools",
    status: 400,
    body: ({ body }) =>
      saidWhen(
        body["tool_choice"] !== undefined && arrayField(body, "tools").length === 0,
        "tool_choice: tool_choice may only be specified while providing tools.",
      ),
  },
  {
    api: ALL,
    when: "a forced tool that is not offered",
    status: 400,
    body: ({ body }) => {
      const name = field(body["tool_choice"], "name");
      return saidWhen(
        typeof name === "string" && !objectsOf(body["tools"]).some((tool) => tool["name"] === name),
        `Tool '${String(name)}' not found in provided tools`,
      );
    },
  },
  ...thinkingRules(),
  {
    api: MESSAGES,
    when: "sampling parameters, from 4.7 on",
    status: 400,
    body: ({ body, model }) => {
      const name = ["temperature", "top_p", "top_k"].find((key) => body[key] !== undefined);
      return saidWhen(
        name !== undefined && claudeVersion(model) >= 407,
        `\`${name}\` is deprecated for this model.`,
      );
    },
  },
  {
    api: MESSAGES,
    when: "temperature and top_p together, from 4.1 on",
    status: 400,
    body: ({ body, model }) =>
      saidWhen(
        body["temperature"] !== undefined && body["top_p"] !== undefined && claudeVersion(model) >= 401,
        "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
      ),
  },
  {
    api: MESSAGES,
    when: "a temperature above one",
    status: 400,
    body: ({ body }) =>
      saidWhen(Number(body["temperature"]) > 1, "temperature: Input should be less than or equal to 1"),
  },
  {
    api: MESSAGES,
    when: "a stop sequence of white space",
    status: 400,
    body: ({ body }) =>
      saidWhen(
        arrayField(body, "stop_sequences").some((stop) => stringOf(stop).trim() === ""),
        "stop_sequences: each stop sequence must contain non-whitespace",
      ),
  },
  {
    api: ALL,
    when: "an image whose label is unknown or wrong",
    status: 400,
    body: ({ body }) =>
      said(firstOf(everyBlock(body), ({ block, path }) => imageFault(block, path)) as string | undefined),
  },
  {
    api: ALL,
    when: "a document that is not a PDF",
    status: 400,
    body: ({ body }) =>
      said(
        everyBlock(body)
          .filter(({ block }) => {
            const source = block["source"];
            const isData = block["type"] === "document" && field(source, "type") === "base64";
            return isData && mediaTypeOf(stringOf(field(source, "data"))) !== "application/pdf";
          })
          .map(({ path }) => `${path}.document.source.base64.data: The PDF specified was not valid.`)[0],
      ),
  },
  {
    api: ALL,
    when: "more than four marks for the cache",
    status: 400,
    body: ({ body }) =>
      saidWhen(
        cacheMarks(body).length > 4,
        `A maximum of 4 blocks with cache_control may be provided. Found ${cacheMarks(body).length}.`,
      ),
  },
  {
    api: ALL,
    when: "a long-lived mark behind a short-lived one",
    status: 400,
    body: ({ body }) => {
      const lives = cacheMarks(body).map((mark) => mark["ttl"] ?? "5m");
      return saidWhen(
        lives.lastIndexOf("1h") > lives.indexOf("5m") && lives.includes("5m"),
        "messages: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are processed in the following order: `tools`, `system`, `messages`.",
      );
    },
  },
  {
    api: ALL,
    when: "an effort that the model does not know",
    status: 400,
    body: ({ body, model }) => {
      const effort = stringOf(field(body["output_config"], "effort"));
      if (effort === "") return undefined;
      const version = claudeVersion(model);
      if (version < 405) return anthropicError("This model does not support the effort parameter.");
      const known = ["high", "low", "max", "medium", ...(version >= 407 ? ["xhigh"] : [])];
      return saidWhen(
        !known.includes(effort),
        `This model does not support effort level '${effort}'. Supported levels: ${known.join(", ")}.`,
      );
    },
  },
  {
    api: MESSAGES,
    when: "a long user_id",
    status: 400,
    body: ({ body }) =>
      saidWhen(
        stringOf(field(body["metadata"], "user_id")).length > 512,
        "metadata.user_id: String should have at most 512 characters",
      ),
  },
];

/** Thinking: what may stand beside it, and its blocks in the history. */
function thinkingRules(): Rule[] {
  return [
    {
      api: ALL,
      when: "a budget to think, from 4.7 on",
      status: 400,
      body: ({ body, model }) =>
        saidWhen(
          thinkingOf(body) === "enabled" && claudeVersion(model) >= 407,
          '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.',
        ),
    },
    {
      api: ALL,
      when: "adaptive thinking before 4.6",
      status: 400,
      body: ({ body, model }) =>
        saidWhen(
          thinkingOf(body) === "adaptive" && claudeVersion(model) < 406,
          "adaptive thinking is not supported on this model",
        ),
    },
    {
      api: ALL,
      when: "a budget below 1,024",
      status: 400,
      body: ({ body }) =>
        saidWhen(
          thinkingOf(body) === "enabled" && !(Number(field(body["thinking"], "budget_tokens")) >= 1_024),
          "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
        ),
    },
    {
      api: MESSAGES,
      when: "a budget that is not below max_tokens",
      status: 400,
      body: ({ body }) =>
        saidWhen(
          thinkingOf(body) === "enabled" &&
            Number(field(body["thinking"], "budget_tokens")) >= Number(body["max_tokens"]),
          `\`max_tokens\` must be greater than \`thinking.budget_tokens\`. ${CONSULT}#max-tokens-and-context-window-size`,
        ),
    },
    {
      api: MESSAGES,
      when: "a temperature beside thinking",
      status: 400,
      body: (request) =>
        saidWhen(
          thinks(request) && ![undefined, 1].includes(request.body["temperature"] as number | undefined),
          `\`temperature\` may only be set to 1 when thinking is enabled or in adaptive mode. ${CONSULT}#important-considerations-when-using-extended-thinking`,
        ),
    },
    {
      api: MESSAGES,
      when: "top_k beside thinking",
      status: 400,
      body: (request) =>
        saidWhen(
          thinks(request) && request.body["top_k"] !== undefined,
          `\`top_k\` must be unset when thinking is enabled or in adaptive mode. ${CONSULT}`,
        ),
    },
    {
      api: ALL,
      when: "a forced tool beside thinking",
      status: 400,
      body: (request) =>
        saidWhen(
          thinks(request) && isForced(request.body),
          "Thinking may not be enabled when tool_choice forces tool use.",
        ),
    },
    {
      api: ALL,
      when: "a thought with a signature of somebody else, or a changed thought",
      status: 400,
      body: ({ body }) => said(signatureFault(body)),
    },
    {
      api: ALL,
      when: "thoughts of the latest answer in another order or left out in part",
      status: 400,
      body: ({ body }) => said(modifiedFault(body)),
    },
    {
      api: ALL,
      when: "a tool loop that does not begin with a thought, with a budget to think",
      status: 400,
      body: ({ body }) => said(missingThoughtFault(body)),
    },
    {
      api: ALL,
      when: "a thought in a tool loop, without thinking",
      status: 400,
      body: (request) => {
        const isOff =
          thinkingOf(request.body) === "disabled" || (!thinks(request) && claudeVersion(request.model) < 500);
        return isOff ? said(disabledThoughtFault(request.body)) : undefined;
      },
    },
  ];
}

function schemaFault(tool: Record<string, unknown>, at: number): string | undefined {
  if (tool["type"] !== undefined && tool["type"] !== "custom") return undefined;
  const where = `tools.${at}.custom.input_schema`;
  const schema = tool["input_schema"];
  if (!isJsonObject(schema)) return `${where}: Field required`;
  if (schema["type"] === undefined) return `${where}.type: Field required`;
  if (schema["type"] !== "object") return `${where}.type: Input should be 'object'`;
  if (["oneOf", "allOf", "anyOf"].some((key) => key in schema))
    return `${where}: input_schema does not support oneOf, allOf, or anyOf at the top level`;
  const properties = schema["properties"] ?? {};
  const names = isJsonObject(properties) ? Object.keys(properties) : [];
  if (names.some((name) => !/^[a-zA-Z0-9_.-]{1,64}$/.test(name)))
    return `${where}.properties: Property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'`;
  const isInvalid =
    !isJsonObject(properties) || (schema["required"] !== undefined && !Array.isArray(schema["required"]));
  return isInvalid
    ? `${where}: JSON schema is invalid. It must match JSON Schema draft 2020-12 (https://json-schema.org/draft/2020-12).`
    : undefined;
}

function imageFault(block: Record<string, unknown>, path: string): string | undefined {
  const source = block["source"];
  if (block["type"] !== "image" || field(source, "type") !== "base64") return undefined;
  const label = stringOf(field(source, "media_type"));
  const known = ["image/jpeg", "image/png", "image/gif", "image/webp"];
  if (!known.includes(label))
    return `${path}.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'`;
  const actual = mediaTypeOf(stringOf(field(source, "data")));
  if (actual === undefined) return `${path}.image.source.base64.data: Could not process image`;
  return actual === label
    ? undefined
    : `${path}.image.source.base64: The image was specified using the ${label} media type, but the image appears to be a ${actual} image`;
}
