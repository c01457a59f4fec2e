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

const text = z.string();
const MAX_PARTS = 1_000;
const MAX_TOOLS = 1_000;
const textPart = z.looseObject({
  // The other two are those of Responses, which some clients send here.
  type: z.enum(["text", "input_text", "output_text"]),
  text,
  cache_control: cacheControl.nullish(),
});
const imagePart = z.looseObject({
  type: z.literal("image_url"),
  // Some clients send the URL alone.
  image_url: z.union(
    [
      imageUrl,
      z.looseObject({ url: imageUrl, detail: z.enum(["auto", "low", "high", "original"]).nullish() }),
    ],
    {
      error: "must be an https: or data: URL of an image, or an object with one",
    },
  ),
  cache_control: cacheControl.nullish(),
});
/** A refusal of an earlier answer in the history. */
const refusalPart = z.looseObject({ type: z.literal("refusal"), refusal: text });
/** Audio, files and future types: passed on to engines that know them. */
const otherPart = other(["text", "input_text", "output_text", "image_url", "refusal"]);
const part = z.union([text, byType([textPart, imagePart, refusalPart], otherPart)], {
  error: "must be a part with a type, as text or image_url",
});
const content = z.union([text, list(part, MAX_PARTS)], { error: "must be a string or a list of parts" });

const toolCall = z.looseObject({
  id: idText.nullish(),
  type: z.enum(["function", "custom"]).nullish(),
  function: z
    .looseObject({
      name: shortText,
      arguments: z.union([text, jsonObject], { error: "must be a string" }).nullish(),
    })
    .nullish(),
  custom: z.looseObject({ name: shortText, input: text.nullish() }).nullish(),
  extra_content: z
    .looseObject({
      google: z.looseObject({ thought_signature: text.nullish() }).nullish(),
      sarmalink: z.looseObject({ signature: text.nullish() }).nullish(),
    })
    .nullish(),
});

const name = z.string().max(256).nullish();
/** Of the whole message, as some clients of gateways send it. */
const cache_control = cacheControl.nullish();
const message = z.discriminatedUnion("role", [
  z.looseObject({ role: z.enum(["system", "developer"]), content: content.nullish(), name, cache_control }),
  z.looseObject({ role: z.literal("user"), content: content.nullish(), name, cache_control }),
  z.looseObject({
    role: z.literal("assistant"),
    content: content.nullish(),
    name,
    refusal: text.nullish(),
    tool_calls: list(toolCall, MAX_PARTS).nullish(),
    function_call: z.looseObject({ name: shortText, arguments: text.nullish() }).nullish(),
    reasoning: text.nullish(),
    reasoning_content: text.nullish(),
    reasoning_details: list(jsonObject, MAX_PARTS).nullish(),
  }),
  z.looseObject({ role: z.literal("tool"), content: content.nullish(), tool_call_id: idText, cache_control }),
  z.looseObject({ role: z.literal("function"), content: content.nullish(), name: shortText }),
]);

const functionTool = z.looseObject({
  type: z.literal("function"),
  function: z.looseObject({
    name: z.string().min(1).max(256),
    description: text.nullish(),
    parameters: jsonObject.nullish(),
    strict: z.boolean().nullish(),
    cache_control: cacheControl.nullish(),
  }),
  cache_control: cacheControl.nullish(),
});
const customTool = z.looseObject({
  type: z.literal("custom"),
  custom: z.looseObject({
    name: z.string().min(1).max(256),
    description: text.nullish(),
    format: jsonObject.nullish(),
  }),
});
/** Tools that a provider runs itself. */
const otherTool = other(["function", "custom"]);
const namedFunction = z.looseObject({
  type: z.literal("function"),
  function: z.looseObject({ name: shortText }),
});
const namedCustom = z.looseObject({ type: z.literal("custom"), custom: z.looseObject({ name: shortText }) });
const toolChoice = z.union(
  [
    z.enum(["auto", "none", "required"]),
    // Mistral's value for `required`, which its clients send.
    z.literal("any"),
    namedFunction,
    namedCustom,
    z.looseObject({
      type: z.literal("allowed_tools"),
      allowed_tools: z.looseObject({
        mode: z.enum(["auto", "required"]),
        tools: list(
          z.looseObject({
            function: z.looseObject({ name: shortText }).nullish(),
            custom: z.looseObject({ name: shortText }).nullish(),
          }),
          MAX_TOOLS,
        ),
      }),
    }),
  ],
  { error: 'must be "auto", "none", "required", or an object that names a tool' },
);

const responseFormat = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("text") }),
  z.looseObject({ type: z.literal("json_object") }),
  z.looseObject({
    type: z.literal("json_schema"),
    json_schema: z.looseObject({
      name: shortText.nullish(),
      description: text.nullish(),
      schema: jsonObject.nullish(),
      strict: z.boolean().nullish(),
    }),
  }),
]);

const count = z.int().positive();

/** Validated up to the first mistake, like lists. */
const logitBias = jsonObject
  .superRefine((biases, context) => {
    const wrong = Object.keys(biases).find((token) => typeof biases[token] !== "number");
    if (wrong !== undefined) context.addIssue({ code: "custom", path: [wrong], message: "must be a number" });
  })
  .meta({ type: "object", additionalProperties: { type: "number" } });

/**
 * The body of `POST /api/v1/chat/completions`. Loose: unknown fields are accepted and passed on to engines
 * that know them.
 */
export const chatCompletionsSchema = z
  .looseObject({
    model: z.string().min(1).max(256).nullish().describe("A mode, `auto`, or an engine as `provider/model`."),
    models: list(z.string().min(1).max(256), 20).nullish().describe("More of them, in order of preference."),
    messages: list(message, 10_000, 1),
    stream: z.boolean().nullish(),
    stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
    tools: list(byType([functionTool, customTool], otherTool), MAX_TOOLS).nullish(),
    tool_choice: toolChoice.nullish(),
    parallel_tool_calls: z.boolean().nullish(),
    functions: list(functionTool.shape.function, MAX_TOOLS).nullish(),
    function_call: z
      .union([z.enum(["auto", "none"]), z.looseObject({ name: shortText })], {
        error: 'must be "auto", "none", or an object with a name',
      })
      .nullish(),
    temperature: z.number().min(0).max(2).nullish(),
    top_p: z.number().min(0).max(1).nullish(),
    top_k: z.int().nonnegative().nullish(),
    frequency_penalty: z.number().min(-2).max(2).nullish(),
    presence_penalty: z.number().min(-2).max(2).nullish(),
    seed: z.int().nullish(),
    stop: z
      .union([shortText, list(shortText, 16)], { error: "must be a string or a list of up to 16" })
      .nullish(),
    n: count.max(128).nullish(),
    logprobs: z.boolean().nullish(),
    top_logprobs: z.int().min(0).max(20).nullish(),
    logit_bias: logitBias.nullish(),
    max_tokens: count.nullish(),
    max_completion_tokens: count.nullish(),
    response_format: responseFormat.nullish(),
    reasoning_effort: z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"]).nullish(),
    reasoning: z
      .looseObject({
        effort: z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"]).nullish(),
        max_tokens: z.int().nonnegative().nullish(),
      })
      .nullish()
      .describe("OpenRouter's form of `reasoning_effort`."),
    user: shortText.nullish(),
  })
  .refine(({ model, models }) => model != null || (models ?? []).length > 0, {
    path: ["model"],
    message: "must name a model",
  });

export type ChatCompletionsBody = z.output<typeof chatCompletionsSchema>;
