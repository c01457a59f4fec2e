import { z } from "zod";

const usage = z.object({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  total_tokens: z.int(),
  prompt_tokens_details: z.object({ cached_tokens: z.int(), cache_write_tokens: z.int() }),
  completion_tokens_details: z.object({ reasoning_tokens: z.int() }),
});

const called = z.object({ name: z.string(), arguments: z.string() });
const input = z.object({ name: z.string(), input: z.string() });
const annotation = z.object({
  type: z.literal("url_citation"),
  url_citation: z.object({
    url: z.string(),
    title: z.string(),
    start_index: z.int(),
    end_index: z.int(),
  }),
});
const logprobs = z.looseObject({ content: z.array(z.looseObject({})).nullable() }).nullable();
const finishReason = z.enum(["stop", "length", "tool_calls", "function_call", "content_filter"]);
const details = z.array(z.looseObject({ type: z.string() }));

/** The answer of `POST /api/v1/chat/completions` without `stream`. */
export const chatCompletionSchema = z.object({
  id: z.string(),
  object: z.literal("chat.completion"),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.object({
      index: z.int(),
      message: z.object({
        role: z.literal("assistant"),
        content: z.string().nullable(),
        refusal: z.string().nullable(),
        annotations: z.array(annotation),
        reasoning_content: z.string().optional(),
        reasoning_details: details.optional(),
        function_call: called.optional(),
        tool_calls: z
          .array(
            z.looseObject({
              id: z.string(),
              type: z.enum(["function", "custom"]),
              function: called.optional(),
              custom: input.optional(),
            }),
          )
          .optional(),
      }),
      logprobs,
      finish_reason: finishReason,
    }),
  ),
  usage,
});

/** One chunk of its stream. If an answer breaks off, `error` comes with `finish_reason: "error"`. */
export const chatCompletionChunkSchema = z.object({
  id: z.string(),
  object: z.literal("chat.completion.chunk"),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.object({
      index: z.int(),
      delta: z.looseObject({
        role: z.literal("assistant").optional(),
        content: z.string().optional(),
        refusal: z.string().nullish(),
        reasoning_content: z.string().optional(),
        reasoning_details: details.optional(),
        annotations: z.array(annotation).optional(),
        tool_calls: z
          .array(z.looseObject({ index: z.int(), id: z.string().optional(), type: z.string().optional() }))
          .optional(),
      }),
      logprobs,
      finish_reason: z.enum([...finishReason.options, "error"]).nullable(),
    }),
  ),
  usage: usage.nullish(),
  error: z.looseObject({ message: z.string() }).optional(),
});
