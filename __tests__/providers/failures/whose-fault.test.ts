import { describe, expect, test } from "vitest";
import type { Failure, FailureKind, FailureProblem } from "#lib/providers/failures/failure.ts";
import { classifyErrorObject, classifyHttpError } from "#lib/providers/failures/provider-error.ts";
import { readRequestOptions } from "#lib/providers/failures/request-options.ts";
import { parseJson } from "#lib/shared/json.ts";
import { expectLinear } from "../../support/linear.ts";

type Headers = Record<string, string>;

function classify(status: number, body: unknown, sent: unknown = {}, headers: Headers = {}): Failure {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return classifyHttpError(status, text, parseJson(text), {
    header: (name) => headers[name],
    wallNow: 0,
    secrets: [],
    model: "m-of-ours",
    options: () => readRequestOptions(sent),
  });
}

const error = (message: string, more: Record<string, unknown> = {}) => ({ error: { message, ...more } });
const openRouter = (message: string, code = 404) => ({ error: { message, code }, user_id: "user_1" });
const anthropic = (type: string, message: string) => ({ type: "error", error: { type, message } });
const gemini = (code: number, status: string, message: string) => ({ error: { code, status, message } });
const workersAi = (code: number, message: string) => ({
  result: null,
  success: false,
  errors: [{ code, message }],
  messages: [],
});
const ollama = (message: string) => ({ error: message });
const llamaCpp = (message: string, code = 500, type = "server_error") => ({ error: { code, message, type } });

const TPM =
  "Request too large for model `llama-3.3-70b-versatile` in organization `org_01` service tier `on_demand` on tokens per minute (TPM): Limit 12000, Requested 14137, please reduce your message size and try again. Need more tokens? Upgrade at https://console.groq.com/settings/billing";

describe("W8: OpenRouter's 404 is the request's fault if its own options leave no host", () => {
  const DENY = { provider: { data_collection: "deny" } };
  test.each<[string, number, string, unknown, FailureKind, FailureProblem | undefined]>([
    [
      "a data policy of the request",
      404,
      "No endpoints found matching your data policy (Zero data retention). Configure: https://openrouter.ai/settings/privacy",
      { provider: { zdr: true } },
      "refused",
      undefined,
    ],
    [
      "a data policy, denied",
      404,
      "No endpoints found matching your data policy",
      DENY,
      "refused",
      undefined,
    ],
    [
      "guardrails",
      404,
      "No endpoints available matching your guardrail restrictions and data policy. Configure: https://openrouter.ai/settings/privacy",
      DENY,
      "refused",
      undefined,
    ],
    [
      "an allow-list",
      404,
      "No allowed providers are available for the selected model.",
      { provider: { only: ["azure"] } },
      "refused",
      undefined,
    ],
    [
      "an order without fallbacks",
      404,
      "No endpoints found for x/y.",
      { provider: { order: ["azure"], allow_fallbacks: false } },
      "refused",
      undefined,
    ],
    [
      "required parameters",
      404,
      "No endpoints found that can handle the requested parameters. To learn more about provider routing, visit: https://openrouter.ai/docs",
      { provider: { require_parameters: true } },
      "refused",
      undefined,
    ],
    [
      "a price",
      404,
      "No endpoints found for x/y.",
      { provider: { max_price: { prompt: 1 } } },
      "refused",
      undefined,
    ],
    [
      "a quantization",
      404,
      "No endpoints found for x/y.",
      { provider: { quantizations: ["fp8"] } },
      "refused",
      undefined,
    ],
    [
      "hosts to ignore",
      404,
      "All providers have been ignored. To change your default ignored providers, visit: https://openrouter.ai/settings/preferences",
      { provider: { ignore: ["a"] } },
      "refused",
      undefined,
    ],
    [
      "tools",
      404,
      "No endpoints found that support tool use. To learn more, visit: https://openrouter.ai/docs",
      {},
      "refused",
      undefined,
    ],
    [
      "tools of one choice",
      404,
      "No endpoints found that support the provided 'tool_choice' value.",
      {},
      "refused",
      undefined,
    ],
    ["images", 404, "No endpoints found that support image input", {}, "refused", undefined],
    [
      "an account's training rule, met by the request's allow-list",
      502,
      "Paid model training violation (account settings): 1 endpoint excluded",
      { provider: { only: ["deepseek"] } },
      "refused",
      undefined,
    ],
    // Without such options it is the model, or the account.
    ["a dead model", 404, "No endpoints found for x/y.", {}, "model_gone", undefined],
    [
      "a dead model, hosts only sorted",
      404,
      "No endpoints found for x/y.",
      { provider: { sort: "price" } },
      "model_gone",
      undefined,
    ],
    [
      "a dead model, hosts only ordered",
      404,
      "No endpoints found for x/y.",
      { provider: { order: ["azure"] } },
      "model_gone",
      undefined,
    ],
    [
      "empty options",
      404,
      "No endpoints found for x/y.",
      { provider: { only: [], data_collection: "allow" } },
      "model_gone",
      undefined,
    ],
    ["a name that is none", 400, "x/y is not a valid model ID", DENY, "model_gone", undefined],
    [
      "the account's privacy settings",
      404,
      "No endpoints found matching your data policy (Free model publication). Configure: https://openrouter.ai/settings/privacy",
      {},
      "account",
      "data_policy",
    ],
    [
      "the account's guardrails",
      404,
      "No endpoints available matching your guardrail restrictions and data policy.",
      {},
      "account",
      "data_policy",
    ],
    [
      "the account's allow-list",
      404,
      "No allowed providers are available for the selected model.",
      {},
      "account",
      "data_policy",
    ],
    ["the account's ignored hosts", 404, "All providers have been ignored.", {}, "account", "data_policy"],
    [
      "the account's training rule",
      502,
      "Paid model training violation (account settings): 1 endpoint excluded",
      {},
      "account",
      "data_policy",
    ],
  ])("%s", (_name, status, message, sent, kind, problem) => {
    const failure = classify(status, openRouter(message, status), sent);
    expect([failure.kind, failure.problem]).toEqual([kind, problem]);
  });
});

describe("W9: a 429 about one request benches nothing", () => {
  test.each<[string, number, unknown, unknown, Headers, FailureKind]>([
    [
      "larger than the limit of a minute",
      429,
      error(
        "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 342389. The input or output tokens must be reduced in order to run successfully.",
        { type: "tokens", code: "rate_limit_exceeded" },
      ),
      {},
      {},
      "oversized",
    ],
    [
      "the same with commas",
      429,
      error("Request too large for gpt-4o: Limit 30,000, Requested 342,389."),
      {},
      {},
      "oversized",
    ],
    [
      "the same, and a header that says when",
      429,
      error("Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 342389."),
      {},
      { "retry-after": "60" },
      "oversized",
    ],
    ["too large, without numbers", 429, error("Request too large for gpt-4o."), {}, {}, "oversized"],
    [
      "Anthropic's long context",
      429,
      anthropic("rate_limit_error", "Extra usage is required for long context requests."),
      {},
      {},
      "refused",
    ],
    [
      "the long context beta",
      400,
      anthropic("invalid_request_error", "The long context beta is not yet available for this subscription."),
      {},
      {},
      "refused",
    ],
    [
      "the long context beta, forbidden",
      403,
      anthropic("permission_error", "The long context beta is not yet available for this subscription."),
      {},
      {},
      "refused",
    ],
    [
      "fast mode",
      429,
      anthropic("rate_limit_error", "This request would exceed your organization's fast mode rate limit."),
      { speed: "fast" },
      { "retry-after": "30" },
      "refused",
    ],
    [
      "OpenAI's flex tier",
      429,
      error("Resource unavailable", { type: "resource_unavailable", code: "resource_unavailable" }),
      { service_tier: "flex" },
      {},
      "refused",
    ],
    [
      "OpenAI's flex tier, by its words",
      429,
      error("Resource unavailable. Flex capacity is exhausted."),
      { service_tier: "flex" },
      {},
      "refused",
    ],
    [
      "Groq's flex tier",
      498,
      error("Flex tier capacity exceeded", { code: "capacity_exceeded" }),
      { service_tier: "flex" },
      {},
      "refused",
    ],
    // Ordinary limits.
    [
      "a limit that is used up",
      429,
      error(
        "Rate limit reached for gpt-4o on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000. Please try again in 2s.",
        { code: "rate_limit_exceeded" },
      ),
      {},
      {},
      "rate_limited",
    ],
    [
      "CrewAI's, with a tilde",
      429,
      error(
        "Rate limit reached for model `m` on tokens per minute (TPM): Limit 5000, Used 5747, Requested ~4251. Please try again in 59.977s.",
      ),
      {},
      {},
      "rate_limited",
    ],
    [
      "exactly the limit",
      429,
      error("Rate limit reached: Limit 30000, Requested 30000."),
      {},
      {},
      "rate_limited",
    ],
    [
      "a limit of requests, in the words of a size",
      429,
      error("Your request exceeds the allowed number of requests per minute for this deployment."),
      {},
      {},
      "rate_limited",
    ],
    [
      "requests a day",
      429,
      error("Rate limit reached for gpt-4o on requests per day (RPD): Limit 200, Used 200, Requested 1."),
      {},
      {},
      "rate_limited",
    ],
    [
      "the flex tier's ordinary limit",
      429,
      error("Rate limit reached for o3 on requests per min (RPM): Limit 3, Used 3, Requested 1."),
      { service_tier: "flex" },
      {},
      "rate_limited",
    ],
    [
      "a tier that everybody has",
      429,
      error("Resource unavailable"),
      { service_tier: "auto" },
      {},
      "rate_limited",
    ],
    [
      "Anthropic's input tokens",
      429,
      anthropic(
        "rate_limit_error",
        "This request would exceed your organization's rate limit of 30,000 input tokens per minute.",
      ),
      {},
      {},
      "rate_limited",
    ],
    ["Groq's full flex tier for a plain request", 498, error("Over capacity"), {}, {}, "server_error"],
  ])("%s", (_name, status, body, sent, headers, kind) => {
    expect(classify(status, body, sent, headers).kind).toBe(kind);
  });

  test("the client hears of its size, not of the operator's account", () => {
    const failure = classify(413, error(TPM, { type: "tokens", code: "rate_limit_exceeded" }));
    expect(failure.reason).toBe("The request is larger than the provider takes from this gateway at once.");
    expect(failure.detail).toMatch(/^Request too large for model .* Limit 12000, Requested 14137/);
  });
});

describe("W10: what is wrong with the account is no refusal", () => {
  test.each<[string, number, unknown, FailureKind, FailureProblem | undefined]>([
    // Credit.
    [
      "Anthropic's 400",
      400,
      anthropic(
        "invalid_request_error",
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
      ),
      "account",
      "no_credit",
    ],
    [
      "Anthropic's spending limit",
      400,
      anthropic(
        "invalid_request_error",
        "You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.",
      ),
      "account",
      "no_credit",
    ],
    [
      "OpenAI's quota",
      429,
      error("You exceeded your current quota, please check your plan and billing details.", {
        type: "insufficient_quota",
        code: "insufficient_quota",
      }),
      "account",
      "no_credit",
    ],
    [
      "OpenAI's hard limit",
      400,
      error("Billing hard limit has been reached", { code: "billing_hard_limit_reached" }),
      "account",
      "no_credit",
    ],
    [
      "OpenAI's inactive billing",
      429,
      error("Your account is not active, please check your billing details on our website.", {
        type: "billing_not_active",
        code: "billing_not_active",
      }),
      "account",
      "no_credit",
    ],
    [
      "OpenRouter's key",
      403,
      openRouter(
        "Key limit exceeded (total limit). Manage it using https://openrouter.ai/settings/keys",
        403,
      ),
      "account",
      "no_credit",
    ],
    [
      "OpenRouter's credit",
      402,
      openRouter("Insufficient credits. Add more using https://openrouter.ai/credits", 402),
      "account",
      "no_credit",
    ],
    [
      "OpenRouter, nothing left at all",
      402,
      openRouter(
        "This request requires more credits, or fewer max_tokens. You requested up to 32000 tokens, but can only afford 0.",
        402,
      ),
      "account",
      "no_credit",
    ],
    [
      "xAI",
      403,
      error("Your team x has either used all available credits or reached its monthly spending limit."),
      "account",
      "no_credit",
    ],
    [
      "Groq's spending limit",
      400,
      error("Spend limit reached for your organization.", { code: "blocked_api_access" }),
      "account",
      "no_credit",
    ],
    [
      "Gemini's prepayment",
      429,
      gemini(
        429,
        "RESOURCE_EXHAUSTED",
        "Your prepayment credits are depleted. Please go to AI Studio to manage your project.",
      ),
      "account",
      "no_credit",
    ],
    [
      "Gemini's spending cap",
      429,
      gemini(429, "RESOURCE_EXHAUSTED", "Your project has exceeded its monthly spending cap."),
      "account",
      "no_credit",
    ],
    [
      "DeepSeek",
      402,
      error("Insufficient Balance", { type: "unknown_error", code: "invalid_request_error" }),
      "account",
      "no_credit",
    ],
    [
      "DashScope",
      400,
      error("Access denied, please make sure your account is in good standing.", { code: "Arrearage" }),
      "account",
      "no_credit",
    ],
    [
      "Moonshot",
      429,
      error("Your account org-1 is suspended, please check your plan and billing details", {
        type: "exceeded_current_quota_error",
      }),
      "account",
      "no_credit",
    ],
    [
      "Cohere's trial of a month",
      429,
      {
        message:
          "You are using a Trial key, which is limited to 1000 API calls / month. You can continue to use the Trial key for free or upgrade.",
      },
      "account",
      "no_credit",
    ],
    [
      "Hugging Face",
      402,
      { error: "You have exceeded your monthly included credits for Inference Providers." },
      "account",
      "no_credit",
    ],
    // Suspended.
    [
      "OpenAI",
      401,
      error("The OpenAI account associated with this API key has been deactivated.", {
        code: "account_deactivated",
      }),
      "account",
      "account_disabled",
    ],
    [
      "Anthropic",
      400,
      anthropic("invalid_request_error", "This organization has been disabled."),
      "account",
      "account_disabled",
    ],
    [
      "Groq",
      400,
      error(
        "Organization has been restricted. Please reach out to support if you believe this was in error.",
        { code: "organization_restricted" },
      ),
      "account",
      "account_disabled",
    ],
    [
      "Fireworks",
      412,
      error(
        "Account x is suspended, possibly due to reaching the monthly spending limit or failure to pay past invoices.",
      ),
      "account",
      "account_disabled",
    ],
    [
      "Google's disabled API",
      403,
      {
        error: {
          code: 403,
          status: "PERMISSION_DENIED",
          message: "Generative Language API has not been used in project 1 before or it is disabled.",
          details: [{ reason: "SERVICE_DISABLED" }],
        },
      },
      "account",
      "account_disabled",
    ],
    // Regions.
    [
      "Gemini",
      400,
      gemini(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
      "account",
      "region",
    ],
    [
      "Gemini in a list",
      400,
      [
        gemini(
          400,
          "FAILED_PRECONDITION",
          "User location is not supported for the API use without a billing account linked.",
        ),
      ],
      "account",
      "region",
    ],
    [
      "OpenAI's region",
      403,
      error("Country, region, or territory not supported", {
        type: "request_forbidden",
        code: "unsupported_country_region_territory",
      }),
      "account",
      "region",
    ],
    ["a region in words", 403, error("This service is not available in your country."), "account", "region"],
    [
      "Google behind OpenRouter",
      400,
      {
        error: {
          message: "Provider returned error",
          code: 400,
          metadata: {
            provider_name: "Google AI Studio",
            raw: '{"error":{"code":400,"message":"User location is not supported for the API use.","status":"FAILED_PRECONDITION"}}',
          },
        },
      },
      "account",
      "not_enabled",
    ],
    [
      "Bedrock's countries",
      400,
      {
        message:
          "Access to Anthropic models is not allowed from unsupported countries, regions, or territories.",
      },
      "account",
      "not_enabled",
    ],
    // Models.
    [
      "Groq's terms",
      400,
      error(
        "The model `canopylabs/x` requires terms acceptance. Please have the org admin accept the terms.",
        { code: "model_terms_required" },
      ),
      "account",
      "not_enabled",
    ],
    [
      "OpenAI's verification",
      400,
      error("Your organization must be verified to stream this model.", {
        param: "stream",
        code: "unsupported_value",
      }),
      "account",
      "not_enabled",
    ],
    [
      "OpenAI's verification of a model",
      404,
      error("Your organization must be verified to use the model `gpt-5`.", { code: "model_not_found" }),
      "account",
      "not_enabled",
    ],
    [
      "Gemini's free tier without the model",
      429,
      gemini(
        429,
        "RESOURCE_EXHAUSTED",
        "You exceeded your current quota, please check your plan and billing details. * Quota exceeded for metric: generate_content_free_tier_requests, limit: 0, model: gemini-3-pro",
      ),
      "account",
      "not_enabled",
    ],
    [
      "Bedrock's access",
      400,
      { message: "You don't have access to the model with the specified model ID." },
      "account",
      "not_enabled",
    ],
    // Cloudflare: two kinds of 429, and numbers in place of words.
    [
      "Cloudflare's free neurons of the day",
      429,
      workersAi(3036, "you have used up your daily free allocation of 10,000 neurons, please upgrade"),
      "account",
      "daily_allowance",
    ],
    [
      "Cloudflare without capacity",
      429,
      workersAi(3040, "AiError: Capacity temporarily exceeded, please try again."),
      "rate_limited",
      undefined,
    ],
    [
      "Cloudflare's paid models",
      403,
      workersAi(5035, "This model requires a Workers Paid plan"),
      "account",
      "not_enabled",
    ],
    ["Cloudflare's licences", 403, workersAi(5016, "Licence not accepted"), "account", "not_enabled"],
    [
      "Cloudflare without the model",
      400,
      workersAi(5007, "No such model @cf/x/y or task"),
      "model_gone",
      undefined,
    ],
    [
      "an account that Cloudflare does not have",
      404,
      workersAi(7003, "Could not route to /accounts/x/ai/run/m, perhaps your object identifier is invalid?"),
      "account",
      "account_disabled",
    ],
    [
      "Cloudflare's filter of images",
      400,
      workersAi(3030, "AiError: Input prompt contains NSFW content"),
      "content_policy",
      undefined,
    ],
    // Limits that pass.
    [
      "Gemini's limit",
      429,
      gemini(
        429,
        "RESOURCE_EXHAUSTED",
        "You exceeded your current quota, please check your plan and billing details. * Quota exceeded for metric: requests, limit: 15",
      ),
      "rate_limited",
      undefined,
    ],
    [
      "Cohere's trial of a minute",
      429,
      { message: "You are using a Trial key, which is limited to 10 API calls / minute." },
      "rate_limited",
      undefined,
    ],
    [
      "Mistral's capacity",
      429,
      {
        object: "error",
        message: "Service tier capacity exceeded for this model.",
        type: "service_tier_capacity_exceeded",
        code: "3505",
      },
      "rate_limited",
      undefined,
    ],
    [
      "OpenRouter's free models",
      429,
      openRouter("Rate limit exceeded: free-models-per-day", 429),
      "rate_limited",
      undefined,
    ],
    [
      "Groq's 413 by tokens a minute",
      413,
      error(
        "Request too large for model `m` on tokens per minute (TPM): Limit 12000, Used 9000, Requested 4137, please try again in 5s.",
        { type: "tokens", code: "rate_limit_exceeded" },
      ),
      "rate_limited",
      undefined,
    ],
    [
      "Groq's 413 without numbers",
      413,
      error("Tokens per minute exceeded", { code: "rate_limit_exceeded" }),
      "rate_limited",
      undefined,
    ],
    [
      "Groq's 413, larger than the whole limit",
      413,
      error(TPM, { type: "tokens", code: "rate_limit_exceeded" }),
      "oversized",
      undefined,
    ],
    [
      "a 413 of bytes",
      413,
      anthropic("request_too_large", "Request exceeds the maximum size"),
      "context_length",
      undefined,
    ],
    // What only sounds like an account.
    ["a field", 400, error("Invalid value: 'your credit balance is too low'"), "refused", undefined],
    [
      "an echo behind other words",
      400,
      error("The tool said: your account has been suspended"),
      "refused",
      undefined,
    ],
    ["a schema", 400, error("The key additionalProperties is restricted to false"), "refused", undefined],
    [
      "a field that is named",
      400,
      error("Your account is disabled", { param: "messages[0].content" }),
      "refused",
      undefined,
    ],
    ["a server's own trouble", 500, error("Your account has been suspended"), "server_error", undefined],
  ])("%s", (_name, status, body, kind, problem) => {
    const failure = classify(status, body);
    expect([failure.kind, failure.problem]).toEqual([kind, problem]);
  });

  test("a 413 with a hint is a rate limit with that hint", () => {
    const body = error(TPM, { type: "tokens", code: "rate_limit_exceeded" });
    expect(classify(413, body, {}, { "retry-after": "17" })).toMatchObject({
      kind: "rate_limited",
      retryAfterMs: 17_000,
    });
  });
});

describe("W11: the context is too small only for the prompt itself", () => {
  const TOO_LONG = { type: "invalid_request_error", code: "string_above_max_length" };
  test.each<[string, number, unknown, FailureKind, string | undefined]>([
    [
      "a tool's description",
      400,
      error(
        "Invalid 'tools[13].function.description': string too long. Expected a string with maximum length 1024, but got a string with length 1103 instead.",
        { ...TOO_LONG, param: "tools[13].function.description" },
      ),
      "refused",
      "tools[13].function.description",
    ],
    [
      "a tool's name, by the message alone",
      400,
      error(
        "Invalid 'tools[25].function.name': string too long. Expected a string with maximum length 64, but got a string with length 67 instead.",
        { type: "invalid_request_error", param: null, code: "invalid_request_error" },
      ),
      "refused",
      "tools[25].function.name",
    ],
    [
      "the user",
      400,
      error("Invalid 'user': string too long. Expected a string with maximum length 64.", {
        ...TOO_LONG,
        param: "user",
      }),
      "refused",
      "user",
    ],
    [
      "metadata",
      400,
      error("Invalid 'metadata.a': string too long.", { ...TOO_LONG, param: "metadata.a" }),
      "refused",
      "metadata.a",
    ],
    [
      "too many tools",
      400,
      error(
        "Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length 163 instead.",
        { param: "tools", code: "array_above_max_length" },
      ),
      "refused",
      "tools",
    ],
    [
      "the id of a call",
      400,
      error(
        "Invalid 'messages[3].tool_calls[0].id': string too long. Expected a string with maximum length 40, but got a string with length 64 instead.",
        { ...TOO_LONG, param: "messages[3].tool_calls[0].id" },
      ),
      "refused",
      "messages[3].tool_calls[0].id",
    ],
    [
      "a name in a message",
      400,
      error("Invalid 'messages[1].name': string too long.", { ...TOO_LONG, param: "messages[1].name" }),
      "refused",
      "messages[1].name",
    ],
    [
      "an image",
      400,
      error("Invalid 'messages[0].content[1].image_url.url': string too long.", {
        ...TOO_LONG,
        param: "messages[0].content[1].image_url.url",
      }),
      "refused",
      "messages[0].content[1].image_url.url",
    ],
    [
      "Anthropic's tool name",
      400,
      anthropic("invalid_request_error", "tools.0.custom.name: String should have at most 128 characters"),
      "refused",
      "tools.0.custom.name",
    ],
    [
      "Anthropic's tool reference",
      400,
      anthropic(
        "invalid_request_error",
        "messages.46.content.0.tool_result.content.3.tool_reference.tool_name: String should have at most 64 characters",
      ),
      "refused",
      "messages.46.content.0.tool_result.content.3.tool_reference.tool_name",
    ],
    [
      "Gemini's function",
      400,
      gemini(
        400,
        "INVALID_ARGUMENT",
        "* GenerateContentRequest.tools[0].function_declarations[41].name: Invalid function name. Must start with a letter or an underscore.",
      ),
      "refused",
      "tools[0].function_declarations[41].name",
    ],
    [
      "DashScope's tool name",
      400,
      error("<400> InternalError.Algo.InvalidParameter: The length of the tool name cannot exceed 64.", {
        code: "invalid_parameter_error",
      }),
      "refused",
      undefined,
    ],
    // The prompt itself.
    [
      "a message's content",
      400,
      error(
        "Invalid 'messages[1].content': string too long. Expected a string with maximum length 1048576.",
        { ...TOO_LONG, param: "messages[1].content" },
      ),
      "context_length",
      "messages[1].content",
    ],
    [
      "a part of a message",
      400,
      error("Invalid 'input[3].content[0].text': string too long.", {
        ...TOO_LONG,
        param: "input[3].content[0].text",
      }),
      "context_length",
      "input[3].content[0].text",
    ],
    [
      "the input",
      400,
      error("Invalid 'input': string too long.", { ...TOO_LONG, param: "input" }),
      "context_length",
      "input",
    ],
    [
      "the output of a tool",
      400,
      error("Invalid 'input[7].output': string too long.", { ...TOO_LONG, param: "input[7].output" }),
      "context_length",
      "input[7].output",
    ],
    [
      "too many messages",
      400,
      error("Invalid 'messages': array too long.", { param: "messages", code: "array_above_max_length" }),
      "context_length",
      "messages",
    ],
    [
      "OpenAI",
      400,
      error(
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
        { param: "messages", code: "context_length_exceeded" },
      ),
      "context_length",
      "messages",
    ],
    [
      "OpenAI without a code",
      400,
      error("This model's maximum context length is 8192 tokens.", { param: "messages", code: null }),
      "context_length",
      "messages",
    ],
    [
      "Anthropic",
      400,
      anthropic("invalid_request_error", "prompt is too long: 215000 tokens > 200000 maximum"),
      "context_length",
      undefined,
    ],
    [
      "Gemini",
      400,
      gemini(
        400,
        "INVALID_ARGUMENT",
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
      ),
      "context_length",
      undefined,
    ],
    [
      "vLLM",
      400,
      {
        object: "error",
        message:
          "This model's maximum context length is 8192 tokens. However, your request has 9000 input tokens.",
        type: "BadRequestError",
        param: "input_tokens",
        code: 400,
      },
      "context_length",
      "input_tokens",
    ],
    [
      "llama.cpp",
      400,
      {
        error: {
          code: 400,
          message:
            "the request exceeds the available context size. try increasing the context size or enable context shift",
          type: "exceed_context_size_error",
          n_ctx: 4096,
        },
      },
      "context_length",
      undefined,
    ],
    ["Bedrock", 400, { message: "Input is too long for requested model." }, "context_length", undefined],
    [
      "Mistral",
      400,
      {
        object: "error",
        message:
          "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
        type: "invalid_request_error",
        code: "3051",
      },
      "context_length",
      undefined,
    ],
    [
      "xAI",
      400,
      {
        code: "Client specified an invalid argument",
        error: "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
      },
      "context_length",
      undefined,
    ],
    [
      "Cohere",
      400,
      { message: "too many tokens: size limit exceeded by 3000 tokens." },
      "context_length",
      undefined,
    ],
    [
      "Moonshot",
      400,
      error("Invalid request: Your request exceeded model token limit: 131072"),
      "context_length",
      undefined,
    ],
    [
      "DashScope",
      400,
      error("<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 98304]"),
      "context_length",
      undefined,
    ],
    [
      "GitHub Models",
      413,
      error("Request body too large for gpt-4o model. Max size: 8000 tokens.", {
        code: "tokens_limit_reached",
      }),
      "context_length",
      undefined,
    ],
  ])("%s", (_name, status, body, kind, param) => {
    const failure = classify(status, body);
    expect([failure.kind, failure.param]).toEqual([kind, param]);
  });
});

describe("W30: a 501, and a 5xx about the request, are refusals", () => {
  test.each<[string, number, unknown, FailureKind]>([
    ["a 501", 501, error("not implemented"), "refused"],
    ["a 501 without a body", 501, "", "refused"],
    ["Ollama's image", 500, ollama("missing data required for image input"), "refused"],
    [
      "Ollama's image, with what failed",
      500,
      ollama(
        "Failed to create new sequence: failed to process inputs: this model is missing data required for image input",
      ),
      "refused",
    ],
    [
      "Ollama's image, OpenAI's shape",
      500,
      error("missing data required for image input", { type: "api_error" }),
      "refused",
    ],
    [
      "Ollama's image format",
      500,
      ollama("Failed to create new sequence: failed to process inputs: image: unknown format"),
      "refused",
    ],
    [
      "Ollama's tools",
      500,
      ollama("registry.ollama.ai/library/gemma3:270m does not support tools"),
      "refused",
    ],
    ["Ollama's tools, quoted", 500, ollama('"gemma3:270m" does not support tools'), "refused"],
    ["Ollama's thinking", 500, ollama('"gemma3:270m" does not support thinking'), "refused"],
    ["Ollama's embeddings", 501, ollama("this model does not support embeddings"), "refused"],
    [
      "Ollama's context",
      500,
      ollama("Failed to create new sequence: the input length exceeds the context length"),
      "context_length",
    ],
    [
      "Go's JSON",
      500,
      ollama("json: cannot unmarshal string into Go struct field ChatRequest.messages of type []api.Message"),
      "refused",
    ],
    ["base64", 500, ollama("illegal base64 data at input byte 4"), "refused"],
    [
      "llama.cpp's images",
      500,
      llamaCpp(
        "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
      ),
      "refused",
    ],
    [
      "llama.cpp's audio",
      500,
      llamaCpp(
        "audio input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
      ),
      "refused",
    ],
    [
      "llama.cpp's images, older",
      500,
      llamaCpp("This server does not support multimodal. Start it with `--mmproj`"),
      "refused",
    ],
    ["llama.cpp's tools", 500, llamaCpp("tools param requires --jinja flag"), "refused"],
    ["llama.cpp's grammar", 500, llamaCpp("Failed to parse grammar"), "refused"],
    [
      "llama.cpp's samplers",
      500,
      llamaCpp("Failed to initialize samplers: failed to parse grammar"),
      "refused",
    ],
    [
      "llama.cpp's schema",
      500,
      llamaCpp('JSON schema conversion failed:\nUnrecognized schema: {"type":"foo"}'),
      "refused",
    ],
    [
      "llama.cpp's parser",
      500,
      llamaCpp("Unable to generate parser for this template. Automatic parser generation failed: ..."),
      "refused",
    ],
    [
      "llama.cpp's template",
      500,
      llamaCpp(
        "\n------------\nWhile executing CallExpression at line 189, column 32 in source:\n...== 0) %}↵ {{- raise_exception('After the optional system message, con...\nError: Jinja Exception: After the optional system message, conversation roles must alternate user and assistant roles except for tool calls and results.",
      ),
      "refused",
    ],
    [
      "llama.cpp's roles",
      500,
      llamaCpp("Conversation roles must alternate user/assistant/user/assistant/... at row 19, column 27"),
      "refused",
    ],
    [
      "llama.cpp's context",
      500,
      llamaCpp("the request exceeds the available context size"),
      "context_length",
    ],
    [
      "llama.cpp's arguments",
      500,
      llamaCpp("Failed to parse tool call arguments as JSON: [json.exception.parse_error.101]"),
      "refused",
    ],
    ["a system role", 500, llamaCpp("System role not supported"), "refused"],
    ["an image", 500, error("invalid image"), "refused"],
    ["an unsupported part", 500, error("Unsupported content part type: input_audio"), "refused"],
    ["SGLang, pydantic", 500, error("1 validation error for ChatCompletionRequest"), "refused"],
    ["a proxy's name for it", 500, error("litellm.BadRequestError: OpenAIException - bad tool"), "refused"],
    ["a field that is named", 500, error("bad", { param: "tools[0]" }), "refused"],
    // Trouble of its own.
    ["an outage", 500, error("Internal server error"), "server_error"],
    [
      "memory",
      500,
      ollama("model requires more system memory (5.5 GiB) than is available (3.2 GiB)"),
      "server_error",
    ],
    ["a runner", 500, ollama("llama runner process has terminated: exit status 2"), "server_error"],
    ["overloaded", 529, anthropic("overloaded_error", "Overloaded"), "server_error"],
    ["a model that loads", 503, llamaCpp("Loading model", 503, "unavailable_error"), "server_error"],
    ["an upstream", 502, error("Upstream error: connection refused"), "server_error"],
    ["Gemini's trouble", 500, gemini(500, "INTERNAL", "An internal error has occurred."), "server_error"],
    [
      "Gemini's overload",
      503,
      gemini(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
      "server_error",
    ],
    ["no workers", 503, error("No available workers for this model"), "server_error"],
    ["a queue", 503, error("The request queue is full"), "server_error"],
    ["the request's time", 504, error("Request timed out."), "server_error"],
    // What a client writes into an error decides nothing.
    ["an echo, quoted", 500, error('Error while answering "image input is not supported"'), "server_error"],
    [
      "an echo behind other words",
      500,
      error("Worker crashed on prompt image input is not supported"),
      "server_error",
    ],
    [
      "an echo of a template",
      500,
      error("CUDA error: out of memory. Last input: conversation roles must alternate"),
      "server_error",
    ],
    ["a web page", 500, "<html>image input is not supported</html>", "server_error"],
  ])("%s", (_name, status, body, kind) => {
    expect(classify(status, body).kind).toBe(kind);
  });

  test("the same inside a 200", () => {
    const context = { header: () => undefined, wallNow: 0, secrets: [] };
    expect(classifyErrorObject(ollama("missing data required for image input"), context).kind).toBe(
      "refused",
    );
    expect(classifyErrorObject(ollama("out of memory"), context).kind).toBe("server_error");
  });
});

describe("an echo of the request decides nothing, whatever it says", () => {
  const SAID = [
    "image input is not supported",
    "your credit balance is too low",
    "User location is not supported for the API use.",
    "This organization has been disabled.",
    "No endpoints found matching your data policy",
    "Failed to parse grammar",
    "Key limit exceeded",
    "extra usage is required for long context requests",
  ];
  const PLAIN: Record<number, FailureKind> = {
    400: "refused",
    429: "rate_limited",
    500: "server_error",
    503: "server_error",
  };
  test.each(Object.entries(PLAIN))("at status %s", (status, kind) => {
    for (const said of SAID) {
      for (const message of [
        `Could not process "${said}"`,
        `Rejected: '${said}'`,
        `Unexpected \`${said}\` in the prompt`,
        `Something went wrong while answering ${said}`,
        `"${said}"`,
        `See https://a.example/?q=${encodeURIComponent(said)}`,
      ]) {
        expect(classify(Number(status), error(message)).kind, message).toBe(kind);
      }
    }
  });
});

test("hostile words are read in linear time", () => {
  const words = [
    "your account ",
    "error: ",
    "model is not available ",
    "limit 1 ",
    "tools.a",
    "image is ",
    "max_tokens ",
  ];
  for (const word of words) {
    expectLinear(100_000, (size) => {
      const text = JSON.stringify(error(word.repeat(size / word.length)));
      const body = parseJson(text);
      const context = { header: () => undefined, wallNow: 0, secrets: [] };
      return () => {
        for (const status of [400, 402, 404, 413, 429, 500]) classifyHttpError(status, text, body, context);
      };
    });
  }
});
