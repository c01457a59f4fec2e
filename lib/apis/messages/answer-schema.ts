import { z } from "zod";

const known = z.discriminatedUnion("type", [
  z.looseObject({
    type: z.literal("text"),
    text: z.string(),
    citations: z
      .array(z.looseObject({ type: z.string(), url: z.string(), title: z.string().nullable() }))
      .nullable(),
  }),
  z.looseObject({ type: z.literal("thinking"), thinking: z.string(), signature: z.string() }),
  z.looseObject({ type: z.literal("redacted_thinking"), data: z.string() }),
  z.looseObject({
    type: z.literal("tool_use"),
    id: z.string(),
    name: z.string(),
    input: z.looseObject({}),
  }),
]);

/** Blocks of tools that run at the provider pass as they are. */
const block = z.union([known, z.looseObject({ type: z.string() })]);

const usage = z.looseObject({
  input_tokens: z.int().describe("Without what was read from, or written to, a cache."),
  cache_read_input_tokens: z.int(),
  cache_creation_input_tokens: z.int(),
  output_tokens: z.int(),
});

const stop = {
  stop_reason: z
    .enum([
      "end_turn",
      "stop_sequence",
      "max_tokens",
      "tool_use",
      "refusal",
      "pause_turn",
      "compaction",
      "model_context_window_exceeded",
    ])
    .nullable(),
  stop_sequence: z.string().nullable(),
};

/** A whole answer. */
export const messageSchema = z.looseObject({
  id: z.string(),
  type: z.literal("message"),
  role: z.literal("assistant"),
  model: z.string(),
  content: z.array(block),
  ...stop,
  usage,
});

const index = z.int();

/** One event of a stream. */
export const messageEventSchema = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("message_start"), message: messageSchema }),
  z.looseObject({ type: z.literal("content_block_start"), index, content_block: block }),
  z.looseObject({
    type: z.literal("content_block_delta"),
    index,
    delta: z.looseObject({ type: z.string() }),
  }),
  z.looseObject({ type: z.literal("content_block_stop"), index }),
  z.looseObject({ type: z.literal("message_delta"), delta: z.looseObject(stop), usage }),
  z.looseObject({ type: z.literal("message_stop") }),
  z.looseObject({
    type: z.literal("error"),
    error: z.looseObject({ type: z.string(), message: z.string() }),
  }),
]);

export const tokenCountSchema = z.object({ input_tokens: z.int() });
