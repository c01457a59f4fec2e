import { z } from "zod";
import {
  byType,
  cacheControl,
  idText,
  imageUrl,
  jsonObject,
  list,
  other,
  shortText,
} from "#lib/apis/schemas.ts";
import type { JsonObject } from "#lib/shared/json.ts";

const text = z.string();
/** In a message and in a tool result. */
const MAX_BLOCKS = 1_000;
const cache_control = cacheControl.nullish();

const textBlock = z.looseObject({ type: z.literal("text"), text, cache_control });
const mediaType = z.string().regex(/^image\/[\w.+-]{1,100}$/, "must be that of an image");
const imageBlock = z.looseObject({
  type: z.literal("image"),
  source: z.discriminatedUnion("type", [
    z.looseObject({ type: z.literal("base64"), media_type: mediaType, data: text }),
    z.looseObject({ type: z.literal("url"), url: imageUrl }),
  ]),
  cache_control,
});
/** An image by the id of a file that Anthropic stores. */
const storedImage = stored("image", ["base64", "url"]);
const documentBlock = z.looseObject({
  type: z.literal("document"),
  source: z.discriminatedUnion("type", [
    z.looseObject({ type: z.literal("base64"), media_type: shortText.nullish(), data: text }),
    z.looseObject({ type: z.literal("url"), url: text }),
    z.looseObject({ type: z.literal("text"), data: text }),
    z.looseObject({ type: z.literal("content"), content: z.union([text, list(jsonObject, MAX_BLOCKS)]) }),
  ]),
  title: text.nullish(),
  cache_control,
});
const storedDocument = stored("document", ["base64", "url", "text", "content"]);

/** A block by the id of a file, or with a source of the future. */
function stored(type: "image" | "document", known: readonly string[]) {
  return z.looseObject({ type: z.literal(type), source: other(known) }).transform(({ source, ...block }) => {
    const value: Record<string, unknown> = { ...block, source: source.value };
    return { type: "other" as const, value: value as JsonObject };
  });
}

/** Search results, references to tools, and future types. */
const resultBlock = byType(
  [textBlock, imageBlock, storedImage, documentBlock, storedDocument],
  other(["text", "image", "document"]),
);
const toolResult = z.looseObject({
  type: z.literal("tool_result"),
  tool_use_id: idText,
  content: z.union([text, list(resultBlock, MAX_BLOCKS)]).nullish(),
  is_error: z.boolean().nullish(),
  cache_control,
});
const userBlock = byType(
  [textBlock, imageBlock, storedImage, documentBlock, storedDocument, toolResult],
  other(["text", "image", "document", "tool_result"]),
);

const assistantBlock = byType(
  [
    textBlock,
    z.looseObject({ type: z.literal("thinking"), thinking: text, signature: text.nullish() }),
    z.looseObject({ type: z.literal("redacted_thinking"), data: text }),
    z.looseObject({
      type: z.literal("tool_use"),
      id: idText,
      name: shortText,
      input: z.unknown(),
      cache_control,
    }),
  ],
  other(["text", "thinking", "redacted_thinking", "tool_use"]),
);

/** Text, and tool changes in the middle of a conversation. */
const systemBlock = byType([textBlock], other(["text"]));
const systemContent = z.union([text, list(systemBlock, MAX_BLOCKS)]);

const message = z.discriminatedUnion("role", [
  z.looseObject({ role: z.literal("user"), content: z.union([text, list(userBlock, MAX_BLOCKS)]) }),
  z.looseObject({
    role: z.literal("assistant"),
    content: z.union([text, list(assistantBlock, MAX_BLOCKS)]),
  }),
  z.looseObject({ role: z.literal("system"), content: systemContent }),
]);

const customTool = z.looseObject({
  type: z.literal("custom").nullish(),
  name: z.string().min(1).max(256),
  description: text.nullish(),
  input_schema: jsonObject,
  strict: z.boolean().nullish(),
  cache_control,
});
/** Tools that the provider runs itself or that the model was trained on. */
const hostedTool = other(["custom"]);

const parallel = { disable_parallel_tool_use: z.boolean().nullish() };
const toolChoice = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("auto"), ...parallel }),
  z.looseObject({ type: z.literal("any"), ...parallel }),
  z.looseObject({ type: z.literal("tool"), name: shortText, ...parallel }),
  z.looseObject({ type: z.literal("none") }),
]);

const display = shortText.nullish();
const thinking = z.union([
  z.looseObject({ type: z.literal("enabled"), budget_tokens: z.int().nonnegative(), display }),
  z.looseObject({ type: z.literal("adaptive"), display }),
  z.looseObject({ type: z.literal("disabled") }),
  other(["enabled", "adaptive", "disabled"]),
]);
const outputFormat = z.looseObject({ type: z.literal("json_schema"), schema: jsonObject });

/**
 * The body of `POST /api/v1/messages` and of `/count_tokens`. Loose: unknown fields are accepted and passed on
 * to engines that know them.
 */
export const messagesSchema = z
  .looseObject({
    model: z.string().min(1).max(256).describe("A mode, `auto`, or an engine as `provider/model`."),
    messages: list(message, 10_000),
    system: systemContent.nullish(),
    max_tokens: z.int().positive().nullish(),
    stream: z.boolean().nullish(),
    tools: list(byType([customTool], hostedTool), 1_000).nullish(),
    tool_choice: toolChoice.nullish(),
    thinking: thinking.nullish(),
    output_config: z
      .looseObject({
        effort: z.enum(["low", "medium", "high", "xhigh", "max"]).nullish(),
        format: outputFormat.nullish(),
      })
      .nullish(),
    output_format: outputFormat.nullish().describe("The older name of `output_config.format`."),
    metadata: z.looseObject({ user_id: idText.nullish() }).nullish(),
    stop_sequences: list(shortText, 8_192).nullish(),
    temperature: z.number().min(0).max(1).nullish(),
    top_p: z.number().min(0).max(1).nullish(),
    top_k: z.int().nonnegative().nullish(),
    thread: z.looseObject({ type: shortText }).nullish().describe("Conversations are not kept here."),
  })
  // A request that continues a thread may have no messages; it is rejected with a better reason.
  .refine(({ messages, thread }) => messages.length > 0 || thread?.type === "continue", {
    path: ["messages"],
    message: "must hold at least one message",
  });

export type MessagesBody = z.output<typeof messagesSchema>;
