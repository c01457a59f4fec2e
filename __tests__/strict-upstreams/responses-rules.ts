import { field, isJsonObject } from "#lib/shared/json.ts";
import { type Grammar, list, object, tagged } from "./grammar.ts";
import { openAiModel } from "./openai-models.ts";
import {
  badPattern,
  openAiError,
  SHARED_OPENAI_RULES,
  tooLong,
  unknownParameter,
  unsupported,
} from "./openai-rules.ts";
import { schemaFault } from "./openai-schema.ts";
import { type Body, firstOf, objectsOf, type Request, type Rule, stringOf } from "./rule.ts";
import { unseal } from "./seal.ts";

const PART = tagged({
  input_text: object("type text prompt_cache_breakpoint"),
  input_image: object("type image_url detail file_id"),
  input_file: object("type file_id file_data filename file_url detail"),
  input_audio: object("type input_audio"),
  output_text: object("type text annotations logprobs"),
  refusal: object("type refusal"),
});
const OUTPUT = list(PART);
const FORMAT = tagged({ text: object("type"), grammar: object("type syntax definition") });
const FUNCTION = object(
  "type name description parameters strict defer_loading allowed_callers async output_schema",
);
const CUSTOM = object("type name description defer_loading allowed_callers async", { format: FORMAT });
const TOOL: Grammar = tagged({
  function: FUNCTION,
  custom: CUSTOM,
  namespace: object("type name description", { tools: list(tagged({ function: FUNCTION, custom: CUSTOM })) }),
  tool_search: object("type description parameters execution"),
  local_shell: object("type"),
  shell: object("type environment allowed_callers"),
  apply_patch: object("type allowed_callers"),
  web_search: "any",
  web_search_2025_08_26: "any",
  web_search_preview: "any",
  web_search_preview_2025_03_11: "any",
  file_search: "any",
  code_interpreter: "any",
  image_generation: "any",
  mcp: "any",
  computer_use_preview: "any",
  computer: "any",
  programmatic_tool_calling: "any",
});
const ITEM: Grammar = tagged({
  message: object("type id role status phase", { content: list(PART) }),
  reasoning: object("type id encrypted_content status", {
    summary: list(tagged({ summary_text: object("type text") })),
    content: list(tagged({ reasoning_text: object("type text") })),
  }),
  function_call: object("type id call_id name namespace arguments status caller async"),
  function_call_output: object("type id call_id status caller", { output: OUTPUT }),
  custom_tool_call: object("type id call_id name namespace input status caller async"),
  custom_tool_call_output: object("type id call_id status caller", { output: OUTPUT }),
  local_shell_call: object("type id call_id action status"),
  local_shell_call_output: object("type id call_id output status"),
  shell_call: "any",
  shell_call_output: "any",
  apply_patch_call: "any",
  apply_patch_call_output: "any",
  additional_tools: object("type id role", { tools: list(TOOL) }),
  tool_search_call: object("type id call_id arguments execution status"),
  tool_search_output: object("type id call_id execution status", { tools: list(TOOL) }),
  web_search_call: "any",
  file_search_call: "any",
  image_generation_call: "any",
  code_interpreter_call: "any",
  computer_call: "any",
  computer_call_output: "any",
  mcp_list_tools: "any",
  mcp_approval_request: "any",
  mcp_approval_response: "any",
  mcp_call: "any",
  compaction: "any",
  compaction_trigger: "any",
  configuration_update: "any",
  item_reference: object("type id"),
  program: "any",
  program_output: "any",
});
/** The SDK's types, 7.57.0, and `client_metadata`, which codex sends. */
const RESPONSES: Grammar = object(
  "access_programs background client_metadata context_management conversation include instructions max_output_tokens max_tool_calls metadata model moderation parallel_tool_calls previous_response_id prompt prompt_cache_key prompt_cache_options prompt_cache_retention safety_identifier service_tier store stream temperature tool_choice top_logprobs top_p truncation user",
  {
    input: list(ITEM),
    reasoning: object("effort summary generate_summary context mode"),
    stream_options: object("include_obfuscation"),
    text: object("verbosity", {
      format: tagged({
        text: object("type"),
        json_object: object("type"),
        json_schema: object("type name description schema strict"),
      }),
    }),
    tools: list(TOOL),
  },
);

const RESPONSES_ONLY = ["responses"] as const;

/** Items without a type are messages. */
export function itemsOf(body: Body): Body[] {
  const input = body["input"];
  if (typeof input === "string") return [{ type: "message", role: "user", content: input }];
  return objectsOf(input).map((item) => (item["type"] === undefined ? { type: "message", ...item } : item));
}

/** The tools of the request, and those that items bring. */
export function toolsOf(body: Body): Body[] {
  const brought = itemsOf(body)
    .filter(({ type }) => type === "additional_tools" || type === "tool_search_output")
    .flatMap((item) => objectsOf(item["tools"]));
  return [...objectsOf(body["tools"]), ...brought];
}

/** The kinds of calls, with the kind of their outputs and the prefix of their ids. */
const CALLS: Readonly<Record<string, readonly [output: string, prefix: string, said: string]>> = {
  function_call: ["function_call_output", "fc", "function call"],
  custom_tool_call: ["custom_tool_call_output", "ctc", "custom tool call"],
  local_shell_call: ["local_shell_call_output", "lsh", "local shell call"],
};
const PREFIXES: Readonly<Record<string, string>> = {
  message: "msg",
  reasoning: "rs",
  function_call_output: "fc",
  custom_tool_call_output: "ctc",
};

/** What `POST /v1/responses` refuses. Reports: codex#8138, opencode#5104, vscode-unify-chat-provider#178. */
export const RESPONSES_RULES: readonly Rule[] = [
  ...SHARED_OPENAI_RULES.slice(0, 3),
  {
    api: RESPONSES_ONLY,
    when: "an unknown field",
    status: 400,
    body: ({ body }) =>
      unknownParameter(RESPONSES, Array.isArray(body["input"]) ? { ...body, input: itemsOf(body) } : body),
  },
  {
    api: RESPONSES_ONLY,
    when: "no input",
    status: 400,
    body: ({ body }) => {
      const input = body["input"];
      if (input === undefined)
        return openAiError("Missing required parameter: 'input'.", "input", "missing_required_parameter");
      return input === "" || (Array.isArray(input) && input.length === 0)
        ? openAiError("Invalid 'input': empty input.", "input", "invalid_value")
        : undefined;
    },
  },
  {
    api: RESPONSES_ONLY,
    when: "an earlier response that is not stored",
    status: 400,
    body: ({ body }) => {
      const id = body["previous_response_id"];
      return typeof id === "string"
        ? openAiError(
            `Previous response with id '${id}' not found.`,
            "previous_response_id",
            "previous_response_not_found",
          )
        : undefined;
    },
  },
  {
    api: RESPONSES_ONLY,
    when: "fewer than 16 output tokens",
    status: 400,
    body: ({ body }) =>
      typeof body["max_output_tokens"] === "number" && body["max_output_tokens"] < 16
        ? openAiError(
            `Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got ${body["max_output_tokens"]} instead.`,
            "max_output_tokens",
            "integer_below_min_value",
          )
        : undefined,
  },
  {
    api: RESPONSES_ONLY,
    when: "more output tokens than the model's ceiling",
    status: 400,
    body: ({ body, model }) => {
      const cap = body["max_output_tokens"];
      const most = openAiModel(model)?.maxOutput ?? 0;
      return typeof cap === "number" && cap > most
        ? openAiError(
            `max_output_tokens is too large: ${cap}. This model supports at most ${most} output tokens, whereas you provided ${cap}.`,
            "max_output_tokens",
            "invalid_value",
          )
        : undefined;
    },
  },
  {
    api: RESPONSES_ONLY,
    when: "encrypted reasoning of a model that does not reason",
    status: 400,
    body: (request) =>
      openAiModel(request.model)?.reasons === false && includes(request, "reasoning.encrypted_content")
        ? openAiError("Encrypted content is not supported with this model.", "include")
        : undefined,
  },
  {
    api: RESPONSES_ONLY,
    when: "a summary of reasoning of a model that does not reason",
    status: 400,
    body: ({ body, model }) =>
      openAiModel(model)?.reasons === false && field(body["reasoning"], "summary") !== undefined
        ? unsupported("reasoning.summary")
        : undefined,
  },
  {
    api: RESPONSES_ONLY,
    when: "parts that the role does not have",
    status: 400,
    body: ({ body }) => firstOf(itemsOf(body), partFault),
  },
  {
    api: RESPONSES_ONLY,
    when: "an id with another prefix, or too long",
    status: 400,
    body: ({ body }) => firstOf(itemsOf(body), idFault),
  },
  {
    api: RESPONSES_ONLY,
    when: "a name of a call with other characters",
    status: 400,
    body: ({ body }) =>
      firstOf(itemsOf(body), (item, at) => {
        if (!["function_call", "custom_tool_call"].includes(stringOf(item["type"]))) return undefined;
        const param = `input[${at}].name`;
        return badPattern(param, item["name"]) ?? tooLong(param, item["name"], 64);
      }),
  },
  {
    api: RESPONSES_ONLY,
    when: "a call without its output, or an output without its call",
    status: 400,
    body: ({ body }) => pairingFault(itemsOf(body)),
  },
  {
    api: RESPONSES_ONLY,
    when: "reasoning whose encrypted content is not OpenAI's",
    status: 400,
    body: ({ body }) =>
      firstOf(itemsOf(body), (item) => {
        const content = item["encrypted_content"];
        if (item["type"] !== "reasoning" || typeof content !== "string") return undefined;
        const claims = unseal(content);
        if (claims?.["api"] === "openai") return undefined;
        return openAiError(
          `The encrypted content for item ${stringOf(item["id"])} could not be verified. Reason: Encrypted content could not be decrypted or parsed.`,
          null,
          "invalid_encrypted_content",
        );
      }),
  },
  {
    api: RESPONSES_ONLY,
    when: "reasoning by its id alone, which is not stored",
    status: 404,
    body: ({ body }) =>
      firstOf(itemsOf(body), (item) => {
        const isKnown = item["type"] !== "reasoning" && item["type"] !== "item_reference";
        if (isKnown || typeof item["encrypted_content"] === "string") return undefined;
        return openAiError(
          `Item with id '${stringOf(item["id"])}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`,
          "input",
        );
      }),
  },
  {
    api: RESPONSES_ONLY,
    when: "reasoning without what followed it",
    status: 400,
    body: ({ body }) => {
      const items = itemsOf(body);
      return firstOf(items, (item, at) => {
        if (item["type"] !== "reasoning") return undefined;
        const next = items[at + 1];
        const isFollowed = next !== undefined && /^(?:reasoning|.*_call)$/.test(stringOf(next["type"]));
        const isSaid = next?.["type"] === "message" && next["role"] === "assistant";
        return isFollowed || isSaid
          ? undefined
          : openAiError(
              `Item '${stringOf(item["id"])}' of type 'reasoning' was provided without its required following item.`,
              "input",
            );
      });
    },
  },
  {
    api: RESPONSES_ONLY,
    when: "a forced tool that is not offered",
    status: 400,
    body: ({ body }) => {
      const name = field(body["tool_choice"], "name");
      return typeof name === "string" && !toolsOf(body).some((tool) => tool["name"] === name)
        ? openAiError(
            `Tool choice '${stringOf(field(body["tool_choice"], "type"))}' not found in 'tools' parameter.`,
            "tool_choice",
          )
        : undefined;
    },
  },
  {
    api: RESPONSES_ONLY,
    when: "a JSON schema for the answer that is not strict enough",
    status: 400,
    body: ({ body }) => {
      const format = field(body["text"], "format");
      if (!isJsonObject(format) || format["type"] !== "json_schema") return undefined;
      const bad =
        badPattern("text.format.name", format["name"]) ?? tooLong("text.format.name", format["name"], 64);
      if (bad !== undefined) return bad;
      const fault = schemaFault(format["schema"], format["strict"] === true);
      return fault === undefined
        ? undefined
        : openAiError(
            `Invalid schema for response_format '${stringOf(format["name"])}': ${fault}`,
            "text.format.schema",
            "invalid_json_schema",
          );
    },
  },
  ...SHARED_OPENAI_RULES.slice(3),
];

function includes({ body }: Request, name: string): boolean {
  return Array.isArray(body["include"]) && body["include"].includes(name);
}

function partFault(item: Body, at: number): unknown {
  if (item["type"] !== "message") return undefined;
  const isAssistant = item["role"] === "assistant";
  const said = isAssistant
    ? ["output_text", "refusal"]
    : ["input_text", "input_image", "input_file", "input_audio"];
  const words = isAssistant
    ? "'output_text' and 'refusal'"
    : "'input_text', 'input_image', 'output_text', 'refusal', 'input_file', 'computer_screenshot', 'summary_text', and 'tether_browsing_display'";
  return firstOf(objectsOf(item["content"]), (part, index) =>
    said.includes(stringOf(part["type"]))
      ? undefined
      : openAiError(
          `Invalid value: '${stringOf(part["type"])}'. Supported values are: ${words}.`,
          `input[${at}].content[${index}]`,
          "invalid_value",
        ),
  );
}

function idFault(item: Body, at: number): unknown {
  const type = stringOf(item["type"]);
  const prefix = CALLS[type]?.[1] ?? PREFIXES[type];
  const param = `input[${at}].id`;
  const id = item["id"];
  if (typeof id === "string" && prefix !== undefined && !id.startsWith(prefix))
    return openAiError(
      `Invalid '${param}': '${id}'. Expected an ID that begins with '${prefix}'.`,
      param,
      "invalid_value",
    );
  if (type === "reasoning" && typeof id !== "string")
    return openAiError(`Missing required parameter: '${param}'.`, param, "missing_required_parameter");
  return tooLong(param, id, 64) ?? tooLong(`input[${at}].call_id`, item["call_id"], 64);
}

function pairingFault(items: readonly Body[]): unknown {
  for (const [type, [output, , said]] of Object.entries(CALLS)) {
    const calls = items.filter((item) => item["type"] === type).map((item) => stringOf(item["call_id"]));
    const outputs = items.filter((item) => item["type"] === output).map((item) => stringOf(item["call_id"]));
    const open = calls.find((id) => !outputs.includes(id));
    if (open !== undefined) return openAiError(`No tool output found for ${said} ${open}.`, "input");
    const stray = outputs.find((id) => !calls.includes(id));
    if (stray !== undefined)
      return openAiError(`No tool call found for ${said} output with call_id ${stray}.`, "input");
    const twice = calls.find((id, at) => calls.indexOf(id) !== at);
    if (twice !== undefined) return openAiError(`Duplicate item found with call_id ${twice}.`, "input");
  }
  return undefined;
}
