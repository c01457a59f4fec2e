import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readProviderError } from "#lib/providers/failures/error-body.ts";
import type { Failure, FailureKind, FailureProblem } from "#lib/providers/failures/failure.ts";
import { classifyErrorObject, classifyHttpError } from "#lib/providers/failures/provider-error.ts";
import { parseJson } from "#lib/shared/json.ts";
import { expectLinear } from "../../support/linear.ts";

const CONTEXT = { header: () => undefined, wallNow: 0, secrets: ["my-plain-key-123"] };

function classify(status: number, body: unknown): Failure {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return classifyHttpError(status, text, parseJson(text), CONTEXT);
}
const error = (message: string, more: Record<string, unknown> = {}) => ({ error: { message, ...more } });

describe("the error bodies that providers send", () => {
  test.each<[string, number, unknown, FailureKind]>([
    // 429 and its impostors.
    [
      "Groq's rate limit",
      429,
      error("Rate limit reached for model x … Please try again in 5.289s", {
        type: "tokens",
        code: "rate_limit_exceeded",
      }),
      "rate_limited",
    ],
    [
      "OpenAI out of money",
      429,
      error("You exceeded your current quota", { type: "insufficient_quota", code: "insufficient_quota" }),
      "account",
    ],
    [
      "Gemini's rate limit in a list",
      429,
      [{ error: { code: 429, message: "m", status: "RESOURCE_EXHAUSTED" } }],
      "rate_limited",
    ],
    ["a 429 without a body", 429, "", "rate_limited"],
    // Keys.
    ["a wrong key", 401, error("Incorrect API key provided", { code: "invalid_api_key" }), "key_rejected"],
    ["no credits", 402, error("Insufficient credits", { code: 402 }), "account"],
    [
      "OpenRouter's request that costs more than is left",
      402,
      error(
        "This request requires more credits, or fewer max_tokens. You requested up to 65536 tokens, but can only afford 2345.",
        { code: 402 },
      ),
      "oversized",
    ],
    [
      "OpenRouter's prompt that costs more than is left",
      402,
      error("Prompt tokens limit exceeded: 5063 > 1024. To increase, add credits", { code: 402 }),
      "oversized",
    ],
    ["no permission", 403, error("Your key may not do this", { type: "permission_error" }), "key_rejected"],
    [
      "Gemini's wrong key, a 400",
      400,
      {
        error: {
          code: 400,
          message: "API key not valid. Please pass a valid API key.",
          status: "INVALID_ARGUMENT",
          details: [{ reason: "API_KEY_INVALID" }],
        },
      },
      "key_rejected",
    ],
    // 403 about a model, and about content.
    ["a licence to accept", 403, error("You must accept the license of this model"), "model_forbidden"],
    [
      "a model that the project has not",
      403,
      error("Project does not have access to model `gpt-5`", { code: "model_not_found" }),
      "model_forbidden",
    ],
    [
      "OpenAI's chat model, asked for embeddings",
      403,
      error("You are not allowed to generate embeddings from this model", { type: "invalid_request_error" }),
      "model_forbidden",
    ],
    [
      "moderation",
      403,
      error("Input was flagged", { code: 403, metadata: { reasons: ["violence"], flagged_input: "…" } }),
      "content_policy",
    ],
    // Models.
    [
      "Groq's decommissioned model",
      400,
      error("The model `x` has been decommissioned", { code: "model_decommissioned" }),
      "model_gone",
    ],
    [
      "OpenAI's unknown model",
      404,
      error("The model `x` does not exist or you do not have access to it.", {
        code: "model_not_found",
        param: null,
      }),
      "model_gone",
    ],
    [
      "OpenRouter's unknown model, a 400",
      400,
      error("x is not a valid model ID", { code: 400 }),
      "model_gone",
    ],
    [
      "OpenRouter's model without tools",
      404,
      error("No endpoints found that support tool use.", { code: 404 }),
      "refused",
    ],
    [
      "OpenRouter's model without endpoints",
      404,
      error("No endpoints found for x/y.", { code: 404 }),
      "model_gone",
    ],
    ["SambaNova's removed model", 410, error("Model removed"), "model_gone"],
    ["Ollama's missing model", 404, { error: "model 'x' not found" }, "model_gone"],
    [
      "Cohere's missing model",
      404,
      { id: "8bd5", message: "model 'nonexistent' not found, make sure …" },
      "model_gone",
    ],
    ["a web page for a model", 404, "<!doctype html><title>404</title>", "bad_response"],
    // Requests.
    [
      "Mistral's 422, details in an object",
      422,
      {
        object: "error",
        message: {
          detail: [
            {
              type: "extra_forbidden",
              loc: ["body", "max_completion_tokens"],
              msg: "Extra inputs are not permitted",
              input: 1,
            },
          ],
        },
        type: "invalid_request_error",
        param: null,
        code: null,
      },
      "refused",
    ],
    [
      "Mistral's 422, message a list",
      422,
      { object: "Error", message: [{ msg: "no" }], type: "invalid_request_error", code: 3001 },
      "refused",
    ],
    [
      "Cerebras' flat body",
      400,
      {
        message: "body.store: property 'body.store' is unsupported",
        type: "invalid_request_error",
        param: "store",
        code: "wrong_api_format",
      },
      "refused",
    ],
    [
      "Gemini's unknown field in a list",
      400,
      [
        {
          error: {
            code: 400,
            message: 'Invalid JSON payload received. Unknown name "store": Cannot find field.',
            status: "INVALID_ARGUMENT",
          },
        },
      ],
      "refused",
    ],
    [
      "Groq's failed tool call",
      400,
      error("Tool call validation failed", { code: "tool_use_failed", failed_generation: "{}" }),
      "refused",
    ],
    [
      "OpenAI's parameter",
      400,
      error("Unsupported parameter: 'max_tokens'", { param: "max_tokens", code: "unsupported_parameter" }),
      "refused",
    ],
    // Context.
    [
      "OpenAI's context",
      400,
      error("This model's maximum context length is 8192 tokens", { code: "context_length_exceeded" }),
      "context_length",
    ],
    [
      "Anthropic's context",
      400,
      {
        type: "error",
        error: {
          type: "invalid_request_error",
          message: "prompt is too long: 210000 tokens > 200000 maximum",
        },
      },
      "context_length",
    ],
    [
      "Gemini's context",
      400,
      {
        error: {
          code: 400,
          message: "The input token count (2000000) exceeds the maximum number of tokens allowed (1048576).",
          status: "INVALID_ARGUMENT",
        },
      },
      "context_length",
    ],
    ["Cohere's context", 400, { message: "too many tokens: total number of tokens" }, "context_length"],
    ["a body too large", 413, error("Request too large", { type: "request_too_large" }), "context_length"],
    // Content.
    [
      "Azure's filter",
      400,
      error(
        "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        { code: "content_filter" },
      ),
      "content_policy",
    ],
    [
      "OpenAI's policy",
      400,
      error("Rejected by our safety system", { code: "content_policy_violation" }),
      "content_policy",
    ],
    // Trouble.
    ["a time-out", 408, error("timeout"), "server_error"],
    ["a conflict", 409, error("conflict"), "server_error"],
    ["too early", 425, "", "server_error"],
    [
      "overloaded",
      529,
      { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
      "server_error",
    ],
    ["a proxy's page", 502, "<html>Bad gateway</html>", "server_error"],
    ["an empty 500", 500, "", "server_error"],
    ["a redirect", 302, "", "bad_response"],
  ])("%s", (_name, status, body, kind) => {
    expect(classify(status, body).kind).toBe(kind);
  });

  test.each<[string, number, unknown, FailureKind]>([
    [
      "a value of a parameter",
      400,
      error("Invalid value: 'invalid api key'. Supported values are: 'auto', 'default' and 'flex'.", {
        type: "invalid_request_error",
        param: "service_tier",
        code: "invalid_value",
      }),
      "refused",
    ],
    [
      "a value of a parameter, without a code",
      400,
      error("Invalid API key is not one of auto, default", { param: "service_tier" }),
      "refused",
    ],
    [
      "the name of a tool",
      400,
      error("Invalid 'tools[0].function.name': 'model x not found' does not match '^[a-zA-Z0-9_-]+$'."),
      "refused",
    ],
    ["a policy's name", 400, error("Invalid value: 'moderation'. Supported values are: 'auto'."), "refused"],
    ["a value with an apostrophe", 400, error("Invalid value: 'it's flagged for moderation'."), "refused"],
    ["a value that was cut", 400, error("Invalid value: 'flagged for moderation"), "refused"],
    ["double quotes", 400, error('Unknown name "invalid api key": Cannot find field.'), "refused"],
    ["backticks", 400, error("Unexpected `content policy` here"), "refused"],
    [
      "a field's name, unquoted",
      422,
      { message: { detail: [{ loc: ["body", "invalid api key"], msg: "Extra inputs are not permitted" }] } },
      "refused",
    ],
    [
      "a key in the middle of a sentence",
      400,
      error("The tool said: invalid api key, model x not found"),
      "refused",
    ],
    ["a file that is not there", 404, error("No such File object: file-abc"), "refused"],
    [
      "Anthropic's file",
      404,
      { type: "error", error: { type: "not_found_error", message: "File not found: file_model_x" } },
      "refused",
    ],
    ["an image that is not there", 404, error("Image https://a.example/model/x not found"), "refused"],
    ["an address", 404, error("Not found: https://a.example/model.png"), "refused"],
    ["a tool that is not there", 404, error("Tool 'x' not found"), "refused"],
    ["a parameter of a 404", 404, error("Not found", { param: "messages[0].content" }), "refused"],
    [
      "a file of somebody else",
      403,
      error("You do not have permission to access the File file-abc."),
      "refused",
    ],
    ["a web firewall's page", 403, "<!DOCTYPE html><title>Attention Required!</title>", "no_answer"],
    ["a web firewall's line", 403, "error code: 1020", "no_answer"],
  ])("what the request said decides nothing for others: %s", (_name, status, body, kind) => {
    expect(classify(status, body).kind).toBe(kind);
  });

  test.each<[string, number, unknown, FailureKind]>([
    ["Gemini's expired key", 400, error("API key expired. Please renew the API key."), "key_rejected"],
    [
      "xAI's wrong key",
      400,
      { code: "Client specified an invalid argument", error: "Incorrect API key provided: ab***cd." },
      "key_rejected",
    ],
    ["a model called by its parameter", 400, error("Invalid model: x", { param: "model" }), "model_gone"],
    ["a model of another name", 404, error("The model gpt-image-1 does not exist"), "model_gone"],
    [
      "vLLM's model",
      404,
      { object: "error", message: "The model `file` does not exist.", type: "NotFoundError", code: 404 },
      "model_gone",
    ],
    [
      "OpenRouter's raw error, JSON in JSON",
      400,
      error("Provider returned error", {
        code: 400,
        metadata: { raw: '{"error":{"message":"This model\'s maximum context length is 8192 tokens"}}' },
      }),
      "context_length",
    ],
    [
      "a code decides before the parameter",
      400,
      error("Too long", { param: "messages", code: "context_length_exceeded" }),
      "context_length",
    ],
    [
      "a policy's code, too",
      400,
      error("Filtered", { param: "prompt", code: "content_filter" }),
      "content_policy",
    ],
  ])("what the provider says of itself counts: %s", (_name, status, body, kind) => {
    expect(classify(status, body).kind).toBe(kind);
  });

  test.each<[string, number, unknown, FailureProblem | undefined]>([
    // Ways to say that a route is not there: the base URL lacks its path.
    ["FastAPI, vLLM", 404, { detail: "Not Found" }, "wrong_address"],
    ["Go's router, Ollama", 404, "404 page not found", "wrong_address"],
    ["a web server", 404, "<html><head><title>404 Not Found</title></head></html>", "wrong_address"],
    ["Express", 404, "<!DOCTYPE html><pre>Cannot POST /chat/completions</pre>", "wrong_address"],
    [
      "Nest",
      404,
      { message: "Cannot POST /chat/completions", error: "Not Found", statusCode: 404 },
      "wrong_address",
    ],
    ["an empty body", 404, "", "wrong_address"],
    ["an empty object", 404, {}, "wrong_address"],
    [
      "Groq",
      404,
      error("Unknown request URL: POST /chat/completions. Please check the URL for typos.", {
        type: "invalid_request_error",
        code: "unknown_url",
      }),
      "wrong_address",
    ],
    [
      "OpenAI",
      404,
      error("Invalid URL (POST /chat/completions)", { type: "invalid_request_error" }),
      "wrong_address",
    ],
    ["Mistral", 404, { message: "no Route matched with those values" }, "wrong_address"],
    ["Flask", 404, { message: "The requested URL was not found on the server." }, "wrong_address"],
    [
      "Anthropic",
      404,
      { type: "error", error: { type: "not_found_error", message: "Not Found" } },
      "wrong_address",
    ],
    [
      "a path that has a model in it",
      404,
      error("Not found: POST /models/m:generateContent"),
      "wrong_address",
    ],
    ["a method that is not allowed", 405, { detail: "Method Not Allowed" }, "wrong_address"],
    ["a page that is not allowed", 405, "<html>405</html>", "wrong_address"],
    // Models.
    ["Ollama's missing model", 404, { error: "model 'x' not found" }, undefined],
    ["Anthropic's", 404, error("model: claude-x", { type: "not_found_error" }), undefined],
    ["OpenRouter's", 404, error("No endpoints found for x/y.", { code: 404 }), undefined],
    ["Azure's", 404, error("The API deployment for this resource does not exist."), undefined],
    ["Gemini's", 404, error("models/foo is not found for API version v1beta"), undefined],
    ["one that is only named", 404, error("'m-of-ours' was not found"), undefined],
    ["a model that was removed, without a word", 410, error("Gone"), undefined],
    // Money.
    ["402", 402, error("Insufficient credits"), "no_credit"],
    ["402 without a body", 402, "", "no_credit"],
    [
      "OpenAI's quota",
      429,
      error("You exceeded your current quota", { code: "insufficient_quota" }),
      "no_credit",
    ],
    ["DeepSeek's", 402, error("Insufficient Balance", { type: "unknown_error" }), "no_credit"],
    [
      "Anthropic's 400",
      400,
      error("Your credit balance is too low to access the Anthropic API."),
      "no_credit",
    ],
    ["a 403 about billing", 403, error("Billing is not enabled for this account"), "no_credit"],
    ["a wrong key", 401, error("Incorrect API key provided"), undefined],
    ["a key that may not", 403, error("Your key may not do this"), undefined],
    ["a rate limit", 429, error("Slow down"), undefined],
    ["an error of its own", 500, error("balance of the universe"), undefined],
  ])("what an operator must mend is told apart: %s", (_name, status, body, problem) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const failure = classifyHttpError(status, text, parseJson(text), { ...CONTEXT, model: "m-of-ours" });
    expect(failure.problem).toBe(problem);
    if (problem === "no_credit") expect(failure.kind).toBe("account");
  });

  test("LM Studio answers 200 at an address without an API", () => {
    const body = { error: "Unexpected endpoint or method. (POST /chat/completions)" };
    const failure = classifyErrorObject(body, CONTEXT);
    expect(failure).toMatchObject({ kind: "model_gone", status: 404, problem: "wrong_address" });
  });

  test("a request that speaks of credit is no account without any", () => {
    expect(classify(400, error("Invalid value: 'Your credit balance is too low'")).kind).toBe("refused");
    expect(classify(400, error("The tool said: your credit balance is too low")).kind).toBe("refused");
  });

  const ROOT = new URL("../../fixtures/providers/", import.meta.url);
  const RECORDED: Record<string, [number, FailureKind, string]> = {
    "anthropic/pydantic-test_anthropic_count_tokens_error.1.response.json": [
      404,
      "model_gone",
      "model: claude-does-not-exist",
    ],
    "anthropic/pydantic-test_model_name_suggestion_anthropic.1.response.json": [
      404,
      "model_gone",
      "model: claude-sonet-4-5",
    ],
    "anthropic/pydantic-test_anthropic_explicit_effort_xhigh_unsupported_model_errors.1.response.json": [
      400,
      "refused",
      "This model does not support effort level 'xhigh'.",
    ],
    "gemini/jsgenai-model-not-found.json": [404, "model_gone", "models/custom-gemini-2.0-flash is not found"],
    "gemini/vercel-google-429-retry-info.json": [429, "rate_limited", "You exceeded your current quota"],
    "groq/pydantic-test_tool_regular_error.1.response.json": [
      404,
      "model_gone",
      "The model `non-existent` does not exist",
    ],
    "groq/pydantic-test_tool_use_failed_error.1.response.json": [
      400,
      "refused",
      "Tool call validation failed",
    ],
    "openai/pydantic-test_model_name_suggestion_openai-chat.1.response.json": [
      404,
      "model_gone",
      "The model `gpt-5.2-proo` does not exist",
    ],
    "openrouter/pydantic-test_openrouter_errors_raised.2.response.json": [
      429,
      "rate_limited",
      "Provider returned error: google/gemini-2.0-flash-exp:free is temporarily rate-limited upstream.",
    ],
  };
  test.each(Object.entries(RECORDED))("recorded: %s", (file, [status, kind, reason]) => {
    const failure = classify(status, readFileSync(new URL(file, ROOT), "utf8"));
    expect(failure).toMatchObject({ kind, status });
    expect(failure.reason).toContain(reason);
  });

  test("no recorded answer is taken for an error", () => {
    for (const folder of readdirSync(ROOT, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
      for (const name of readdirSync(new URL(`${folder.name}/`, ROOT)).filter((file) =>
        file.endsWith(".json"),
      )) {
        const path = `${folder.name}/${name}`;
        const body = parseJson(readFileSync(new URL(path, ROOT), "utf8"));
        expect(readProviderError(body) !== undefined, path).toBe(Object.hasOwn(RECORDED, path));
      }
    }
  });
});

describe("what is said of it", () => {
  test("the details of a validation are named with their place", () => {
    const body = {
      message: { detail: [{ loc: ["body", "messages", 0, "name"], msg: "Extra inputs are not permitted" }] },
    };
    expect(classify(422, body).reason).toBe("body.messages.0.name: Extra inputs are not permitted");
  });

  test("the parameter is passed on", () => {
    expect(classify(400, error("no", { param: "temperature" })).param).toBe("temperature");
  });

  test("the key and addresses are not", () => {
    const { reason } = classify(
      401,
      error("Bad key my-plain-key-123, sk-abcdefghijkl, see https://a.example/?key=x"),
    );
    expect(reason).toBe("Bad key [redacted], [redacted], see [url]");
  });

  test("a body that says nothing is named by its status", () => {
    expect(classify(503, "").reason).toBe("The provider answered with status 503.");
    expect(classify(503, "<html>secret</html>").reason).toBe("The provider answered with status 503.");
  });

  test("a hint goes with it", () => {
    const failure = classifyHttpError(429, "", undefined, {
      ...CONTEXT,
      header: (name) => (name === "retry-after" ? "7" : undefined),
    });
    expect(failure.retryAfterMs).toBe(7_000);
    expect(classify(429, "")).not.toHaveProperty("retryAfterMs");
  });
});

describe("errors inside a 200 go by the code they carry", () => {
  test.each<[unknown, FailureKind, number]>([
    [error("m", { code: 503 }), "server_error", 503],
    [error("m", { code: "429" }), "rate_limited", 429],
    [error("m", { type: "overloaded_error" }), "server_error", 529],
    [error("m", { status: "NOT_FOUND" }), "model_gone", 404],
    [error("m", { code: "insufficient_quota" }), "account", 402],
    [{ ...error("m"), status_code: 400 }, "refused", 400],
    [error("m"), "server_error", 500],
    [error("m", { code: 200 }), "server_error", 500],
    [error("m", { code: 99_999 }), "server_error", 500],
    [error("m", { code: "toString" }), "server_error", 500],
    [{ error: "m" }, "server_error", 500],
    [{}, "server_error", 500],
    [null, "server_error", 500],
  ])("%j", (body, kind, status) => {
    expect(classifyErrorObject(body, CONTEXT)).toMatchObject({ kind, status });
  });
});

describe("hostile bodies", () => {
  test.each<[string, (size: number) => string]>([
    ["the word model", (size) => "model ".repeat(size / 6)],
    ["exceeds the maximum", (size) => "exceeds the maximum ".repeat(size / 20)],
    ["content", (size) => "content ".repeat(size / 8)],
    ["quotes", (size) => " 'a".repeat(size / 3)],
    ["licence", (size) => "licenc".repeat(size / 6)],
    ["white space", (size) => " ".repeat(size)],
    ["token-like text", (size) => "-eyJ".repeat(size / 4)],
    ["scheme-like text", (size) => "a+b.".repeat(size / 4)],
    ["Bearer", (size) => `Bearer ${" ".repeat(size)}`],
  ])("100 KB of %s are read in linear time", (_name, make) => {
    expectLinear(100_000, (size) => {
      const message = make(size);
      return () => {
        for (const status of [400, 403, 404]) classify(status, message);
        classify(400, error(message));
        classify(403, error(message));
      };
    });
  });

  test("nesting without end is no danger", () => {
    const deep = `${'{"message":['.repeat(20_000)}1${"]}".repeat(20_000)}`;
    expect(classify(400, deep).kind).toBe("refused");
    expect(classify(400, `{"error":${deep}}`).kind).toBe("refused");
  });

  test("a megabyte of reason becomes 500 characters", () => {
    expect(classify(400, error("x ".repeat(500_000))).reason.length).toBeLessThanOrEqual(500);
  });
});
