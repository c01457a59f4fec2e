import { z } from "zod";
import { CLIENT_TOOLS } from "#lib/apis/responses/client-tools.ts";

const text = z.string();
const status = z.enum(["in_progress", "completed", "incomplete"]);
const annotation = z.object({
  type: z.literal("url_citation"),
  url: text,
  title: text,
  start_index: z.int(),
  end_index: z.int(),
});
const token = z.object({ token: text, bytes: z.array(z.int()), logprob: z.number() });
const content = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("output_text"),
    text,
    annotations: z.array(annotation),
    logprobs: z.array(token.extend({ top_logprobs: z.array(token) })),
  }),
  z.object({ type: z.literal("refusal"), refusal: text }),
]);
const called = { id: text, status, call_id: text, name: text, namespace: text.optional() };

const mcpCalled = { id: text, server_label: text, name: text, arguments: text };
const mcpItems = [
  z.object({
    type: z.literal("mcp_list_tools"),
    id: text,
    server_label: text,
    tools: z.array(
      z.object({
        name: text,
        description: text,
        input_schema: z.looseObject({}),
        annotations: z.looseObject({}),
      }),
    ),
    error: text.optional(),
  }),
  z.object({
    type: z.literal("mcp_call"),
    ...mcpCalled,
    approval_request_id: text.nullable(),
    status: z.enum(["in_progress", "completed", "incomplete", "failed"]),
    output: text.nullable(),
    error: z
      .object({
        type: z.literal("mcp_tool_execution_error"),
        content: z.array(z.object({ type: z.literal("text"), text })),
      })
      .nullable(),
  }),
  z.object({ type: z.literal("mcp_approval_request"), ...mcpCalled }),
] as const;

const outputItem = z.discriminatedUnion("type", [
  z.object({
    id: text,
    type: z.literal("message"),
    status,
    role: z.literal("assistant"),
    content: z.array(content),
    phase: text.optional(),
  }),
  z.object({
    id: text,
    type: z.literal("reasoning"),
    status,
    summary: z.array(z.object({ type: z.literal("summary_text"), text })),
    encrypted_content: text.optional(),
  }),
  z.object({ type: z.literal("function_call"), ...called, arguments: text }),
  z.object({ type: z.literal("custom_tool_call"), ...called, input: text }),
  ...[...CLIENT_TOOLS.map(({ callType }) => callType), "web_search_call"].map((type) =>
    z.looseObject({ type: z.literal(type), id: text, status: text }),
  ),
  ...mcpItems,
]);

/** The answer of `POST /api/v1/responses`, which also repeats fields of the request. */
export const responseSchema = z.looseObject({
  id: text,
  object: z.literal("response"),
  created_at: z.int(),
  completed_at: z.null(),
  model: text,
  status: z.enum(["in_progress", "completed", "incomplete", "failed"]),
  output: z.array(outputItem),
  error: z.object({ code: text, message: text }).nullable(),
  incomplete_details: z.object({ reason: z.enum(["max_output_tokens", "content_filter"]) }).nullable(),
  usage: z
    .object({
      input_tokens: z.int(),
      input_tokens_details: z.object({ cached_tokens: z.int(), cache_write_tokens: z.int() }),
      output_tokens: z.int(),
      output_tokens_details: z.object({ reasoning_tokens: z.int() }),
      total_tokens: z.int(),
    })
    .nullable(),
  store: z.literal(false),
});

const numbered = { sequence_number: z.int() };
const placed = { ...numbered, item_id: text, output_index: z.int() };

/**
 * One event of its stream. The last one has the status and the whole answer; unless it is `failed`, the stream
 * ends with `data: [DONE]`.
 */
export const responseEventSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.enum([
      "response.created",
      "response.in_progress",
      "response.completed",
      "response.incomplete",
      "response.failed",
    ]),
    ...numbered,
    response: responseSchema,
  }),
  z.object({
    type: z.enum(["response.output_item.added", "response.output_item.done"]),
    ...numbered,
    output_index: z.int(),
    item: outputItem,
  }),
  z.looseObject({
    type: z.enum([
      "response.content_part.added",
      "response.content_part.done",
      "response.output_text.delta",
      "response.output_text.annotation.added",
      "response.output_text.done",
      "response.refusal.delta",
      "response.refusal.done",
    ]),
    ...placed,
    content_index: z.int(),
  }),
  z.looseObject({
    type: z.enum([
      "response.reasoning_summary_part.added",
      "response.reasoning_summary_part.done",
      "response.reasoning_summary_text.delta",
      "response.reasoning_summary_text.done",
    ]),
    ...placed,
    summary_index: z.int(),
  }),
  z.looseObject({
    type: z.enum([
      "response.function_call_arguments.delta",
      "response.function_call_arguments.done",
      "response.custom_tool_call_input.delta",
      "response.custom_tool_call_input.done",
      "response.mcp_list_tools.in_progress",
      "response.mcp_list_tools.completed",
      "response.mcp_list_tools.failed",
      "response.mcp_call.in_progress",
      "response.mcp_call_arguments.delta",
      "response.mcp_call_arguments.done",
      "response.mcp_call.completed",
      "response.mcp_call.failed",
    ]),
    ...placed,
  }),
]);

/** The answer of `POST /api/v1/responses/input_tokens`. */
export const inputTokensSchema = z.object({
  object: z.literal("response.input_tokens"),
  input_tokens: z.int().nonnegative(),
});
