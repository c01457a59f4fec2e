import { describe, expect, test } from "vitest";
import { capWithin, type OutputLimit } from "#lib/providers/failures/output-cap.ts";
import { classifyHttpError } from "#lib/providers/failures/provider-error.ts";
import { readRequestOptions } from "#lib/providers/failures/request-options.ts";
import { parseJson } from "#lib/shared/json.ts";

const SENT = { max_tokens: 64_000 };

function limitOf(
  status: number,
  message: string,
  more: object = {},
  sent: object = SENT,
): string | undefined {
  const text = JSON.stringify({ error: { message, ...more } });
  const { outputLimit } = classifyHttpError(status, text, parseJson(text), {
    header: () => undefined,
    wallNow: 0,
    secrets: [],
    options: () => readRequestOptions(sent),
  });
  return outputLimit === undefined ? undefined : inWords(outputLimit);
}

const inWords = ({ kind, tokens, lasting }: OutputLimit): string =>
  `${kind} ${tokens}${lasting ? "" : " beside this prompt"}`;

describe("W12: what a refusal of the output cap leaves", () => {
  test.each<[string, number, string, object, string | undefined]>([
    [
      "OpenAI",
      400,
      "max_tokens is too large: 64000. This model supports at most 16384 completion tokens, whereas you provided 64000.",
      { param: "max_tokens" },
      "at_most 16384",
    ],
    [
      "OpenAI's responses",
      400,
      "Invalid 'max_output_tokens': integer above maximum value. Expected a value <= 32768, but got 64000 instead.",
      { param: "max_output_tokens", code: "integer_above_max_value" },
      "at_most 32768",
    ],
    [
      "Anthropic",
      400,
      "max_tokens: 64000 > 8192, which is the maximum allowed number of output tokens for claude-3-5-sonnet-20241022",
      {},
      "at_most 8192",
    ],
    [
      "Groq",
      400,
      "`max_completion_tokens` must be less than or equal to `8192`, the maximum value for `max_completion_tokens` is less than the `context_window` for this model",
      { param: "max_completion_tokens" },
      "at_most 8192",
    ],
    [
      "DeepSeek",
      400,
      "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]",
      { param: null, code: "invalid_request_error" },
      "at_most 8192",
    ],
    [
      "DashScope",
      400,
      "<400> InternalError.Algo.InvalidParameter: Range of max_tokens should be [1, 8192]",
      {},
      "at_most 8192",
    ],
    [
      "Gemini on Vertex",
      400,
      "Unable to submit request because it has a maxOutputTokens value of 64000 but the supported range is from 1 (inclusive) to 8193 (exclusive). Update the value and try again.",
      {},
      "at_most 8192",
    ],
    ["Mistral", 422, "body.max_tokens: Input should be less than or equal to 32768", {}, "at_most 32768"],
    [
      "Volcengine",
      400,
      "The parameter `max_completion_tokens` specified in the request are not valid: integer above maximum value, expected a value <= 12288, but got 64000 instead.",
      { param: "max_completion_tokens" },
      "at_most 12288",
    ],
    [
      "AQBot's provider, in the parameter",
      400,
      "Param Incorrect",
      {
        param:
          "max_tokens is too large: 64000. This model supports at most 131072 completion tokens, whereas you provided 64000.",
      },
      undefined,
    ],
    [
      "a provider that writes into the parameter",
      400,
      "Param Incorrect",
      { param: "max_tokens is too large: 64000. This model supports at most 8192 completion tokens." },
      "at_most 8192",
    ],
    [
      "Cohere",
      400,
      "too many tokens: max tokens must be less than or equal to 4096, the maximum output length for this model - received 64000.",
      {},
      "at_most 4096",
    ],
    [
      "Bedrock",
      400,
      "The maximum tokens you requested exceeds the model limit of 4096. Try again with a maximum tokens value that is lower than 4096.",
      {},
      "at_most 4096",
    ],
    ["a comma in the number", 400, "max_tokens cannot exceed 16,384", {}, "at_most 16384"],
    [
      "Fireworks without a stream",
      400,
      "Requests with max_tokens > 4096 must have stream=true",
      {},
      "at_most 4096 beside this prompt",
    ],
    [
      "vLLM",
      400,
      "'max_tokens' or 'max_completion_tokens' is too large: 64000. This model's maximum context length is 64001 tokens and your request has 24235 input tokens (64000 > 64001 - 24235).",
      {},
      "at_most 39766 beside this prompt",
    ],
    [
      "newer vLLM",
      400,
      "This model's maximum context length is 32768 tokens. However, you requested 64000 output tokens and your prompt contains at least 1001 input tokens, for a total of at least 65001 tokens.",
      {},
      "at_most 31767 beside this prompt",
    ],
    [
      "OpenAI's context",
      400,
      "This model's maximum context length is 8192 tokens. However, you requested 64064 tokens (64 in the messages, 64000 in the completion). Please reduce the length of the messages or completion.",
      { param: "messages", code: "context_length_exceeded" },
      "at_most 8128 beside this prompt",
    ],
    [
      "OpenRouter's context",
      400,
      "This endpoint's maximum context length is 131072 tokens. However, you requested about 164000 tokens (90000 of text input, 10000 of tool input, 64000 in the output). Please reduce the length of either one.",
      {},
      "at_most 31072 beside this prompt",
    ],
    [
      "Anthropic's context",
      400,
      "input length and `max_tokens` exceed context limit: 150000 + 64000 > 200000, decrease input length or `max_tokens` and try again",
      {},
      "at_most 50000 beside this prompt",
    ],
    [
      "TGI",
      422,
      "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 1000 `inputs` tokens and 64000 `max_new_tokens`",
      {},
      "at_most 7193 beside this prompt",
    ],
    [
      "OpenRouter's credit",
      402,
      "This request requires more credits, or fewer max_tokens. You requested up to 64000 tokens, but can only afford 27342.",
      {},
      "at_most 27342 beside this prompt",
    ],
    [
      "Groq's limit of a minute counts the cap",
      413,
      "Request too large for model `m` on tokens per minute (TPM): Limit 8000, Requested 65000",
      { code: "rate_limit_exceeded" },
      "at_most 7000 beside this prompt",
    ],
    ["no number", 400, "max_tokens is too large", { param: "max_tokens" }, "none_from 64000"],
    [
      "no number, by the parameter",
      400,
      "Value out of range",
      { param: "max_completion_tokens" },
      "none_from 64000",
    ],
    // Too little room: the prompt has to be shorter.
    [
      "no room",
      400,
      "input length and `max_tokens` exceed context limit: 199211 + 64000 > 200000",
      {},
      undefined,
    ],
    [
      "less than no room",
      400,
      "This model's maximum context length is 8192 tokens and your request has 9000 input tokens",
      {},
      undefined,
    ],
    [
      "a prompt alone above the limit of a minute",
      413,
      "Request too large on tokens per minute (TPM): Limit 8000, Requested 90000",
      { code: "rate_limit_exceeded" },
      undefined,
    ],
    // Other complaints about the field.
    [
      "an unknown field",
      400,
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      { param: "max_tokens" },
      undefined,
    ],
    [
      "too small",
      400,
      "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 1 instead.",
      { param: "max_output_tokens" },
      undefined,
    ],
    ["a thinking budget", 400, "`max_tokens` must be greater than `thinking.budget_tokens`", {}, undefined],
    [
      "another field",
      400,
      "temperature must be less than or equal to 1",
      { param: "temperature" },
      undefined,
    ],
    ["a prompt", 400, "prompt is too long: 215000 tokens > 200000 maximum", {}, undefined],
    [
      "an outage",
      500,
      "max_tokens is too large: 64000. This model supports at most 1 completion tokens",
      {},
      undefined,
    ],
  ])("%s", (_name, status, message, more, limit) => {
    expect(limitOf(status, message, more)).toBe(limit);
  });

  test("a ceiling that is no lower than what was sent changes nothing", () => {
    const message = "max_tokens is too large: 100. This model supports at most 16384 completion tokens";
    expect(limitOf(400, message, {}, { max_tokens: 100 })).toBeUndefined();
    expect(limitOf(400, message, {}, {})).toBeUndefined();
  });

  test.each<[string, object]>([
    ["max_completion_tokens", { max_completion_tokens: 64_000 }],
    ["max_output_tokens", { max_output_tokens: 64_000 }],
    ["Gemini's", { generationConfig: { maxOutputTokens: 64_000 } }],
  ])("the cap is read from %s", (_name, sent) => {
    expect(limitOf(400, "max_tokens cannot exceed 8192", {}, sent)).toBe("at_most 8192");
  });
});

test.each<[OutputLimit | undefined, number | undefined, number | undefined]>([
  [undefined, 5, 5],
  [undefined, undefined, undefined],
  [{ kind: "at_most", tokens: 10, lasting: true }, 5, 5],
  [{ kind: "at_most", tokens: 10, lasting: true }, 20, 10],
  [{ kind: "at_most", tokens: 10, lasting: true }, undefined, 10],
  [{ kind: "none_from", tokens: 10, lasting: true }, 9, 9],
  [{ kind: "none_from", tokens: 10, lasting: true }, 10, undefined],
])("under %j the cap %s becomes %s", (limit, cap, within) => {
  expect(capWithin(limit, cap)).toBe(within);
});
