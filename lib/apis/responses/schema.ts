import { z } from "zod";
import { MCP_ITEM_TYPES, mcpChoice, mcpItems, mcpTool } from "#lib/apis/responses/mcp-schema.ts";
import { byType, idText, imageUrl, jsonObject, list, other, shortText } from "#lib/apis/schemas.ts";

const text = z.string();
const MAX_PARTS = 1_000;
const MAX_ITEMS = 10_000;
const MAX_TOOLS = 1_000;
const toolName = z.string().min(1).max(256);

const textPart = z.looseObject({ type: z.enum(["input_text", "output_text", "text", "summary_text"]), text });
const refusalPart = z.looseObject({ type: z.literal("refusal"), refusal: text });
const imagePart = z.looseObject({
  type: z.literal("input_image"),
  image_url: imageUrl.nullish(),
  file_id: shortText.nullish(),
  detail: shortText.nullish(),
});
const filePart = z.looseObject({
  type: z.literal("input_file"),
  file_data: text.nullish(),
  file_url: text.nullish(),
  file_id: shortText.nullish(),
  filename: shortText.nullish(),
});
/** The same format as in chat completions. */
const audioPart = z.looseObject({ type: z.literal("input_audio"), input_audio: jsonObject });
/** Future types: dropped and reported. */
const otherPart = other([
  "input_text",
  "output_text",
  "text",
  "summary_text",
  "refusal",
  "input_image",
  "input_file",
  "input_audio",
]);
const part = byType([textPart, refusalPart, imagePart, filePart, audioPart], otherPart);
const content = z.union([text, list(part, MAX_PARTS)]);

/** The type is optional, as in handwritten requests. */
const message = z
  .looseObject({
    type: z.literal("message").nullish(),
    role: z.enum(["user", "assistant", "system", "developer"]),
    content: content.nullish(),
    phase: shortText.nullish(),
  })
  .transform(({ role, content, phase }) => ({ type: "message" as const, role, content, phase }));
const functionCall = z.looseObject({
  type: z.literal("function_call"),
  call_id: idText,
  name: toolName,
  namespace: shortText.nullish(),
  arguments: text.nullish(),
});
const customToolCall = z.looseObject({
  type: z.literal("custom_tool_call"),
  call_id: idText,
  name: toolName,
  namespace: shortText.nullish(),
  input: text.nullish(),
});
const callOutput = z.looseObject({
  type: z.enum(["function_call_output", "custom_tool_call_output"]),
  call_id: idText,
  output: content.nullish(),
});
const reasoning = z.looseObject({
  type: z.literal("reasoning"),
  summary: list(z.looseObject({ text: text.nullish() }), MAX_PARTS).nullish(),
  content: list(z.looseObject({ text: text.nullish() }), MAX_PARTS).nullish(),
  encrypted_content: text.nullish(),
});
const functionTool = z.looseObject({
  type: z.literal("function"),
  name: toolName,
  description: text.nullish(),
  parameters: jsonObject.nullish(),
  strict: z.boolean().nullish(),
});
const customTool = z.looseObject({
  type: z.literal("custom"),
  name: toolName,
  description: text.nullish(),
  format: jsonObject.nullish(),
});
const namespaceTool = z.looseObject({
  type: z.literal("namespace"),
  name: toolName,
  description: text.nullish(),
  tools: list(byType([functionTool, customTool], other(["function", "custom"])), MAX_TOOLS),
});
/** Tools that OpenAI runs itself. */
const hostedTool = other(["function", "custom", "namespace", "mcp"]);
const tool = byType([functionTool, customTool, namespaceTool, mcpTool], hostedTool);
/** Tools that are declared within the conversation. */
const additionalTools = z.looseObject({
  type: z.literal("additional_tools"),
  tools: list(tool, MAX_TOOLS).nullish(),
});
const searchOutput = z.looseObject({
  type: z.literal("tool_search_output"),
  call_id: idText.nullish(),
  tools: list(tool, MAX_TOOLS).nullish(),
});

/** Calls of tools that OpenAI runs, references to what it stores, and future types. */
const otherItem = other([
  "message",
  "function_call",
  "custom_tool_call",
  "function_call_output",
  "custom_tool_call_output",
  "reasoning",
  "additional_tools",
  "tool_search_output",
  ...MCP_ITEM_TYPES,
]);
const item = byType(
  [message, functionCall, customToolCall, callOutput, reasoning, additionalTools, searchOutput, ...mcpItems],
  otherItem,
);

const namedTool = z.looseObject({
  type: z.enum(["function", "custom"]),
  name: shortText,
  namespace: shortText.nullish(),
});
const toolChoice = z.union([
  z.enum(["auto", "none", "required"]),
  namedTool,
  mcpChoice,
  z.looseObject({
    type: z.literal("allowed_tools"),
    mode: z.enum(["auto", "required"]),
    tools: list(
      byType(
        [namedTool, mcpChoice, z.looseObject({ type: z.literal("namespace"), name: shortText })],
        other(["function", "custom", "namespace", "mcp"]),
      ),
      MAX_TOOLS,
    ),
  }),
  other(["function", "custom", "mcp", "allowed_tools"]),
]);

const textFormat = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("text") }),
  z.looseObject({ type: z.literal("json_object") }),
  z.looseObject({
    type: z.literal("json_schema"),
    name: shortText.nullish(),
    description: text.nullish(),
    schema: jsonObject.nullish(),
    strict: z.boolean().nullish(),
  }),
]);

/**
 * The body of `POST /api/v1/responses`. Loose: unknown fields are accepted, dropped and reported.
 */
export const responsesSchema = z
  .looseObject({
    model: z.string().min(1).max(256).nullish().describe("A mode, `auto`, or an engine as `provider/model`."),
    models: list(z.string().min(1).max(256), 20).nullish().describe("More of them, in order of preference."),
    input: z.union([text, list(item, MAX_ITEMS)]).nullish(),
    instructions: z.union([text, list(item, MAX_ITEMS)]).nullish(),
    stream: z.boolean().nullish(),
    stream_options: jsonObject.nullish(),
    store: z.boolean().nullish().describe("Accepted; nothing is ever stored."),
    include: list(shortText, 100).nullish(),
    tools: list(tool, MAX_TOOLS).nullish(),
    tool_choice: toolChoice.nullish(),
    parallel_tool_calls: z.boolean().nullish(),
    temperature: z.number().min(0).max(2).nullish(),
    top_p: z.number().min(0).max(1).nullish(),
    top_logprobs: z.int().min(0).max(20).nullish(),
    max_output_tokens: z.int().positive().nullish(),
    text: z.looseObject({ format: textFormat.nullish(), verbosity: shortText.nullish() }).nullish(),
    reasoning: z
      .looseObject({
        effort: z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"]).nullish(),
        summary: shortText.nullish(),
      })
      .nullish(),
    user: shortText.nullish(),
    safety_identifier: shortText.nullish(),
    prompt_cache_key: shortText.nullish(),
    prompt_cache_retention: shortText.nullish(),
    service_tier: shortText.nullish(),
    metadata: jsonObject.nullish(),
    client_metadata: jsonObject.nullish(),
    truncation: shortText.nullish(),
    background: z.boolean().nullish(),
    previous_response_id: idText.nullish(),
    conversation: z.union([text, jsonObject]).nullish(),
    prompt: jsonObject.nullish(),
  })
  .refine(({ model, models }) => model != null || (models ?? []).length > 0, {
    path: ["model"],
    message: "must name a model",
  });

export type ResponsesBody = z.output<typeof responsesSchema>;
export type InputItem = Exclude<ResponsesBody["input"], string | null | undefined>[number];
export type InputContent = (InputItem & { type: "message" })["content"];
export type ToolBody = NonNullable<ResponsesBody["tools"]>[number];
