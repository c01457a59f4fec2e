import { arrayField, field, isJsonObject } from "#lib/shared/json.ts";
import { isJsonText } from "./openai-rules.ts";
import { type Body, firstOf, objectsOf, type Request, type Rule, stringOf } from "./rule.ts";

/** vLLM's, Ollama's and Kimi's error bodies. */
const vllm = (message: string): unknown => ({
  object: "error",
  message,
  type: "BadRequestError",
  param: null,
  code: 400,
});
const ollama = (message: string): unknown => ({
  error: { message, type: "api_error", param: null, code: null },
});
const kimi = (message: string): unknown => ({ error: { message, type: "invalid_request_error" } });

const OWN = ["own"] as const;
const isKimi = ({ model }: Request): boolean => /kimi/.test(model);
const isOllama = ({ model }: Request): boolean => /ollama|llama/.test(model);
/** Templates of Mistral and Gemma. */
const alternates = ({ model }: Request): boolean => /mistral|gemma/.test(model);
const messagesOf = ({ body }: Request): Body[] => objectsOf(body["messages"]);
const callsOf = (message: Body): Body[] => objectsOf(message["tool_calls"]);
const hasImage = (messages: readonly Body[]): boolean =>
  messages.some((message) =>
    arrayField(message, "content").some((part) => field(part, "type") === "image_url"),
  );

/**
 * What servers of one's own refuse; unknown fields they take. Reports: vllm#6862, vllm#41114, ollama#17774,
 * new-api#3121, anomalyco/opencode#10996, conversations#197.
 */
export const OWN_RULES: readonly Rule[] = [
  {
    api: OWN,
    when: "no message",
    status: 400,
    body: (request) => (messagesOf(request).length === 0 ? vllm("list index out of range") : undefined),
  },
  {
    api: OWN,
    when: "a system message that is not the first",
    status: 400,
    body: (request) =>
      !isKimi(request) &&
      !isOllama(request) &&
      messagesOf(request).some(({ role }, at) => role === "system" && at > 0)
        ? vllm("System message must be at the beginning.")
        : undefined,
  },
  {
    api: OWN,
    when: "a system message that is not the first, at Ollama: the template fails",
    status: 500,
    body: (request) =>
      isOllama(request) && messagesOf(request).some(({ role }, at) => role === "system" && at > 0)
        ? ollama("error calling raise_exception: System message must be at the beginning.")
        : undefined,
  },
  {
    api: OWN,
    when: "a role that the template does not know",
    status: 400,
    body: (request) =>
      messagesOf(request).some(
        ({ role }) => !["system", "user", "assistant", "tool"].includes(stringOf(role)),
      )
        ? vllm("Unexpected message role.")
        : undefined,
  },
  {
    api: OWN,
    when: "roles that do not alternate, in templates that ask for it",
    status: 400,
    body: (request) => {
      if (!alternates(request)) return undefined;
      const said = messagesOf(request).filter(
        (message) =>
          message["role"] === "user" || (message["role"] === "assistant" && callsOf(message).length === 0),
      );
      return said.some(({ role }, at) => (role === "user") !== (at % 2 === 0))
        ? vllm(
            "After the optional system message, conversation roles must alternate user and assistant roles except for tool calls and results.",
          )
        : undefined;
    },
  },
  {
    api: OWN,
    when: "arguments of a call that are not a JSON object",
    status: 400,
    body: (request) =>
      messagesOf(request)
        .flatMap(callsOf)
        .some((call) => !isJsonText(field(call["function"], "arguments")))
        ? vllm("Can only get item pairs from a mapping.")
        : undefined,
  },
  {
    api: OWN,
    when: "an answer of a tool that nothing asked for",
    status: 400,
    body: (request) => {
      const ids = new Set(
        messagesOf(request)
          .flatMap(callsOf)
          .map((call) => call["id"]),
      );
      return messagesOf(request).some(
        (message) => message["role"] === "tool" && !ids.has(message["tool_call_id"]),
      )
        ? kimi("Invalid request: tool_call_id is not found")
        : undefined;
    },
  },
  {
    api: OWN,
    when: "a call without its reasoning, at Kimi",
    status: 400,
    body: (request) => {
      if (!isKimi(request) || field(request.body["thinking"], "type") === "disabled") return undefined;
      return firstOf(messagesOf(request), (message, at) =>
        callsOf(message).length > 0 && stringOf(message["reasoning_content"]) === ""
          ? kimi(
              `thinking is enabled but reasoning_content is missing in assistant tool call message at index ${at}`,
            )
          : undefined,
      );
    },
  },
  {
    api: OWN,
    when: "an answer without anything, at Kimi",
    status: 400,
    body: (request) =>
      isKimi(request)
        ? firstOf(messagesOf(request), (message, at) => {
            const content = message["content"];
            const isEmpty = content === null || content === undefined || content === "";
            return message["role"] === "assistant" && isEmpty && callsOf(message).length === 0
              ? kimi(`Invalid request: the message at position ${at} with role 'assistant' must not be empty`)
              : undefined;
          })
        : undefined,
  },
  {
    api: OWN,
    when: "a function's name with other characters, at Kimi",
    status: 400,
    body: (request) =>
      isKimi(request) &&
      objectsOf(request.body["tools"]).some(
        (tool) => !/^[a-zA-Z][a-zA-Z0-9_-]{0,63}$/.test(stringOf(field(tool["function"], "name"))),
      )
        ? kimi(
            "Invalid request: function name is invalid, must start with a letter and can contain letters, numbers, underscores, and dashes",
          )
        : undefined,
  },
  {
    api: OWN,
    when: "tools of another kind than functions",
    status: 400,
    body: (request) =>
      objectsOf(request.body["tools"]).some(
        (tool) => tool["type"] !== "function" || !isJsonObject(tool["function"]),
      )
        ? vllm("1 validation error for ChatCompletionRequest: tools.0.function: Field required")
        : undefined,
  },
  {
    api: OWN,
    when: "an image, at a model of Ollama's that sees none",
    status: 500,
    body: (request) =>
      isOllama(request) && hasImage(messagesOf(request))
        ? ollama("this model is missing data required for image input")
        : undefined,
  },
  {
    api: OWN,
    when: "an image, at a model of vLLM's that sees none",
    status: 400,
    body: (request) =>
      !isOllama(request) && !/vl|kimi/.test(request.model) && hasImage(messagesOf(request))
        ? vllm(`${request.model} is not a multimodal model`)
        : undefined,
  },
  {
    api: OWN,
    when: "parts that the server does not know",
    status: 400,
    body: (request) => {
      const kinds = messagesOf(request).flatMap((message) =>
        objectsOf(message["content"]).map((part) => stringOf(part["type"])),
      );
      const unknown = kinds.find(
        (kind) => !["text", "image_url", "refusal", "input_audio", "video_url"].includes(kind),
      );
      return unknown === undefined ? undefined : vllm(`Unknown part type: ${unknown}`);
    },
  },
  {
    api: OWN,
    when: "more tokens than the window",
    status: 400,
    body: (request) => {
      const cap = Number(request.body["max_completion_tokens"] ?? request.body["max_tokens"] ?? 0);
      const window = 131_072;
      return cap > window
        ? vllm(
            `'max_tokens' or 'max_completion_tokens' is too large: ${cap}. This model's maximum context length is ${window} tokens and your request has 100 input tokens (${cap} > ${window} - 100). None`,
          )
        : undefined;
    },
  },
];
