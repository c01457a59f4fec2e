import { describe, expect, test } from "vitest";
import { assistantText } from "#lib/chat/assistant-parts.ts";
import type {
  AssistantMessage,
  AssistantPart,
  ChatMessage,
  ChatRequest,
  ContentPart,
  ExtraFields,
  IssuerToken,
  ReasoningEffort,
  Tool,
  ToolCallPart,
  ToolChoice,
} from "#lib/chat/request.ts";
import { chatPowerOf, PROTOCOLS } from "#lib/providers/protocols/index.ts";
import type { EncodedRequest } from "#lib/providers/protocols/protocol.ts";
import { createRegistry, type Engine } from "#lib/providers/registry.ts";
import { field, isJsonObject, type JsonObject } from "#lib/shared/json.ts";
import { fc } from "../../support/properties.ts";

const KEYS: Record<string, string> = {
  ANTHROPIC_API_KEY: "k",
  OPENAI_API_KEY: "k",
  GITHUB_MODELS_TOKEN: "k",
  GOOGLE_GEMINI_API_KEY: "k",
  GROQ_API_KEY: "k",
  SAMBANOVA_API_KEY: "k",
  CEREBRAS_API_KEY: "k",
  OPENROUTER_API_KEY: "k",
  COHERE_API_KEY: "k",
  MISTRAL_API_KEY: "k",
  OLLAMA_URL: "http://localhost:11434",
};
const registry = createRegistry(
  (name) => KEYS[name],
  [
    { id: "mine", baseUrl: "http://127.0.0.1:9/v1", apiKeyEnv: undefined, protocol: "openai-compatible" },
    { id: "my-claude", baseUrl: "http://127.0.0.1:9", apiKeyEnv: undefined, protocol: "anthropic" },
  ],
);

function engine(provider: string, model: string): Engine {
  const [found] = registry.resolve([{ provider, model, label: model }]);
  if (found === undefined) throw new Error(`There is no ${provider}.`);
  return found;
}

function encode(target: Engine, request: Partial<ChatRequest>, promptCache = true): EncodedRequest {
  const whole: ChatRequest = { messages: [{ role: "user", content: "Hi" }], stream: true, ...request };
  return chatPowerOf(target).encode(whole, target, { promptCache });
}

/** What goes over the wire: undefined fields are gone. */
function wire(encoded: EncodedRequest): Record<string, unknown> {
  return JSON.parse(JSON.stringify(encoded.body)) as Record<string, unknown>;
}

/** A question, calls with these ids in one message, and their results. */
function calledAndAnswered(ids: readonly string[]): ChatMessage[] {
  return [
    { role: "user", content: "q" },
    {
      role: "assistant",
      parts: ids.map((id) => ({ type: "tool_call", id, name: "f", arguments: "{}" })),
    },
    ...ids.map((id): ChatMessage => ({ role: "tool", toolCallId: id, content: "x" })),
  ];
}

function messagesOf(encoded: EncodedRequest): Record<string, unknown>[] {
  const { messages } = wire(encoded);
  return Array.isArray(messages) ? messages.filter(isJsonObject) : [];
}

/** Fields of a client of OpenAI's API that nothing of ours stands for. */
function openAi(fields: JsonObject): ExtraFields {
  return { dialect: "openai", fields };
}

const LONG = "Answer as a careful assistant would, and cite what you use. ".repeat(400);
const WEATHER: Tool = {
  type: "function",
  name: "weather",
  description: "The weather",
  parameters: { type: "object", properties: { city: { type: "string" } } },
};

/** Everything a client can say at once. */
const RICH: Partial<ChatRequest> = {
  messages: [
    { role: "system", content: "Be brief.", developer: true, name: "boss" },
    {
      role: "user",
      content: [
        { type: "text", text: "Look" },
        { type: "image", url: "data:image/png;base64,AAAA" },
      ],
      name: "ann",
    },
    {
      role: "assistant",
      name: "bot",
      parts: [
        { type: "reasoning", text: "hm" },
        { type: "tool_call", id: "call_0001", name: "weather", arguments: '{"city":"Paris"}' },
      ],
    },
    { role: "tool", toolCallId: "call_0001", content: "Sunny" },
    { role: "user", content: "And now?" },
  ],
  stream: true,
  tools: [WEATHER],
  toolChoice: "auto",
  parallelToolCalls: true,
  temperature: 1.9,
  topP: 0.9,
  topK: 40,
  frequencyPenalty: 0.1,
  presencePenalty: 0.2,
  seed: 7,
  stop: ["END"],
  n: 2,
  logprobs: true,
  topLogprobs: 3,
  logitBias: { "50256": -100 },
  maxOutputTokens: 300,
  responseFormat: { type: "json_object" },
  user: "u-1",
  extra: {
    dialect: "openai",
    fields: {
      store: true,
      metadata: { a: "b" },
      service_tier: "auto",
      prompt_cache_key: "mine",
      google: {},
      chat_template_kwargs: {},
    },
  },
};

/** The fields of `RICH`, in the client's words. */
const RICH_FIELDS = [
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "temperature",
  "top_p",
  "top_k",
  "frequency_penalty",
  "presence_penalty",
  "seed",
  "stop",
  "n",
  "logprobs",
  "top_logprobs",
  "logit_bias",
  "max_tokens",
  "response_format",
  "user",
  "store",
  "metadata",
  "service_tier",
  "prompt_cache_key",
  "google",
  "chat_template_kwargs",
];

/**
 * What each host takes, from the field tables of docs/PROVIDERS.md and not from our code: everything else
 * is a 400 or 422 there.
 */
const ACCEPTED: Record<
  string,
  { model: string; fields: string; message: string; sent: string; dropped: string }
> = {
  groq: {
    model: "qwen/qwen3-32b",
    fields:
      "model messages stream temperature top_p max_completion_tokens max_tokens stop seed tools tool_choice parallel_tool_calls response_format frequency_penalty presence_penalty user reasoning_effort reasoning_format include_reasoning service_tier search_settings compound_custom documents citation_options disable_tool_validation n",
    message: "role content tool_calls tool_call_id reasoning",
    sent: "model messages stream temperature top_p frequency_penalty presence_penalty tools tool_choice parallel_tool_calls max_completion_tokens stop seed user service_tier",
    // It refuses a JSON format together with tools.
    dropped:
      "response_format top_k n logprobs top_logprobs logit_bias store metadata prompt_cache_key google chat_template_kwargs",
  },
  mistral: {
    model: "mistral-large-latest",
    fields:
      "model messages temperature top_p max_tokens stream stop random_seed metadata response_format tools tool_choice presence_penalty frequency_penalty n prediction parallel_tool_calls prompt_mode reasoning_effort guardrails prompt_cache_key safe_prompt",
    message: "role content tool_calls tool_call_id prefix",
    sent: "model messages stream temperature top_p frequency_penalty presence_penalty tools tool_choice parallel_tool_calls max_tokens stop n random_seed response_format metadata prompt_cache_key",
    dropped: "top_k logprobs top_logprobs logit_bias user store service_tier google chat_template_kwargs",
  },
  cerebras: {
    model: "qwen-3.8-27b",
    fields:
      "model messages stream temperature top_p max_completion_tokens max_tokens stop seed stream_options response_format tools tool_choice reasoning_effort reasoning_format clear_thinking prompt_cache_key prediction logprobs top_logprobs user",
    message: "role content tool_calls tool_call_id reasoning",
    sent: "model messages stream temperature top_p logprobs top_logprobs tools tool_choice max_completion_tokens stop seed response_format user prompt_cache_key stream_options",
    dropped:
      "top_k frequency_penalty presence_penalty logit_bias parallel_tool_calls n store metadata service_tier google chat_template_kwargs",
  },
  cohere: {
    model: "command-a-plus-05-2026",
    fields:
      "model messages stream reasoning_effort response_format tools temperature max_tokens stop seed top_p frequency_penalty presence_penalty",
    message: "role content tool_calls tool_call_id",
    sent: "model messages stream temperature top_p frequency_penalty presence_penalty tools max_tokens stop seed response_format",
    dropped:
      "parallel_tool_calls top_k n logprobs top_logprobs logit_bias user store metadata service_tier prompt_cache_key google chat_template_kwargs",
  },
  ollama: {
    model: "llama3.1",
    fields:
      "model messages stream stream_options max_tokens seed stop temperature frequency_penalty presence_penalty top_p response_format tools reasoning reasoning_effort logprobs top_logprobs",
    message: "role content tool_calls tool_call_id reasoning",
    sent: "model messages stream temperature top_p frequency_penalty presence_penalty logprobs top_logprobs tools max_tokens stop seed response_format stream_options",
    dropped:
      "parallel_tool_calls top_k n logit_bias user store metadata service_tier prompt_cache_key google chat_template_kwargs",
  },
  anthropic: {
    model: "claude-haiku-4-5",
    fields:
      "model max_tokens messages system stream stop_sequences temperature top_k top_p tools tool_choice thinking output_config cache_control metadata service_tier container",
    message: "role content",
    sent: "model max_tokens messages system stream stop_sequences temperature top_k tools tool_choice metadata",
    dropped:
      "top_p response_format frequency_penalty presence_penalty seed n logprobs top_logprobs logit_bias store metadata service_tier prompt_cache_key google chat_template_kwargs",
  },
  "gemini-grounded": {
    model: "gemini-3.8-flash",
    fields: "contents systemInstruction tools toolConfig generationConfig safetySettings cachedContent",
    message: "role parts",
    sent: "contents systemInstruction tools toolConfig generationConfig",
    dropped:
      "n logprobs top_logprobs logit_bias user parallel_tool_calls store metadata service_tier prompt_cache_key google chat_template_kwargs",
  },
};
const HOSTS = Object.entries(ACCEPTED);
const words = (list: string): string[] => list.split(" ");

describe("no host gets a field that it rejects", () => {
  test.each(HOSTS)(
    "%s: a rich request is sent as far as it is taken, and the rest is named",
    (provider, row) => {
      const encoded = encode(engine(provider, row.model), RICH);
      const sent = Object.keys(wire(encoded));
      expect(sent.sort()).toEqual(words(row.sent).sort());
      expect(sent.filter((field) => !words(row.fields).includes(field))).toEqual([]);
      expect([...encoded.dropped].sort()).toEqual(words(row.dropped).sort());
    },
  );

  const tokens = fc.option(
    fc.record({
      issuer: fc.constantFrom("anthropic", "openrouter", "groq", "cerebras", "gemini-grounded", "mistral"),
      value: fc.oneof(
        fc.string({ minLength: 1 }),
        fc.constant<JsonObject>({ type: "reasoning.encrypted", data: "x" }),
      ),
    }),
    { nil: undefined },
  );
  const withToken = <Value extends object>(value: Value, signature: IssuerToken | undefined) =>
    signature === undefined ? value : { ...value, signature };
  const contentParts: fc.Arbitrary<ContentPart> = fc.oneof(
    fc.record({
      type: fc.constant("text" as const),
      text: fc.string(),
      cacheBreakpoint: fc.constantFrom(true as const, "1h" as const),
    }),
    fc.record({
      type: fc.constant("image" as const),
      url: fc.constantFrom("data:image/png;base64,AA", "https://a.example/b.png"),
    }),
    fc.record({
      type: fc.constant("opaque" as const),
      dialect: fc.constantFrom("openai" as const, "anthropic" as const),
      value: fc.constant({ type: "input_audio", input_audio: {} }),
    }),
  );
  const contents = fc.oneof(fc.string(), fc.array(contentParts, { maxLength: 3 }));
  const ids = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom("call_1", "toolu_01", "abcdefghi", "🙂"));
  const parts: fc.Arbitrary<AssistantPart> = fc.oneof(
    contentParts,
    fc.record({ type: fc.constant("text" as const), text: fc.string() }),
    fc.record({ type: fc.constant("refusal" as const), text: fc.string() }),
    fc
      .tuple(fc.string(), tokens)
      .map(([text, token]) => withToken({ type: "reasoning" as const, text }, token)),
    fc
      .tuple(ids, fc.string(), tokens)
      .map(([id, args, token]) =>
        withToken({ type: "tool_call" as const, id, name: "f", arguments: args }, token),
      ),
  );
  const assistants: fc.Arbitrary<AssistantMessage> = fc.record(
    {
      role: fc.constant("assistant" as const),
      parts: fc.array(parts, { maxLength: 8 }),
      name: fc.string(),
    },
    { requiredKeys: ["role", "parts"] },
  );
  const messages: fc.Arbitrary<ChatMessage[]> = fc.array(
    fc.oneof(
      fc.record(
        {
          role: fc.constant("system" as const),
          content: contents,
          name: fc.string(),
          developer: fc.boolean(),
        },
        { requiredKeys: ["role", "content"] },
      ),
      fc.record(
        { role: fc.constant("user" as const), content: contents, name: fc.string() },
        { requiredKeys: ["role", "content"] },
      ),
      assistants,
      fc.record({ role: fc.constant("tool" as const), toolCallId: ids, content: contents }),
    ),
    { minLength: 1, maxLength: 6 },
  );
  const requests: fc.Arbitrary<ChatRequest> = fc.record(
    {
      messages,
      stream: fc.boolean(),
      tools: fc.constantFrom<Tool[]>(
        [],
        [WEATHER],
        [{ type: "opaque", dialect: "openai", value: { type: "hosted" } }],
        [{ type: "custom", name: "patch" }],
      ),
      toolChoice: fc.constantFrom("auto" as const, "none" as const, "required" as const, {
        type: "tool" as const,
        name: "weather",
      }),
      parallelToolCalls: fc.boolean(),
      temperature: fc.double({ min: 0, max: 2, noNaN: true }),
      topP: fc.double({ min: 0, max: 1, noNaN: true }),
      topK: fc.nat(100),
      frequencyPenalty: fc.double({ min: -2, max: 2, noNaN: true }),
      presencePenalty: fc.double({ min: -2, max: 2, noNaN: true }),
      seed: fc.integer(),
      stop: fc.array(fc.string(), { maxLength: 4 }),
      n: fc.integer({ min: 1, max: 3 }),
      logprobs: fc.boolean(),
      topLogprobs: fc.nat(20),
      logitBias: fc.constant({ "1": 1 }),
      maxOutputTokens: fc.integer({ min: 1, max: 100_000 }),
      responseFormat: fc.constantFrom(
        { type: "text" as const },
        { type: "json_object" as const },
        { type: "json_schema" as const, name: "s", schema: { type: "object" } },
      ),
      reasoningEffort: fc.constantFrom("none", "minimal", "low", "medium", "high", "xhigh", "max"),
      user: fc.string(),
      webSearch: fc.boolean(),
      conversationId: fc.string(),
      extra: fc.record({
        dialect: fc.constantFrom("openai" as const, "anthropic" as const),
        fields: fc.dictionary(
          fc.constantFrom(
            "store",
            "metadata",
            "thinking",
            "google",
            "maxTokens",
            "model",
            "messages",
            "stream_options",
            "__proto__",
          ),
          fc.constant("x"),
        ),
      }),
    },
    { requiredKeys: ["messages", "stream"] },
  );

  function wireMessages(body: Record<string, unknown>): Record<string, unknown>[] {
    const list = body["messages"] ?? body["contents"];
    return Array.isArray(list) ? list.filter(isJsonObject) : [];
  }

  test.each(HOSTS)("%s: of any request, at the top and inside messages", (provider, row) => {
    const target = engine(provider, row.model);
    fc.assert(
      fc.property(requests, fc.boolean(), (request, promptCache) => {
        const encoded = encode(target, request, promptCache);
        const body = wire(encoded);
        // To their own API, fields that are not known here pass too: it may know them.
        const own =
          provider === "anthropic" && request.extra?.dialect === "anthropic" ? request.extra : undefined;
        const allowed = [...words(row.fields), ...Object.keys(own?.fields ?? {})];
        expect(Object.keys(body).filter((field) => !allowed.includes(field))).toEqual([]);
        for (const message of wireMessages(body)) {
          expect(Object.keys(message).filter((field) => !words(row.message).includes(field))).toEqual([]);
        }
        // Nobody may change the model, and nothing is both sent and called dropped (but a name with two meanings).
        if (provider !== "gemini-grounded") expect(body["model"]).toBe(target.model);
        const both = encoded.dropped.filter((name) => Object.hasOwn(body, name));
        expect(
          both.filter(
            (name) =>
              !["model", "messages", "tools", "metadata", "thinking", "stream_options"].includes(name),
          ),
        ).toEqual([]);
        if (Array.isArray(body["tools"])) expect(body["tools"]).not.toEqual([]);
        // Nobody's token cap is exceeded.
        const cap = body["max_tokens"] ?? body["max_completion_tokens"];
        if (request.maxOutputTokens !== undefined && cap !== undefined) {
          expect(cap).toBe(request.maxOutputTokens);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("a server of the operator's gets every field, and nothing is dropped", () => {
    const encoded = encode(engine("mine", "llama"), RICH);
    expect(encoded.dropped).toEqual([]);
    for (const field of RICH_FIELDS) expect(Object.keys(wire(encoded))).toContain(field);
  });
});

describe("max_tokens or max_completion_tokens", () => {
  test.each([
    ["openai", "gpt-4o", "max_completion_tokens"],
    ["openai", "o3-mini", "max_completion_tokens"],
    ["openrouter", "openai/o4-mini", "max_completion_tokens"],
    ["openrouter", "openai/gpt-5-mini", "max_completion_tokens"],
    ["openrouter", "meta-llama/llama-3.3-70b-instruct:free", "max_tokens"],
    ["github-models", "gpt-5", "max_completion_tokens"],
    ["github-models", "gpt-4o", "max_tokens"],
    ["groq", "openai/gpt-oss-120b", "max_completion_tokens"],
    ["cerebras", "gpt-oss-120b", "max_completion_tokens"],
    ["mistral", "mistral-small-latest", "max_tokens"],
    ["cohere", "command-a-plus-05-2026", "max_tokens"],
    ["sambanova", "Meta-Llama-3.3-70B-Instruct", "max_tokens"],
    ["ollama", "llama3.1", "max_tokens"],
    ["mine", "llama", "max_tokens"],
  ])("%s/%s takes %s", (provider, model, field) => {
    const body = wire(encode(engine(provider, model), { maxOutputTokens: 77 }));
    const given = ["max_tokens", "max_completion_tokens"].filter((name) => body[name] === 77);
    expect(given).toEqual([field]);
  });
});

describe("verbosity is dropped and reported if the model takes its default alone", () => {
  test.each<[string, string, taken: string[]]>([
    ["openai", "gpt-4o", ["medium"]],
    ["openai", "gpt-4.1-mini", ["medium"]],
    ["openai", "o3", ["medium"]],
    ["openai", "gpt-5-chat-latest", ["medium"]],
    ["openai", "gpt-5-codex", ["medium"]],
    ["openai", "gpt-5.1-codex-max", ["medium"]],
    ["openai", "gpt-5.2-codex-2026-01-14", ["medium"]],
    ["openrouter", "openai/gpt-4o", ["medium"]],
    ["mine", "gpt-4o", ["medium"]],
    ["openai", "gpt-5", ["low", "medium", "high"]],
    ["openai", "gpt-5.1-chat-latest", ["low", "medium", "high"]],
    ["openai", "gpt-5.3-codex", ["low", "medium", "high"]],
    ["openai", "gpt-5.6-sol", ["low", "medium", "high"]],
    ["mine", "llama", ["low", "medium", "high"]],
  ])("%s/%s takes %j", (provider, model, taken) => {
    for (const verbosity of ["low", "medium", "high"]) {
      const encoded = encode(engine(provider, model), { extra: openAi({ verbosity }) });
      const body = wire(encoded);
      const sent = body["verbosity"] ?? field(body["text"], "verbosity");
      expect(sent).toBe(taken.includes(verbosity) ? verbosity : undefined);
      expect(encoded.dropped).toEqual(taken.includes(verbosity) ? [] : ["verbosity"]);
      expect(Object.keys(body)).not.toContain(sent === undefined ? "text" : "");
    }
  });
});

describe("sampling is dropped and reported if the model rejects it", () => {
  const sampling: Partial<ChatRequest> = { temperature: 0.4, topP: 0.9 };
  test.each<[string, string, Partial<ChatRequest>, string[]]>([
    ["openai", "gpt-4o", {}, ["temperature", "top_p"]],
    ["openai", "o1", {}, []],
    ["openai", "o4-mini", {}, []],
    ["openai", "gpt-5", {}, []],
    ["openai", "gpt-5-mini-2025-08-07", {}, []],
    ["openai", "gpt-5-chat-latest", {}, ["temperature", "top_p"]],
    ["openai", "gpt-5.1", {}, ["temperature", "top_p"]],
    ["openai", "gpt-5.1", { reasoningEffort: "none" }, ["temperature", "top_p"]],
    ["openai", "gpt-5.1", { reasoningEffort: "low" }, []],
    ["openai", "gpt-5.2-pro", {}, []],
    ["openai", "gpt-5.5", {}, []],
    ["openai", "gpt-5.5", { reasoningEffort: "low" }, []],
    ["openai", "gpt-5.5", { reasoningEffort: "none" }, ["temperature", "top_p"]],
    ["openai", "gpt-6-astra", {}, []],
    ["anthropic", "claude-haiku-4-5", { reasoningEffort: "low", maxOutputTokens: 500 }, ["temperature"]],
    ["openrouter", "openai/gpt-5-nano", {}, []],
    ["github-models", "o3", {}, []],
    ["anthropic", "claude-haiku-4-5", {}, ["temperature"]],
    ["anthropic", "claude-sonnet-4-20250514", {}, ["temperature", "top_p"]],
    ["anthropic", "claude-3-5-sonnet-20240620", {}, ["temperature", "top_p"]],
    ["anthropic", "claude-sonnet-4-6", {}, ["temperature"]],
    ["anthropic", "claude-opus-4-7", {}, []],
    ["anthropic", "claude-opus-4-8", {}, []],
    ["anthropic", "claude-opus-5-5", {}, []],
    ["anthropic", "claude-sonnet-5", {}, []],
    ["anthropic", "claude-fable-5-2", {}, []],
    ["anthropic", "claude-of-tomorrow", {}, []],
    ["anthropic", "claude-haiku-4-5", { reasoningEffort: "low" }, []],
  ])("%s/%s with %j takes %j", (provider, model, more, taken) => {
    const encoded = encode(engine(provider, model), { ...sampling, ...more });
    const body = wire(encoded);
    expect(["temperature", "top_p"].filter((field) => Object.hasOwn(body, field))).toEqual(taken);
    expect(encoded.dropped.filter((field) => field !== "reasoning_effort").sort()).toEqual(
      ["temperature", "top_p"].filter((field) => !taken.includes(field)),
    );
  });

  test.each([
    ["mistral", "mistral-large-latest", 1.5],
    ["cohere", "command-a-plus-05-2026", 1],
    ["anthropic", "claude-haiku-4-5", 1],
    ["openai", "gpt-4o", 1.9],
  ])("%s: a temperature too high is lowered to %s %s", (provider, model, highest) => {
    expect(wire(encode(engine(provider, model), { temperature: 1.9 }))["temperature"]).toBe(highest);
  });
});

describe("reasoning effort", () => {
  test.each<[string, string, ReasoningEffort, unknown]>([
    ["openai", "o3", "high", "high"],
    ["openai", "o3", "max", "high"],
    ["openai", "o3", "none", "low"],
    ["openai", "gpt-4o", "high", undefined],
    ["openai", "gpt-5.2", "none", "none"],
    ["groq", "openai/gpt-oss-120b", "xhigh", "high"],
    ["groq", "llama-3.3-70b-versatile", "high", undefined],
    ["openai", "gpt-5.1", "minimal", "low"],
    ["openrouter", "openai/gpt-6-astra", "none", "low"],
    ["mistral", "mistral-large-latest", "medium", "high"],
    ["mistral", "mistral-large-latest", "none", "none"],
    ["mistral", "codestral-latest", "high", undefined],
    ["cohere", "command-a-plus-05-2026", "max", "high"],
    ["cohere", "command-a-plus-05-2026", "minimal", "none"],
    ["ollama", "qwen3:8b", "max", "max"],
    ["ollama", "llama3.1:8b", "high", undefined],
    ["sambanova", "DeepSeek-V3.2", "none", "low"],
    ["sambanova", "Meta-Llama-3.3-70B-Instruct", "low", undefined],
    ["cerebras", "qwen-3.8-27b", "none", "none"],
    ["cerebras", "gpt-oss-120b", "none", "low"],
    ["groq", "qwen/qwen3-32b", "none", "none"],
    ["groq", "qwen/qwen3-32b", "low", "default"],
    ["groq", "qwen3.6-27b", "max", "default"],
    ["openrouter", "x-ai/grok-4", "low", "low"],
    ["mine", "qwen3", "medium", "medium"],
  ])("%s/%s, asked for %s, is sent %s", (provider, model, reasoningEffort, sent) => {
    const encoded = encode(engine(provider, model), { reasoningEffort });
    expect(wire(encoded)["reasoning_effort"]).toBe(sent);
    expect(encoded.dropped).toEqual(sent === undefined ? ["reasoning_effort"] : []);
  });

  test("Anthropic: a budget for the older, adaptive for the newer, room for the answer", () => {
    const old = wire(encode(engine("anthropic", "claude-haiku-4-5"), { reasoningEffort: "high" }));
    expect(old).toMatchObject({ thinking: { type: "enabled", budget_tokens: 16_384 }, max_tokens: 32_000 });
    const adaptive = wire(encode(engine("anthropic", "claude-opus-5-5"), { reasoningEffort: "xhigh" }));
    expect(adaptive).toMatchObject({ thinking: { type: "adaptive" }, output_config: { effort: "xhigh" } });
    const before = wire(encode(engine("anthropic", "claude-sonnet-4-6"), { reasoningEffort: "xhigh" }));
    expect(before).toMatchObject({ output_config: { effort: "high" } });
  });

  test.each<[number, number | undefined]>([
    [100_000, 4_096],
    [4_097, 4_096],
    [4_000, 3_999],
    [1_025, 1_024],
    [1_024, undefined],
    [1, undefined],
  ])("Anthropic: a cap of %s tokens stands, and the budget keeps below it", (maxOutputTokens, budget) => {
    const encoded = encode(engine("anthropic", "claude-haiku-4-5"), {
      reasoningEffort: "medium",
      maxOutputTokens,
    });
    const body = wire(encoded);
    expect(body["max_tokens"]).toBe(maxOutputTokens);
    expect(body["thinking"]).toEqual(
      budget === undefined ? undefined : { type: "enabled", budget_tokens: budget },
    );
    expect(encoded.dropped).toEqual(budget === undefined ? ["reasoning_effort"] : []);
  });

  test.each<[string, ReasoningEffort | undefined, number]>([
    ["claude-3-haiku-20240307", undefined, 4_096],
    ["claude-haiku-4-5", undefined, 8_192],
    ["claude-opus-4-7", undefined, 8_192],
    ["claude-opus-4-7", "low", 32_000],
    ["claude-opus-5", undefined, 32_000],
    ["claude-opus-5", "none", 8_192],
    ["claude-of-tomorrow", undefined, 32_000],
  ])("Anthropic: %s with effort %s may write %s tokens by default", (model, reasoningEffort, most) => {
    const effort = reasoningEffort === undefined ? {} : { reasoningEffort };
    expect(wire(encode(engine("anthropic", model), effort))["max_tokens"]).toBe(most);
    expect(wire(encode(engine("anthropic", model), { ...effort, maxOutputTokens: 50 }))["max_tokens"]).toBe(
      50,
    );
  });

  test.each([
    ["claude-opus-5", { type: "disabled" }],
    ["claude-opus-4-7", undefined],
    ["claude-haiku-4-5", undefined],
  ])("Anthropic: %s told not to think is sent %j, and no effort", (model, thinking) => {
    const encoded = encode(engine("anthropic", model), { reasoningEffort: "none" });
    expect(wire(encoded)["thinking"]).toEqual(thinking);
    expect(wire(encoded)).not.toHaveProperty("output_config");
    expect(encoded.dropped).toEqual([]);
  });

  test("Anthropic: thinking is not requested of a model that cannot think", () => {
    const encoded = encode(engine("anthropic", "claude-3-5-sonnet-20240620"), { reasoningEffort: "low" });
    expect(wire(encoded)).not.toHaveProperty("thinking");
    expect(encoded.dropped).toEqual(["reasoning_effort"]);
  });

  describe("Anthropic: a tool loop that did not begin with thinking goes on without", () => {
    const call: AssistantPart = { type: "tool_call", id: "c", name: "weather", arguments: "{}" };
    const thought = (issuer: string): AssistantPart => ({
      type: "reasoning",
      text: "hm",
      signature: { issuer, value: "s" },
    });
    const own = thought("anthropic");
    const foreign = thought("groq");
    const words: AssistantPart = { type: "text", text: "w" };
    const user: ChatMessage = { role: "user", content: "a" };
    const result: ChatMessage = { role: "tool", toolCallId: "c", content: "d" };
    const calling = (...before: AssistantPart[]): AssistantMessage => ({
      role: "assistant",
      parts: [...before, call],
    });
    test.each<[string, ChatMessage[], boolean]>([
      ["no thinking", [user, calling(), result], false],
      ["another engine's", [user, calling(foreign), result], false],
      ["its own", [user, calling(own), result], true],
      ["its own before words", [user, calling(own, words), result], true],
      ["its own behind words", [user, calling(words, own), result], false],
      ["its own behind a call", [user, calling(call, own), result], false],
      [
        "its own behind what is not sent",
        [user, calling(foreign, { ...words, text: "" }, own), result],
        true,
      ],
      ["its own at the beginning of the loop", [user, calling(own), result, calling(), result], true],
      ["another engine's at the beginning", [user, calling(), result, calling(own), result], false],
      [
        "a system message inside, which does not stay there",
        [user, calling(), result, { role: "system", content: "s" }, calling(own), result],
        false,
      ],
      ["a loop that is over", [user, calling(), result, assistantText("e"), user], true],
      ["no tool call", [user, assistantText("e"), user], true],
    ])("%s", (_name, messages, thinks) => {
      const encoded = encode(engine("anthropic", "claude-haiku-4-5"), {
        messages,
        tools: [WEATHER],
        reasoningEffort: "low",
      });
      expect(Object.hasOwn(wire(encoded), "thinking")).toBe(thinks);
      expect(encoded.dropped).toEqual(thinks ? [] : ["reasoning_effort"]);
      const adaptive = encode(engine("anthropic", "claude-opus-5"), { messages, reasoningEffort: "low" });
      expect(wire(adaptive)["thinking"]).toEqual({ type: "adaptive" });
    });
  });

  test.each([
    ["claude-fable-5-2", { type: "auto" }, ["tool_choice"]],
    ["claude-mythos", { type: "auto" }, ["tool_choice"]],
    ["claude-opus-5", { type: "any" }, []],
  ])("Anthropic: %s, told to call a tool, is sent %j", (model, choice, dropped) => {
    const encoded = encode(engine("anthropic", model), { tools: [WEATHER], toolChoice: "required" });
    expect(wire(encoded)["tool_choice"]).toEqual(choice);
    expect(encoded.dropped).toEqual(dropped);
  });

  test.each<ToolChoice>(["required", { type: "tool", name: "weather" }])(
    "Anthropic: a forced call (%j) goes before thinking, which excludes it",
    (toolChoice) => {
      const encoded = encode(engine("anthropic", "claude-haiku-4-5"), {
        tools: [WEATHER],
        toolChoice,
        reasoningEffort: "high",
      });
      expect(wire(encoded)).not.toHaveProperty("thinking");
      expect(encoded.dropped).toEqual(["reasoning_effort"]);
    },
  );

  test.each([
    ["gemini-2.5-flash", "none", { thinkingBudget: 0 }],
    ["gemini-2.5-pro", "none", { thinkingBudget: 128 }],
    ["gemini-2.5-flash", "low", { includeThoughts: true, thinkingBudget: 1_024 }],
    ["gemini-3.8-flash", "max", { includeThoughts: true, thinkingLevel: "high" }],
    ["gemini-3.8-flash", "none", { thinkingLevel: "low" }],
  ] as const)("%s with %s", (model, reasoningEffort, thinkingConfig) => {
    const body = wire(encode(engine("gemini-grounded", model), { reasoningEffort }));
    expect(body["generationConfig"]).toEqual({ thinkingConfig });
  });
});

describe("roles and tool calls are translated", () => {
  test("Mistral's ids are nine letters and digits, the same on a call and its result, different for others", () => {
    const ids = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(ids, (calls) => {
        const messages = calledAndAnswered(calls);
        const [, first, ...results] = messagesOf(
          encode(engine("mistral", "mistral-large-latest"), { messages }),
        );
        const sent = first?.["tool_calls"];
        const called = Array.isArray(sent) ? sent.map((call: { id: string }) => call.id) : [];
        expect(results.map((result) => result["tool_call_id"])).toEqual(called);
        expect(new Set(called).size).toBe(calls.length);
        for (const id of called) expect(id).toMatch(/^[a-zA-Z0-9]{9}$/);
      }),
    );
  });

  test("an id that Mistral made stays", () => {
    const messages = calledAndAnswered(["gSIMJiOkT"]);
    expect(messagesOf(encode(engine("mistral", "m"), { messages }))[2]?.["tool_call_id"]).toBe("gSIMJiOkT");
  });

  test.each([
    ["openai", "required", "required"],
    ["mistral", "required", "any"],
    ["groq", { type: "tool", name: "weather" }, { type: "function", function: { name: "weather" } }],
  ] as const)("%s: tool_choice %j", (provider, toolChoice, sent) => {
    expect(wire(encode(engine(provider, "m"), { tools: [WEATHER], toolChoice }))["tool_choice"]).toEqual(
      sent,
    );
  });

  test.each([
    ["required", { type: "any" }],
    ["auto", { type: "auto" }],
    ["none", { type: "none" }],
    [
      { type: "tool", name: "weather" },
      { type: "tool", name: "weather" },
    ],
  ] as const)("anthropic: tool_choice %j", (toolChoice, sent) => {
    expect(
      wire(encode(engine("anthropic", "claude-haiku-4-5"), { tools: [WEATHER], toolChoice }))["tool_choice"],
    ).toEqual(sent);
  });

  test.each<[ToolChoice, boolean, string[]]>([
    ["none", false, []],
    ["auto", true, []],
    ["required", true, ["tool_choice"]],
    [{ type: "tool", name: "weather" }, true, ["tool_choice"]],
  ])("without a field for it: tool_choice %j, tools sent: %s", (toolChoice, sent, dropped) => {
    for (const provider of ["cohere", "ollama"]) {
      const encoded = encode(engine(provider, "m"), { tools: [WEATHER], toolChoice });
      expect(Object.hasOwn(wire(encoded), "tools")).toBe(sent);
      expect(wire(encoded)).not.toHaveProperty("tool_choice");
      expect(encoded.dropped).toEqual(dropped);
    }
  });

  test("Mistral's ids of many calls do not collide", () => {
    const ids = Array.from({ length: 50_000 }, (_, index) => `call_${index}`);
    const messages = calledAndAnswered(ids);
    const sent = messagesOf(encode(engine("mistral", "m"), { messages })).slice(2);
    expect(new Set(sent.map((message) => message["tool_call_id"])).size).toBe(ids.length);
    // Two texts of the same 32-bit hash.
    const [, , a, b] = messagesOf(
      encode(engine("mistral", "m"), { messages: calledAndAnswered(["costarring", "liquid"]) }),
    );
    expect(a?.["tool_call_id"]).not.toBe(b?.["tool_call_id"]);
  });

  test("the developer role is only used if the dialect has it", () => {
    const messages: ChatMessage[] = [
      { role: "system", content: "x", developer: true },
      { role: "user", content: "y" },
    ];
    const role = (provider: string) => messagesOf(encode(engine(provider, "m"), { messages }))[0]?.["role"];
    expect([role("openai"), role("groq"), role("mistral"), role("mine")]).toEqual([
      "developer",
      "system",
      "system",
      "system",
    ]);
  });

  test("Anthropic: adjacent messages are merged, results become the user's, a later system message is a reminder, empty messages are dropped", () => {
    const body = wire(
      encode(engine("anthropic", "claude-haiku-4-5"), {
        messages: [
          { role: "system", content: "A" },
          { role: "user", content: "1" },
          { role: "user", content: "2" },
          {
            role: "assistant",
            parts: [
              { type: "text", text: "" },
              { type: "tool_call", id: "call:1", name: "f", arguments: "" },
            ],
          },
          { role: "tool", toolCallId: "call:1", content: "r" },
          { role: "system", content: "B" },
          { role: "user", content: "3" },
          assistantText(""),
        ],
      }),
    );
    const text = (value: string) => ({ type: "text", text: value });
    const ID: unknown = expect.stringMatching(/^call_1_[a-z0-9]{13}$/);
    expect(body["system"]).toEqual([text("A")]);
    expect(body["messages"]).toEqual([
      { role: "user", content: [text("1"), text("2")] },
      { role: "assistant", content: [{ type: "tool_use", id: ID, name: "f", input: {} }] },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: ID, content: [text("r")] },
          text("<system-reminder>\nB\n</system-reminder>"),
          text("3"),
        ],
      },
    ]);
  });

  test("Gemini: roles, results by name, arguments as objects", () => {
    const body = wire(
      encode(engine("gemini-grounded", "gemini-3.8-flash"), {
        messages: [
          { role: "system", content: "A" },
          { role: "user", content: "1" },
          {
            role: "assistant",
            parts: [
              { type: "tool_call", id: "c1", name: "f", arguments: '{"x":1}' },
              { type: "tool_call", id: "c2", name: "g", arguments: "{broken" },
            ],
          },
          { role: "tool", toolCallId: "c1", content: '{"y":2}' },
          { role: "tool", toolCallId: "c2", content: "plain" },
        ],
      }),
    );
    expect(body["systemInstruction"]).toEqual({ parts: [{ text: "A" }] });
    expect(body["contents"]).toEqual([
      { role: "user", parts: [{ text: "1" }] },
      {
        role: "model",
        parts: [
          {
            functionCall: { name: "f", args: { x: 1 } },
            thoughtSignature: "skip_thought_signature_validator",
          },
          { functionCall: { name: "g", args: { input: "{broken" } } },
        ],
      },
      {
        role: "user",
        parts: [
          { functionResponse: { name: "f", response: { y: 2 } } },
          { functionResponse: { name: "g", response: { result: "plain" } } },
        ],
      },
    ]);
  });

  test("images are sent in each protocol's way", () => {
    const messages: ChatMessage[] = [
      { role: "user", content: [{ type: "image", url: "data:image/png;base64,AAAA" }] },
    ];
    expect(JSON.stringify(encode(engine("openai", "gpt-4o"), { messages }).body)).toContain(
      '"image_url":{"url":"data:image/png;base64,AAAA"}',
    );
    expect(JSON.stringify(encode(engine("anthropic", "claude-haiku-4-5"), { messages }).body)).toContain(
      '"source":{"type":"base64","media_type":"image/png","data":"AAAA"}',
    );
    expect(
      JSON.stringify(encode(engine("gemini-grounded", "gemini-3.8-flash"), { messages }).body),
    ).toContain('"inlineData":{"mimeType":"image/png","data":"AAAA"}');
  });

  test("Gemini gets the address of an image only where its row says that it fetches images", () => {
    expect(PROTOCOLS.gemini.chat.lacks("image_urls", engine("gemini-grounded", "gemini-3.8-flash"))).toBe(
      true,
    );
    const encoded = encode(engine("gemini-grounded", "gemini-3.8-flash"), {
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "Look" },
            { type: "image", url: "https://a.example/b.png" },
          ],
        },
      ],
    });
    const fileData = { mimeType: "image/png", fileUri: "https://a.example/b.png" };
    expect(wire(encoded)["contents"]).toEqual([{ role: "user", parts: [{ text: "Look" }, { fileData }] }]);
    expect(encoded.dropped).toEqual([]);
  });

  describe("what is in OpenAI's format only goes to engines of that dialect", () => {
    const audio: JsonObject = { type: "input_audio", input_audio: { data: "opaque-data", format: "wav" } };
    const lost = ["messages.0.content.1 (input_audio)", "tools.1 (custom)"];
    const tool: JsonObject = { type: "custom", custom: { name: "opaque-tool" } };
    const request: Partial<ChatRequest> = {
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "Listen" },
            { type: "opaque", dialect: "openai", value: audio, path: "messages.0.content.1" },
          ],
        },
      ],
      tools: [WEATHER, { type: "opaque", dialect: "openai", value: tool, path: "tools.1" }],
    };
    test.each(["openai", "openrouter", "mine"])("%s", (provider) => {
      const encoded = encode(engine(provider, "m"), request);
      expect(JSON.stringify(encoded.body)).toContain("opaque-data");
      expect(JSON.stringify(encoded.body)).toContain("opaque-tool");
      expect(encoded.dropped).toEqual([]);
    });

    test.each(["groq", "mistral", "cohere", "ollama", "sambanova", "cerebras", "github-models"])(
      "not %s",
      (provider) => {
        const encoded = encode(engine(provider, "m"), request);
        expect(JSON.stringify(encoded.body)).not.toContain("opaque");
        expect(wire(encoded)["tools"]).toHaveLength(1);
        expect([...encoded.dropped].sort()).toEqual(lost);
      },
    );

    test("not anthropic", () => {
      const encoded = encode(engine("anthropic", "claude-haiku-4-5"), request);
      expect(JSON.stringify(encoded.body)).not.toContain("opaque");
      expect([...encoded.dropped].sort()).toEqual(lost);
    });

    test("Gemini hears a recording in its own form", () => {
      const encoded = encode(engine("gemini-grounded", "gemini-3.8-flash"), request);
      const inlineData = { mimeType: "audio/wav", data: "opaque-data" };
      expect(wire(encoded)["contents"]).toEqual([
        { role: "user", parts: [{ text: "Listen" }, { inlineData }] },
      ]);
      expect(encoded.dropped).toEqual(["tools.1 (custom)"]);
    });

    test("nothing but such tools is no tools, and no choice among them", () => {
      const body = wire(
        encode(engine("groq", "m"), {
          tools: [{ type: "opaque", dialect: "openai", value: tool }],
          toolChoice: "required",
          parallelToolCalls: true,
        }),
      );
      expect(Object.keys(body).sort()).toEqual(["messages", "model", "stream"]);
    });

    test("a custom call is sent as a function call", () => {
      const messages: ChatMessage[] = [
        { role: "user", content: "q" },
        {
          role: "assistant",
          parts: [{ type: "tool_call", id: "abcdefghi", name: "shell", arguments: "ls", custom: true }],
        },
      ];
      const [, own] = messagesOf(encode(engine("openai", "m"), { messages }));
      expect(own?.["tool_calls"]).toMatchObject([{ type: "custom", custom: { input: "ls" } }]);
      const [, other] = messagesOf(encode(engine("groq", "m"), { messages }));
      expect(other?.["tool_calls"]).toMatchObject([
        { type: "function", function: { name: "shell", arguments: '{"input":"ls"}' } },
      ]);
    });
  });

  test("an assistant message without content and calls is never null", () => {
    const messages: ChatMessage[] = [
      { role: "user", content: "a" },
      { role: "assistant", parts: [{ type: "refusal", text: "No." }] },
      { role: "user", content: "b" },
    ];
    expect(messagesOf(encode(engine("groq", "m"), { messages }))[1]).toEqual({
      role: "assistant",
      content: "No.",
    });
  });
});

describe("prompt caching", () => {
  const long: Partial<ChatRequest> = {
    messages: [
      {
        role: "system",
        content: [
          { type: "text", text: LONG, cacheBreakpoint: true },
          { type: "text", text: "Today is Sunday." },
        ],
      },
      { role: "user", content: "Hi" },
    ],
    tools: [WEATHER, { ...WEATHER, name: "other" }],
  };
  const marksIn = (encoded: EncodedRequest): number =>
    JSON.stringify(encoded.body).split('"cache_control"').length - 1;

  test("Anthropic: the marks are at the request's breakpoints, and none is added", () => {
    const encoded = encode(engine("anthropic", "claude-haiku-4-5"), long);
    const body = wire(encoded);
    const mark = { cache_control: { type: "ephemeral" } };
    expect(body["system"]).toEqual([
      { type: "text", text: LONG, ...mark },
      { type: "text", text: "Today is Sunday." },
    ]);
    expect(marksIn(encoded)).toBe(1);
    expect(encoded.additions).toEqual(["cache_control"]);
  });

  test.each<[string, Partial<ChatRequest>, boolean]>([
    [
      "a short prompt",
      {
        messages: [
          { role: "system", content: "Short." },
          { role: "user", content: LONG },
        ],
      },
      true,
    ],
    ["caching switched off", long, false],
  ])("Anthropic: nothing is marked for %s", (_name, request, promptCache) => {
    const encoded = encode(engine("anthropic", "claude-haiku-4-5"), request, promptCache);
    expect(marksIn(encoded)).toBe(0);
    expect(encoded.additions).toEqual([]);
  });

  test.each([
    ["anthropic", "claude-haiku-4-5"],
    ["openrouter", "anthropic/claude-sonnet-4.6"],
  ])("%s: many system messages get one mark among them, at most four in all", (provider, model) => {
    const system = Array.from({ length: 8 }, (): ChatMessage => ({ role: "system", content: LONG }));
    const encoded = encode(engine(provider, model), {
      messages: [...system, { role: "user", content: "Hi" }],
      tools: [WEATHER],
    });
    expect(marksIn(encoded)).toBeGreaterThan(0);
    expect(marksIn(encoded)).toBeLessThanOrEqual(4);
    expect(JSON.stringify(encoded.body).match(/"text":"Answer[^{}]*","cache_control"/g)).toHaveLength(1);
  });

  test("OpenRouter: the stable part is marked for Claude, and only for Claude", () => {
    const claude = encode(engine("openrouter", "anthropic/claude-sonnet-4.6"), long);
    expect(messagesOf(claude)[0]?.["content"]).toEqual([
      { type: "text", text: LONG, cache_control: { type: "ephemeral" } },
      { type: "text", text: "Today is Sunday." },
    ]);
    const other = encode(engine("openrouter", "openai/gpt-4o"), long);
    expect(marksIn(other)).toBe(0);
    expect(messagesOf(other)[0]?.["content"]).toBe(`${LONG}Today is Sunday.`);
  });

  test.each([
    ["openai", "gpt-4o", true],
    ["mistral", "mistral-large-latest", true],
    ["cerebras", "gpt-oss-120b", true],
    ["openrouter", "openai/gpt-4o", true],
    ["groq", "llama", false],
    ["sambanova", "llama", false],
    ["cohere", "command", false],
    ["ollama", "llama", false],
    ["github-models", "gpt-4o", false],
    ["mine", "llama", false],
  ])("%s/%s is sent prompt_cache_key: %s", (provider, model, takes) => {
    const encoded = encode(engine(provider, model), long);
    expect(Object.hasOwn(wire(encoded), "prompt_cache_key")).toBe(takes);
    expect(encoded.additions.filter((name) => name !== "stream_options")).toEqual(
      takes ? ["prompt_cache_key"] : [],
    );
    expect(encoded.dropped).toEqual([]);
  });

  test("the key follows the stable part, not what changes from request to request", () => {
    const key = (volatile: string, stable = LONG) =>
      wire(
        encode(engine("openai", "gpt-4o"), {
          messages: [
            {
              role: "system",
              content: [
                { type: "text", text: stable, cacheBreakpoint: true },
                { type: "text", text: volatile },
              ],
            },
            { role: "user", content: volatile },
          ],
        }),
      )["prompt_cache_key"];
    expect(key("Sunday")).toBe(key("Monday"));
    expect(key("Sunday")).not.toBe(key("Sunday", `${LONG}!`));
    expect(String(key("Sunday")).length).toBeLessThanOrEqual(64);
  });

  test("the client's own key is kept", () => {
    const encoded = encode(engine("openai", "gpt-4o"), {
      ...long,
      extra: openAi({ prompt_cache_key: "theirs" }),
    });
    expect(wire(encoded)["prompt_cache_key"]).toBe("theirs");
    expect(encoded.additions).toEqual(["stream_options"]);
  });
});

describe("Gemini's tools", () => {
  const declared = (parameters: JsonObject): unknown => {
    const body = wire(
      encode(engine("gemini-grounded", "gemini-3.8-flash"), {
        tools: [{ type: "function", name: "f", parameters }],
      }),
    );
    return (body["tools"] as { functionDeclarations: { parameters: unknown }[] }[])[0]
      ?.functionDeclarations[0]?.parameters;
  };

  test.each<[string, JsonObject, JsonObject | undefined]>([
    [
      "keywords it does not know are left out at every depth",
      {
        $schema: "x",
        $id: "y",
        type: "object",
        additionalProperties: false,
        properties: {
          a: {
            type: "array",
            items: {
              type: "object",
              propertyNames: {},
              additionalProperties: {},
              properties: { b: { type: "string", contentEncoding: "base64" } },
            },
          },
        },
        required: ["a"],
      },
      {
        type: "object",
        properties: {
          a: { type: "array", items: { type: "object", properties: { b: { type: "string" } } } },
        },
        required: ["a"],
      },
    ],
    [
      "properties may be named like keywords",
      {
        type: "object",
        properties: {
          const: { type: "string" },
          $schema: { type: "number" },
          properties: { type: "object", properties: { additionalProperties: { type: "boolean" } } },
        },
      },
      {
        type: "object",
        properties: {
          const: { type: "string" },
          $schema: { type: "number" },
          properties: { type: "object", properties: { additionalProperties: { type: "boolean" } } },
        },
      },
    ],
    [
      "a local reference is put in its place",
      {
        type: "object",
        properties: {
          from: { $ref: "#/$defs/place", description: "Where from" },
          to: { $ref: "#/definitions/a~1b" },
        },
        required: ["from", "gone"],
        $defs: {
          place: { type: "object", description: "A place", properties: { city: { type: "string" } } },
        },
        definitions: { "a/b": { type: "string" } },
      },
      {
        type: "object",
        properties: {
          from: { type: "object", description: "Where from", properties: { city: { type: "string" } } },
          to: { type: "string" },
        },
        required: ["from"],
      },
    ],
    [
      "a reference to itself ends as any object",
      {
        type: "object",
        properties: { next: { $ref: "#/$defs/node" }, whole: { $ref: "#" } },
        $defs: {
          node: { type: "object", properties: { value: { type: "number" }, next: { $ref: "#/$defs/node" } } },
        },
      },
      {
        type: "object",
        properties: {
          next: { type: "object", properties: { value: { type: "number" }, next: { type: "object" } } },
          whole: { type: "object" },
        },
      },
    ],
    [
      "a reference that leads nowhere is any object",
      {
        type: "object",
        properties: { a: { $ref: "https://a.example/x" }, b: { $ref: "#/$defs/constructor/name" } },
        $defs: {},
      },
      { type: "object", properties: { a: { type: "object" }, b: { type: "object" } } },
    ],
    [
      "all of several is one",
      {
        description: "d",
        allOf: [
          { type: "object", properties: { a: { type: "string" } }, required: ["a"] },
          { $ref: "#/$defs/b" },
          { properties: { a: { type: "string", description: "more" } } },
        ],
        $defs: { b: { description: "e", properties: { b: { type: "number" } }, required: ["b"] } },
      },
      {
        type: "object",
        description: "d",
        properties: { a: { type: "string", description: "more" }, b: { type: "number" } },
        required: ["a", "b"],
      },
    ],
    ["an object without properties needs no parameters", { type: "object", properties: {} }, undefined],
    ["nor does nothing", {}, undefined],
    [
      "an empty list of properties is none",
      { type: "object", properties: { a: { type: "object", properties: {} } } },
      { type: "object", properties: { a: { type: "object" } } },
    ],
  ])("%s", (_name, schema, expected) => {
    expect(declared(schema)).toEqual(expected);
  });

  test.each<[string, JsonObject, JsonObject]>([
    ["a constant is an enumeration of one", { type: "string", const: "x" }, { type: "string", enum: ["x"] }],
    [
      "one of several is any of them",
      { oneOf: [{ type: "string", $comment: "c" }, { type: "number" }] },
      { anyOf: [{ type: "string" }, { type: "number" }] },
    ],
    ["a type that may be null", { type: ["string", "null"] }, { type: "string", nullable: true }],
    ["several types", { type: ["string", "number"] }, { anyOf: [{ type: "string" }, { type: "number" }] }],
    ["formats of strings that it does not know", { type: "string", format: "uri" }, { type: "string" }],
    [
      "formats that it knows",
      { type: "string", format: "date-time" },
      { type: "string", format: "date-time" },
    ],
    [
      "enumerations of numbers are words",
      { type: "integer", enum: [1, 2] },
      { type: "integer", description: "One of: 1, 2." },
    ],
    [
      "bounds and descriptions stay",
      { type: "integer", minimum: 1, maximum: 2, description: "d", exclusiveMinimum: 0 },
      { type: "integer", minimum: 1, maximum: 2, description: "d" },
    ],
  ])("in a property: %s", (_name, schema, expected) => {
    expect(declared({ type: "object", properties: { a: schema } })).toEqual({
      type: "object",
      properties: { a: expected },
    });
  });

  test("a property may be called __proto__", () => {
    const schema = JSON.parse(
      '{"type":"object","properties":{"__proto__":{"type":"string"}},"required":["__proto__"]}',
    ) as JsonObject;
    expect(JSON.stringify(declared(schema))).toBe(JSON.stringify(schema));
  });

  test("a large schema stays whole", () => {
    const names = Array.from({ length: 6_000 }, (_, index) => `p${index}`);
    const properties = Object.fromEntries(names.map((name) => [name, { type: "string" }]));
    expect(declared({ type: "object", properties })).toEqual({ type: "object", properties });
  });

  test("references that multiply stay small", () => {
    const $defs: JsonObject = { d0: { type: "string" } };
    for (let level = 1; level < 40; level++) {
      const $ref = `#/$defs/d${level - 1}`;
      $defs[`d${level}`] = { type: "object", properties: { a: { $ref }, b: { $ref }, c: { $ref } } };
    }
    const schema = { type: "object", properties: { x: { $ref: "#/$defs/d39" } }, $defs };
    expect(JSON.stringify(declared(schema)).length).toBeLessThan(1_000_000);
    const allOf: JsonObject = { allOf: Array.from({ length: 50 }, () => ({ $ref: "#/$defs/d39" })), $defs };
    expect(JSON.stringify(declared(allOf) ?? "").length).toBeLessThan(1_000_000);
  });

  test.each<[string, Partial<ChatRequest>, boolean]>([
    ["when asked", { webSearch: true }, true],
    ["when not asked", {}, false],
    ["not beside tools", { webSearch: true, tools: [WEATHER] }, false],
    ["not for a JSON answer", { webSearch: true, responseFormat: { type: "json_object" } }, false],
  ])("searches the web %s", (_name, request, searches) => {
    const { body } = encode(engine("gemini-grounded", "gemini-3.8-flash"), request);
    expect(JSON.stringify(body).includes("google_search")).toBe(searches);
  });

  test("streaming is a matter of the path", () => {
    const target = engine("gemini-grounded", "gemini-3.8-flash");
    expect(encode(target, { stream: true }).path).toBe(
      "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse",
    );
    expect(encode(target, { stream: false }).path).toBe("/v1beta/models/gemini-3.8-flash:generateContent");
    expect(encode(engine("gemini-grounded", "../../x"), {}).path).not.toContain("../");
  });
});

describe("Gemini 3 wants a signature on calls", () => {
  const signature = { issuer: "gemini-grounded", value: "own" };
  const call = (id: string, token?: IssuerToken): ToolCallPart => ({
    type: "tool_call",
    id,
    name: "f",
    arguments: "{}",
    ...(token === undefined ? {} : { signature: token }),
  });
  const SKIP = "skip_thought_signature_validator";
  test.each<[string, ToolCallPart[], (string | undefined)[]]>([
    ["gemini-3.8-flash", [call("a"), call("b")], [SKIP, undefined]],
    ["gemini-3-pro-preview", [call("a", { issuer: "anthropic", value: "x" })], [SKIP]],
    ["gemini-3.8-flash", [call("a", signature), call("b")], ["own", undefined]],
    ["gemini-10-flash", [call("a")], [SKIP]],
    ["gemini-2.5-flash", [call("a"), call("b")], [undefined, undefined]],
  ])("%s", (model, calls, signatures) => {
    const body = wire(
      encode(engine("gemini-grounded", model), {
        messages: [
          { role: "user", content: "q" },
          { role: "assistant", parts: [{ type: "text", text: "Let me see." }, ...calls] },
        ],
      }),
    );
    const [, content] = body["contents"] as { parts: Record<string, unknown>[] }[];
    expect(content?.parts.slice(1).map((part) => part["thoughtSignature"])).toEqual(signatures);
  });
});

describe("Gemini keeps the order of what it signed, and gets what others wrote before what they called", () => {
  const call = (id: string, issuer?: string): ToolCallPart => ({
    type: "tool_call",
    id,
    name: id,
    arguments: "{}",
    ...(issuer === undefined ? {} : { signature: { issuer, value: `signed-${id}` } }),
  });
  const text = (value: string): AssistantPart => ({ type: "text", text: value });
  const sentCall = (name: string, thoughtSignature?: string) => ({
    functionCall: { name, args: {} },
    ...(thoughtSignature === undefined ? {} : { thoughtSignature }),
  });
  test.each<[string, AssistantPart[], object[]]>([
    [
      "its own",
      [call("a", "gemini-grounded"), text("One."), call("b", "gemini-grounded"), call("c")],
      [sentCall("a", "signed-a"), { text: "One." }, sentCall("b", "signed-b"), sentCall("c")],
    ],
    [
      "another's",
      [call("a", "anthropic"), text("One."), call("b", "anthropic"), text("Two.")],
      [{ text: "One.\n\nTwo." }, sentCall("a", "skip_thought_signature_validator"), sentCall("b")],
    ],
    ["a refusal", [{ type: "refusal", text: "No." }], [{ text: "No." }]],
  ])("%s", (_whose, parts, sent) => {
    const messages: ChatMessage[] = [
      { role: "user", content: "q" },
      { role: "assistant", parts },
    ];
    const body = wire(encode(engine("gemini-grounded", "gemini-3.8-flash"), { messages }));
    expect((body["contents"] as unknown[])[1]).toEqual({ role: "model", parts: sent });
  });
});

describe("issuer tokens go back to their issuer", () => {
  const turn = (signature: IssuerToken): ChatMessage[] => [
    { role: "user", content: "a" },
    {
      role: "assistant",
      parts: [
        { type: "reasoning", text: "hm" },
        { type: "reasoning", text: "", signature },
        { type: "text", text: "b" },
        { type: "tool_call", id: "c", name: "f", arguments: "{}", signature },
      ],
    },
    { role: "tool", toolCallId: "c", content: "d" },
  ];
  test.each<[string, string, string | JsonObject]>([
    ["anthropic", "claude-haiku-4-5", "sig-secret"],
    ["anthropic", "claude-haiku-4-5", { type: "redacted_thinking", data: "sig-secret" }],
    ["gemini-grounded", "gemini-3.8-flash", "sig-secret"],
    ["openrouter", "anthropic/claude-sonnet-4.6", { type: "reasoning.encrypted", data: "sig-secret" }],
  ])("%s/%s", (provider, model, value) => {
    const sent = (issuer: string) =>
      JSON.stringify(encode(engine(provider, model), { messages: turn({ issuer, value }) }).body);
    expect(sent(provider)).toContain("sig-secret");
    expect(sent("somebody-else")).not.toContain("sig-secret");
  });

  test("Anthropic's thinking comes before the answer, with its signature", () => {
    const messages: ChatMessage[] = [
      { role: "user", content: "a" },
      {
        role: "assistant",
        parts: [
          { type: "reasoning", text: "hm", signature: { issuer: "anthropic", value: "s" } },
          { type: "text", text: "b" },
        ],
      },
      { role: "user", content: "c" },
    ];
    expect(messagesOf(encode(engine("anthropic", "claude-haiku-4-5"), { messages }))[1]?.["content"]).toEqual(
      [
        { type: "thinking", thinking: "hm", signature: "s" },
        { type: "text", text: "b" },
      ],
    );
  });

  test("OpenRouter: a streamed signature gets back the text that it signs", () => {
    const signature = { issuer: "openrouter", value: { type: "reasoning.text", signature: "s", index: 0 } };
    const [, assistant] = messagesOf(
      encode(engine("openrouter", "anthropic/claude-sonnet-4.6"), { messages: turn(signature) }),
    );
    expect(assistant).toMatchObject({
      reasoning: "hm",
      reasoning_details: [{ type: "reasoning.text", text: "hm", signature: "s", index: 0 }],
    });
  });

  test.each([
    ["groq", "reasoning"],
    ["cerebras", "reasoning"],
    ["ollama", "reasoning"],
    ["mistral", undefined],
    ["cohere", undefined],
    ["openai", undefined],
  ])("%s takes earlier reasoning back as %s", (provider, field) => {
    const messages: ChatMessage[] = [
      {
        role: "assistant",
        parts: [
          { type: "reasoning", text: "hm" },
          { type: "text", text: "b" },
        ],
      },
      { role: "user", content: "c" },
    ];
    const [assistant] = messagesOf(encode(engine(provider, "m"), { messages }));
    expect(
      Object.entries(assistant ?? {})
        .filter(([, value]) => value === "hm")
        .map(([name]) => name),
    ).toEqual(field === undefined ? [] : [field]);
  });
});

describe("a last message of the assistant is a beginning", () => {
  const messages: ChatMessage[] = [{ role: "user", content: "a" }, assistantText("Once upon \n")];
  test.each([
    ["mistral", "mistral-large-latest", "echoedPrefill"],
    ["groq", "llama", "prefill"],
    ["openai", "gpt-4o", "instructed"],
    ["cerebras", "gpt-oss-120b", "instructed"],
    ["openrouter", "openai/gpt-4o", "instructed"],
    ["anthropic", "claude-haiku-4-5", "prefill"],
    ["anthropic", "claude-opus-4-6", "instructed"],
    ["anthropic", "claude-of-tomorrow", "instructed"],
    ["gemini-grounded", "gemini-3.8-flash", "instructed"],
  ])("%s/%s continues it: %s", (provider, model, strategy) => {
    const target = engine(provider, model);
    expect(chatPowerOf(target).continuation(target)).toBe(strategy);
  });

  test("Mistral wants a flag on it, and only on it", () => {
    const target = engine("mistral", "mistral-large-latest");
    expect(messagesOf(encode(target, { messages }))[1]).toEqual({
      role: "assistant",
      content: "Once upon \n",
      prefix: true,
    });
    const answered = messagesOf(
      encode(target, { messages: [...messages, { role: "user", content: "go on" }] }),
    );
    expect(answered[1]).not.toHaveProperty("prefix");
  });

  test("Anthropic's must not end in white space", () => {
    const sent = messagesOf(encode(engine("anthropic", "claude-haiku-4-5"), { messages }));
    expect(sent[1]?.["content"]).toEqual([{ type: "text", text: "Once upon" }]);
  });
});

describe("streaming requests usage if the dialect allows it", () => {
  test.each([
    ["openai", true],
    ["openrouter", true],
    ["cerebras", true],
    ["sambanova", true],
    ["ollama", true],
    ["mine", true],
    ["groq", false],
    ["mistral", false],
    ["cohere", false],
  ])("%s: %s", (provider, asks) => {
    const target = engine(provider, "m");
    expect(wire(encode(target, { stream: true }))["stream_options"]).toEqual(
      asks ? { include_usage: true } : undefined,
    );
    expect(encode(target, { stream: true }).additions).toEqual(asks ? ["stream_options"] : []);
    expect(wire(encode(target, { stream: false }))).not.toHaveProperty("stream_options");
    const whole: ChatRequest = { messages: [{ role: "user", content: "Hi" }], stream: true };
    const bare = PROTOCOLS["openai-compatible"].chat.encode(whole, target, {
      promptCache: false,
      withoutAdditions: true,
    });
    expect(bare.body).not.toHaveProperty("stream_options");
    expect(bare.additions).toEqual([]);
  });
});

describe("what the client calls its fields", () => {
  const proto = JSON.parse('{"__proto__":{"stream":false},"a b":1,"\\n":2}') as JsonObject;
  const many = Object.fromEntries(Array.from({ length: 80 }, (_, index) => [`field-${index}`, index]));

  test.each([
    ["groq", "m"],
    ["anthropic", "claude-haiku-4-5"],
    ["gemini-grounded", "gemini-3.8-flash"],
  ])("%s/%s: of dropped fields, names only, and not too many", (provider, model) => {
    expect(encode(engine(provider, model), { extra: openAi(proto) }).dropped).toEqual(["__proto__"]);
    expect(encode(engine(provider, model), { extra: openAi({ ["x".repeat(65)]: 1 }) }).dropped).toEqual([]);
    expect(encode(engine(provider, model), { extra: openAi(many) }).dropped).toHaveLength(50);
  });

  test("__proto__ is a field like others in an open dialect", () => {
    const { body } = encode(engine("mine", "m"), { extra: openAi(proto) });
    expect(Object.getPrototypeOf(body)).toBe(Object.prototype);
    expect(Object.keys(body)).toContain("__proto__");
  });

  test("an extra field changes nothing that the gateway writes", () => {
    const extra = {
      model: "x",
      messages: [],
      stream: false,
      stream_options: { include_usage: false },
      max_tokens: 9,
      tools: [],
      temperature: 9,
    };
    const encoded = encode(engine("mine", "m"), { extra: openAi(extra), stream: true });
    expect(wire(encoded)).toEqual({
      model: "m",
      messages: [{ role: "user", content: "Hi" }],
      stream: true,
      stream_options: { include_usage: true },
    });
    expect([...encoded.dropped].sort()).toEqual(Object.keys(extra).sort());
    expect(wire(encode(engine("openai", "m"), { extra: openAi(extra), stream: false }))).not.toHaveProperty(
      "stream_options",
    );
  });

  test("fields whose answers cannot be read are not sent to OpenAI", () => {
    const extra = { modalities: ["audio"], audio: { voice: "alloy" } };
    const encoded = encode(engine("openai", "gpt-4o"), { extra: openAi(extra) });
    expect([...encoded.dropped].sort()).toEqual(["audio", "modalities"]);
  });
});

test("an operator's Anthropic server receives the version of the protocol", () => {
  expect(encode(engine("my-claude", "claude-haiku-4-5"), {}).headers).toEqual({
    "anthropic-version": "2023-06-01",
  });
});

test("the key goes into the header of the protocol, never into the address", () => {
  expect(PROTOCOLS.anthropic.authHeaders({ kind: "key", key: "k" })).toEqual({ "x-api-key": "k" });
  expect(PROTOCOLS.gemini.authHeaders({ kind: "key", key: "k" })).toEqual({ "x-goog-api-key": "k" });
  expect(PROTOCOLS["openai-compatible"].authHeaders({ kind: "key", key: "k" })).toEqual({
    authorization: "Bearer k",
  });
  expect(PROTOCOLS["openai-compatible"].authHeaders({ kind: "key", key: "" })).toEqual({});
  expect(encode(engine("anthropic", "claude-haiku-4-5"), {}).headers).toEqual({
    "anthropic-version": "2023-06-01",
  });
});
