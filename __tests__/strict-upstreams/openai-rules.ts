import { arrayField, field, isJsonObject, parseJson } from "#lib/shared/json.ts";
import { type Grammar, list, object, tagged, type Violation, violations } from "./grammar.ts";
import { dataUrl, mediaTypeOf } from "./media.ts";
import { openAiModel } from "./openai-models.ts";
import { schemaFault } from "./openai-schema.ts";
import { type Body, firstOf, objectsOf, type Request, type Rule, stringOf } from "./rule.ts";

/** An error body of OpenAI's. */
export function openAiError(
  message: string,
  param: string | null = null,
  code: string | null = null,
): unknown {
  return { error: { message, type: "invalid_request_error", param, code } };
}

const PART = tagged({
  text: object("type text"),
  image_url: object("type", { image_url: object("url detail") }),
  input_audio: object("type", { input_audio: object("data format") }),
  file: object("type", { file: object("file_id file_data filename") }),
  refusal: object("type refusal"),
});
const CALL = tagged({
  function: object("id type", { function: object("name arguments") }),
  custom: object("id type", { custom: object("name input") }),
});
const MESSAGE = tagged(
  {
    system: object("role name", { content: list(PART) }),
    developer: object("role name", { content: list(PART) }),
    user: object("role name", { content: list(PART) }),
    assistant: object("role name refusal audio function_call", {
      content: list(PART),
      tool_calls: list(CALL),
    }),
    tool: object("role tool_call_id", { content: list(PART) }),
    function: object("role name content"),
  },
  "role",
);
/** The SDK's types, 7.57.0. */
const CHAT: Grammar = object(
  "model audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens metadata modalities moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key prompt_cache_options prompt_cache_retention reasoning_effort safety_identifier seed service_tier stop store stream temperature tool_choice top_logprobs top_p user verbosity web_search_options",
  {
    messages: list(MESSAGE),
    stream_options: object("include_usage include_obfuscation"),
    response_format: tagged({
      text: object("type"),
      json_object: object("type"),
      json_schema: object("type", { json_schema: object("name description schema strict") }),
    }),
    tools: list(
      tagged({
        function: object("type", { function: object("name description parameters strict") }),
        custom: object("type", {
          custom: object("name description", {
            format: tagged({
              text: object("type"),
              grammar: object("type", { grammar: object("syntax definition") }),
            }),
          }),
        }),
      }),
    ),
  },
);

/** `messages[0].content[1]`. */
export function pathText(path: Violation["path"], name?: string): string {
  const steps = [...path.map(({ step }) => step), ...(name === undefined ? [] : [name])];
  return steps.reduce<string>(
    (text, step) => (typeof step === "number" ? `${text}[${step}]` : text === "" ? step : `${text}.${step}`),
    "",
  );
}

/** The first unknown field or tag as OpenAI says it. */
export function unknownParameter(grammar: Grammar, body: Body): unknown {
  const [first] = violations(grammar, body);
  if (first === undefined) return undefined;
  const param = pathText(first.path, first.name);
  if ("tag" in first) {
    if (first.tag === undefined)
      return openAiError(`Missing required parameter: '${param}'.`, param, "missing_required_parameter");
    return openAiError(`Invalid value: '${String(first.tag)}'.`, param, "invalid_value");
  }
  return openAiError(`Unknown parameter: '${param}'.`, param, "unknown_parameter");
}

export function tooLong(param: string, value: unknown, max: number): unknown {
  const text = stringOf(value);
  return text.length <= max
    ? undefined
    : openAiError(
        `Invalid '${param}': string too long. Expected a string with maximum length ${max}, but got a string with length ${text.length} instead.`,
        param,
        "string_above_max_length",
      );
}

export function emptyArray(param: string, value: unknown): unknown {
  return Array.isArray(value) && value.length === 0
    ? openAiError(
        `Invalid '${param}': empty array. Expected an array with minimum length 1, but got an empty array instead.`,
        param,
        "empty_array",
      )
    : undefined;
}

export function tooMany(param: string, value: unknown, max: number): unknown {
  return Array.isArray(value) && value.length > max
    ? openAiError(
        `Invalid '${param}': array too long. Expected an array with maximum length ${max}, but got an array with length ${value.length} instead.`,
        param,
        "array_above_max_length",
      )
    : undefined;
}

export function badPattern(param: string, value: unknown): unknown {
  return /^[a-zA-Z0-9_-]+$/.test(stringOf(value))
    ? undefined
    : openAiError(
        `Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`,
        param,
        "invalid_value",
      );
}

export const unsupported = (param: string): unknown =>
  openAiError(
    `Unsupported parameter: '${param}' is not supported with this model.`,
    param,
    "unsupported_parameter",
  );

const BOTH = ["chat/completions", "responses"] as const;
const CHAT_ONLY = ["chat/completions"] as const;
const rulesFor = (request: Request) => openAiModel(request.model);
const effortOf = ({ api, body }: Request): unknown =>
  api === "responses" ? field(body["reasoning"], "effort") : body["reasoning_effort"];
const has = (value: unknown): boolean => value !== undefined && value !== null;
/** The name, description and schema of a tool of either API. */
export const functionOf = (tool: Body): Body => (isJsonObject(tool["function"]) ? tool["function"] : tool);

/** What both APIs of OpenAI refuse, in the words of reports: litellm#34569, crush#2913, wire.md W11–W23. */
export const SHARED_OPENAI_RULES: readonly Rule[] = [
  {
    api: BOTH,
    when: "no key",
    status: 401,
    body: ({ headers }) =>
      headers["authorization"] === undefined
        ? openAiError("You didn't provide an API key.", null, "invalid_api_key")
        : undefined,
  },
  {
    api: BOTH,
    when: "no model",
    status: 400,
    body: ({ model }) => (model === "" ? openAiError("you must provide a model parameter") : undefined),
  },
  {
    api: BOTH,
    when: "a model that OpenAI does not have",
    status: 404,
    body: (request) =>
      rulesFor(request) === undefined
        ? openAiError(
            `The model \`${request.model}\` does not exist or you do not have access to it.`,
            null,
            "model_not_found",
          )
        : undefined,
  },
  {
    api: BOTH,
    when: "sampling parameters at a model that reasons",
    status: 400,
    body: (request) => {
      if (rulesFor(request)?.refusesSampling(effortOf(request)) !== true) return undefined;
      const { temperature, top_p, frequency_penalty, presence_penalty } = request.body;
      if (has(temperature) && temperature !== 1) {
        if (request.api === "responses") return unsupportedInResponses("temperature");
        return openAiError(
          `Unsupported value: 'temperature' does not support ${String(temperature)} with this model. Only the default (1) value is supported.`,
          "temperature",
          "unsupported_value",
        );
      }
      const rest = { top_p, frequency_penalty, presence_penalty };
      const name = Object.entries(rest).find(([, value]) => has(value) && value !== 1 && value !== 0)?.[0];
      if (name === undefined) return undefined;
      return request.api === "responses" ? unsupportedInResponses(name) : unsupported(name);
    },
  },
  {
    api: BOTH,
    when: "log probabilities at a model that reasons",
    status: 400,
    body: (request) => {
      if (rulesFor(request)?.refusesSampling(effortOf(request)) !== true) return undefined;
      const name = ["logprobs", "top_logprobs", "logit_bias"].find(
        (key) => has(request.body[key]) && request.body[key] !== false && request.body[key] !== 0,
      );
      return name === undefined ? undefined : unsupported(name);
    },
  },
  {
    api: BOTH,
    when: "an effort that the model does not take",
    status: 400,
    body: (request) => {
      const effort = effortOf(request);
      const rules = rulesFor(request);
      if (!has(effort) || rules === undefined || rules.efforts.includes(String(effort))) return undefined;
      const param = request.api === "responses" ? "reasoning.effort" : "reasoning_effort";
      if (!rules.reasons) return unsupported(param);
      return openAiError(
        `Unsupported value: '${String(effort)}' is not supported with the '${request.model}' model. Supported values are: ${rules.efforts.map((one) => `'${one}'`).join(", ")}.`,
        param,
        "unsupported_value",
      );
    },
  },
  {
    api: BOTH,
    when: "a verbosity that the model does not take",
    status: 400,
    body: (request) => {
      const isChat = request.api === "chat/completions";
      const verbosity = isChat ? request.body["verbosity"] : field(request.body["text"], "verbosity");
      const rules = rulesFor(request);
      if (!has(verbosity) || rules === undefined || rules.verbosities.includes(String(verbosity)))
        return undefined;
      const refused = isChat
        ? `'verbosity' does not support '${String(verbosity)}' with this model.`
        : `'${String(verbosity)}' is not supported with the '${request.model}' model.`;
      return openAiError(
        `Unsupported value: ${refused} Supported values are: ${rules.verbosities.map((one) => `'${one}'`).join(", ")}.`,
        isChat ? "verbosity" : "text.verbosity",
        "unsupported_value",
      );
    },
  },
  {
    api: CHAT_ONLY,
    when: "no tools in a list of tools",
    status: 400,
    body: ({ body }) => emptyArray("tools", body["tools"]),
  },
  {
    api: BOTH,
    when: "more than 128 tools",
    status: 400,
    body: ({ body }) => tooMany("tools", body["tools"], 128),
  },
  {
    api: BOTH,
    when: "a tool's name with other characters, or longer than 64",
    status: 400,
    body: ({ api, body }) =>
      firstOf(objectsOf(body["tools"]), (tool, at) => {
        if (tool["type"] !== "function" && tool["type"] !== "custom") return undefined;
        const isNested = api === "chat/completions";
        const own = isNested ? tool[String(tool["type"])] : tool;
        const param = isNested ? `tools[${at}].${String(tool["type"])}.name` : `tools[${at}].name`;
        const name = field(own, "name");
        if (name === undefined)
          return openAiError(`Missing required parameter: '${param}'.`, param, "missing_required_parameter");
        return badPattern(param, name) ?? tooLong(param, name, 64);
      }),
  },
  {
    api: BOTH,
    when: "a function's schema that OpenAI does not take",
    status: 400,
    body: ({ api, body }) =>
      firstOf(objectsOf(body["tools"]), (tool, at) => {
        if (tool["type"] !== "function") return undefined;
        const own = functionOf(tool);
        const fault = schemaFault(own["parameters"], own["strict"] === true);
        if (fault === undefined) return undefined;
        const param = api === "responses" ? `tools[${at}].parameters` : `tools[${at}].function.parameters`;
        return openAiError(
          `Invalid schema for function '${stringOf(own["name"])}': ${fault}`,
          param,
          "invalid_function_parameters",
        );
      }),
  },
  {
    api: CHAT_ONLY,
    when: "a choice of tools without tools",
    status: 400,
    body: ({ body }) =>
      firstOf(["tool_choice", "parallel_tool_calls"], (name) =>
        has(body[name]) && !has(body["tools"]) && !has(body["functions"])
          ? openAiError(
              `Invalid value for '${name}': '${name}' is only allowed when 'tools' are specified.`,
              name,
            )
          : undefined,
      ),
  },
  ...["prompt_cache_key", "safety_identifier", "user"].map(
    (name): Rule => ({
      api: BOTH,
      when: `a ${name} that is too long`,
      status: 400,
      body: ({ body }) => tooLong(name, body[name], name === "user" ? 512 : 64),
    }),
  ),
  {
    api: BOTH,
    when: "an image that is none, or of an unknown format",
    status: 400,
    body: ({ api, body }) =>
      firstOf(imagesOf(api, body), ({ url, param }) => {
        const data = dataUrl(url);
        if (data === undefined) {
          if (/^https?:/.test(url)) return undefined;
          return openAiError(
            `Invalid '${param}'. Expected a valid URL, but got a value with an invalid format.`,
            param,
            "invalid_value",
          );
        }
        return mediaTypeOf(data.data)?.startsWith("image/") === true
          ? undefined
          : openAiError(
              "You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', 'gif', 'webp'].",
              null,
              "invalid_image_format",
            );
      }),
  },
  {
    api: BOTH,
    when: "a file that is not a PDF in a data URL",
    status: 400,
    body: ({ api, body }) =>
      firstOf(filesOf(api, body), ({ data, filename, param }) => {
        if (data === undefined) return undefined;
        const file = dataUrl(data);
        const isPdf = file?.mediaType === "application/pdf" && mediaTypeOf(file.data) === "application/pdf";
        if (!isPdf)
          return openAiError(
            `Invalid '${param}'. Expected a base64-encoded data URL with an application/pdf MIME type (e.g. 'data:application/pdf;base64,aGVsbG8...').`,
            param,
            "invalid_value",
          );
        return filename === ""
          ? openAiError(
              `Missing required parameter: '${param.replace(/file_data$/, "filename")}'.`,
              param,
              "missing_required_parameter",
            )
          : undefined;
      }),
  },
];

const unsupportedInResponses = (name: string): unknown =>
  openAiError(`Unsupported parameter: '${name}' is not supported with this model.`, name, null);

type Placed = { url: string; param: string };

function imagesOf(api: Request["api"], body: Body): Placed[] {
  const holders = objectsOf(body[api === "responses" ? "input" : "messages"]);
  return holders.flatMap((holder, at) =>
    objectsOf(holder["content"] ?? holder["output"]).flatMap((part, index) => {
      const image = part["image_url"];
      if (image === undefined) return [];
      const where = `${api === "responses" ? "input" : "messages"}[${at}].content[${index}].image_url`;
      return [
        {
          url: stringOf(isJsonObject(image) ? image["url"] : image),
          param: api === "responses" ? where : `${where}.url`,
        },
      ];
    }),
  );
}

function filesOf(
  api: Request["api"],
  body: Body,
): { data: string | undefined; filename: string; param: string }[] {
  const name = api === "responses" ? "input" : "messages";
  return objectsOf(body[name]).flatMap((holder, at) =>
    objectsOf(holder["content"] ?? holder["output"])
      .map((part, index) => ({ part, index }))
      .filter(({ part }) => part["type"] === "file" || part["type"] === "input_file")
      .map(({ part, index }) => {
        const file = api === "responses" ? part : (part["file"] ?? {});
        const data = field(file, "file_data");
        const inner = api === "responses" ? "" : ".file";
        return {
          data: typeof data === "string" ? data : undefined,
          filename: stringOf(field(file, "filename")),
          param: `${name}[${at}].content[${index}]${inner}.file_data`,
        };
      }),
  );
}

/** What `POST /v1/chat/completions` refuses besides. */
export const CHAT_RULES: readonly Rule[] = [
  ...SHARED_OPENAI_RULES.slice(0, 3),
  {
    api: CHAT_ONLY,
    when: "an unknown field",
    status: 400,
    body: ({ body }) => unknownParameter(CHAT, body),
  },
  {
    api: CHAT_ONLY,
    when: "a model of the Responses API",
    status: 404,
    body: (request) =>
      rulesFor(request)?.responsesOnly === true
        ? openAiError("This model is only supported in v1/responses and not in v1/chat/completions.", "model")
        : undefined,
  },
  {
    api: CHAT_ONLY,
    when: "function tools with an effort, from gpt-5.4 on; from 5.6 on without one as well",
    status: 400,
    body: (request) => {
      const needs = rulesFor(request)?.toolsNeedResponses;
      const effort = request.body["reasoning_effort"];
      const hasTools = objectsOf(request.body["tools"]).some(({ type }) => type === "function");
      if (!hasTools || effort === "none" || needs === undefined || needs === "never") return undefined;
      if (needs === "with effort" && !has(effort)) return undefined;
      const advice =
        needs === "always"
          ? "To use function tools, use /v1/responses or set reasoning_effort to 'none'."
          : "Please use /v1/responses instead.";
      return openAiError(
        `Function tools with reasoning_effort are not supported for ${request.model} in /v1/chat/completions. ${advice}`,
        "reasoning_effort",
      );
    },
  },
  {
    api: CHAT_ONLY,
    when: "max_tokens at a model that reasons",
    status: 400,
    body: (request) =>
      rulesFor(request)?.reasons === true && has(request.body["max_tokens"])
        ? openAiError(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            "max_tokens",
            "unsupported_parameter",
          )
        : undefined,
  },
  {
    api: CHAT_ONLY,
    when: "max_tokens above the model's ceiling",
    status: 400,
    body: (request) =>
      firstOf(["max_tokens", "max_completion_tokens"], (name) => {
        const cap = request.body[name];
        const most = rulesFor(request)?.maxOutput ?? 0;
        return typeof cap === "number" && cap > most
          ? openAiError(
              `${name} is too large: ${cap}. This model supports at most ${most} completion tokens, whereas you provided ${cap}.`,
              name,
              "invalid_value",
            )
          : undefined;
      }),
  },
  {
    api: CHAT_ONLY,
    when: "max_tokens below one, or twice",
    status: 400,
    body: ({ body }) => {
      if (has(body["max_tokens"]) && has(body["max_completion_tokens"]))
        return openAiError(
          "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
          "max_tokens",
          "invalid_parameter_combination",
        );
      return firstOf(["max_tokens", "max_completion_tokens"], (name) =>
        typeof body[name] === "number" && body[name] < 1
          ? openAiError(
              `Invalid '${name}': integer below minimum value. Expected a value >= 1, but got ${body[name]} instead.`,
              name,
              "integer_below_min_value",
            )
          : undefined,
      );
    },
  },
  {
    api: CHAT_ONLY,
    when: "stop at a model that reasons",
    status: 400,
    body: (request) =>
      rulesFor(request)?.reasons === true && has(request.body["stop"]) ? unsupported("stop") : undefined,
  },
  {
    api: CHAT_ONLY,
    when: "more than four stop sequences",
    status: 400,
    body: ({ body }) => tooMany("stop", body["stop"], 4),
  },
  {
    api: CHAT_ONLY,
    when: "stream options without a stream",
    status: 400,
    body: ({ body }) =>
      has(body["stream_options"]) && body["stream"] !== true
        ? openAiError(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            "stream_options",
          )
        : undefined,
  },
  {
    api: CHAT_ONLY,
    when: "no message",
    status: 400,
    body: ({ body }) =>
      Array.isArray(body["messages"])
        ? emptyArray("messages", body["messages"])
        : openAiError("Missing required parameter: 'messages'.", "messages", "missing_required_parameter"),
  },
  ...messageRules(),
  {
    api: CHAT_ONLY,
    when: "a JSON schema for the answer that is not strict enough",
    status: 400,
    body: ({ body }) => {
      const format = field(body["response_format"], "json_schema");
      if (!isJsonObject(format)) return undefined;
      const name = "response_format.json_schema.name";
      const bad = badPattern(name, format["name"]) ?? tooLong(name, format["name"], 64);
      if (bad !== undefined) return bad;
      const fault = schemaFault(format["schema"], format["strict"] === true);
      return fault === undefined
        ? undefined
        : openAiError(
            `Invalid schema for response_format '${stringOf(format["name"])}': ${fault}`,
            "response_format",
          );
    },
  },
  {
    api: CHAT_ONLY,
    when: "a JSON answer without the word JSON",
    status: 400,
    body: ({ body }) =>
      field(body["response_format"], "type") === "json_object" &&
      !/json/i.test(JSON.stringify(body["messages"]))
        ? openAiError(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
            "messages",
          )
        : undefined,
  },
  ...SHARED_OPENAI_RULES.slice(3),
];

/** How messages must follow each other, and what they must hold. */
function messageRules(): Rule[] {
  const rows: [when: string, fault: (messages: readonly Body[]) => unknown][] = [
    ["a message without content", contentFault],
    ["an id of a call that is too long", idFault],
    ["a name of a call with other characters", callNameFault],
    ["a call without its answer right behind it", unansweredFault],
    ["an answer without its call", strayFault],
    ["an image in a message that is not the user's", imageRoleFault],
  ];
  return rows.map(([when, fault]) => ({
    api: CHAT_ONLY,
    when,
    status: 400,
    body: ({ body }) => fault(objectsOf(body["messages"])),
  }));
}

const callsOf = (message: Body | undefined): Body[] => objectsOf(message?.["tool_calls"]);

function contentFault(messages: readonly Body[]): unknown {
  return firstOf(messages, (message, at) => {
    const content = message["content"];
    const param = `messages[${at}].content`;
    const calls = emptyArray(`messages[${at}].tool_calls`, message["tool_calls"]);
    if (calls !== undefined) return calls;
    if (has(content)) return emptyArray(param, content);
    const isFine =
      message["role"] === "assistant" &&
      (callsOf(message).length > 0 || has(message["refusal"]) || has(message["function_call"]));
    return isFine
      ? undefined
      : openAiError(`Invalid value for 'content': expected a string, got null.`, param);
  });
}

function idFault(messages: readonly Body[]): unknown {
  return firstOf(messages, (message, at) =>
    firstOf(callsOf(message), (call, index) =>
      tooLong(`messages[${at}].tool_calls[${index}].id`, call["id"], 40),
    ),
  );
}

function callNameFault(messages: readonly Body[]): unknown {
  return firstOf(messages, (message, at) =>
    firstOf(callsOf(message), (call, index) => {
      const kind = call["type"] === "custom" ? "custom" : "function";
      const param = `messages[${at}].tool_calls[${index}].${kind}.name`;
      const name = field(call[kind], "name");
      return badPattern(param, name) ?? tooLong(param, name, 64);
    }),
  );
}

function unansweredFault(messages: readonly Body[]): unknown {
  return firstOf(messages, (message, at) => {
    const ids = callsOf(message).map((call) => stringOf(call["id"]));
    if (ids.length === 0) return undefined;
    const rest = messages.slice(at + 1);
    const end = rest.findIndex(({ role }) => role !== "tool");
    const answered = (end === -1 ? rest : rest.slice(0, end)).map((one) => one["tool_call_id"]);
    const missing = ids.filter((id) => !answered.includes(id));
    return missing.length === 0
      ? undefined
      : openAiError(
          `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${missing.join(", ")}`,
          `messages.[${at + 1}].role`,
        );
  });
}

function strayFault(messages: readonly Body[]): unknown {
  let open: unknown[] = [];
  return firstOf(messages, (message, at) => {
    if (message["role"] !== "tool") {
      open = callsOf(message).map((call) => call["id"]);
      return undefined;
    }
    return open.includes(message["tool_call_id"])
      ? undefined
      : openAiError(
          "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
          `messages.[${at}].role`,
        );
  });
}

function imageRoleFault(messages: readonly Body[]): unknown {
  return firstOf(messages, (message, at) =>
    message["role"] !== "user" &&
    arrayField(message, "content").some((part) => field(part, "type") === "image_url")
      ? openAiError(
          `Invalid 'messages[${at}]'. Image URLs are only allowed for messages with role 'user', but this message with role '${stringOf(message["role"])}' contains an image URL.`,
          `messages[${at}]`,
          "invalid_value",
        )
      : undefined,
  );
}

/** Whether the arguments of a call are a JSON object. */
export function isJsonText(text: unknown): boolean {
  return isJsonObject(parseJson(stringOf(text)));
}
