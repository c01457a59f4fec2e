import type { ChatCompletionCreateParams } from "openai/resources/chat/completions";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { MODE_IDS } from "#lib/ai-models.ts";
import { arrayField, field, isJsonObject, stringField } from "#lib/shared/json.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { failsWith, says } from "../support/scripted-answers.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { modelsConfig, type Settings } from "../support/test-gateway.ts";

let database: TestSupabase;
let upstream: FakeUpstream;
const gateways: ProxyGateway[] = [];

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(anyProvider);
});

beforeEach(() => {
  upstream.requests.length = 0;
  upstream.script = anyProvider;
});

afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  await upstream.stop();
  await database.stop();
});

/** Answers in the protocol of the path that it is asked on. */
const anyProvider: FakeUpstream["script"] = (exchange) => {
  const { path } = exchange.request;
  if (path.endsWith("/messages")) {
    return exchange.json(200, {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "claude",
      content: [{ type: "text", text: "Hello from Anthropic." }],
      stop_reason: "end_turn",
      usage: { input_tokens: 10, output_tokens: 5 },
    });
  }
  if (path.includes(":generateContent")) {
    return exchange.json(200, {
      candidates: [
        {
          content: { role: "model", parts: [{ text: "Hello from Gemini." }] },
          finishReason: "STOP",
          index: 0,
        },
      ],
      usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5 },
    });
  }
  return answers("Hello.")(exchange);
};

async function start(settings: Settings = {}): Promise<ProxyGateway> {
  const gateway = await startProxyGateway(database, settings);
  gateways.push(gateway);
  return gateway;
}

/** Settings under which each provider is at `origin`, and every mode has this chain. */
function at(origin: string, chain: Parameters<typeof modelsConfig>[1] = {}): Settings {
  return {
    OPENAI_API_KEY: "k",
    OPENAI_BASE_URL: `${origin}/v1`,
    GROQ_API_KEY: "k",
    GROQ_BASE_URL: `${origin}/openai/v1`,
    MISTRAL_API_KEY: "k",
    MISTRAL_BASE_URL: `${origin}/v1`,
    ANTHROPIC_API_KEY: "k",
    ANTHROPIC_BASE_URL: origin,
    GOOGLE_GEMINI_API_KEY: "k",
    GOOGLE_GEMINI_BASE_URL: origin,
    MODELS_CONFIG: modelsConfig({ own: `${origin}/v1` }, { modes: MODE_IDS, ...chain }),
  };
}

type Asked = { status: number; headers: Headers; body: unknown; text: string };

async function post(gateway: ProxyGateway, body: unknown, init: RequestInit = {}): Promise<Asked> {
  const response = await gateway.fetch(`${gateway.baseUrl}/chat/completions`, {
    method: "POST",
    headers: { authorization: "Bearer any", "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...init,
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: parsed(text), text };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const droppedOf = ({ headers }: Asked): string[] =>
  headers.get("x-sarmalink-dropped")?.split(", ").sort() ?? [];

const hi = [{ role: "user", content: "Hi" }];
const fn = { type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } };
const letter = [{ role: "user", content: "Write an e-mail to my landlord about the broken heating." }];
const image = [
  { role: "user", content: [{ type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }] },
];

describe("model names", () => {
  let gateway: ProxyGateway;

  beforeAll(async () => {
    gateway = await start({
      MODELS_CONFIG: JSON.stringify({
        extends: "default",
        providers: MODE_IDS.concat("named" as never).map((id) => ({ id, baseUrl: `${upstream.origin}/v1` })),
        modes: Object.fromEntries(
          MODE_IDS.map((mode) => [mode, { failover: [{ provider: mode, model: "m" }] }]),
        ),
      }),
    });
  });

  const ROWS: readonly { name: string; mode: string; messages?: unknown }[] = [
    ...MODE_IDS.map((mode) => ({ name: mode, mode })),
    { name: "auto", mode: "fast" },
    { name: "auto", mode: "smart", messages: letter },
    { name: "auto", mode: "smart", messages: image },
    { name: "gpt-4o", mode: "smart", messages: image },
    { name: "coder", mode: "coder", messages: image },
    { name: "gpt-4o", mode: "smart" },
    { name: "gpt-4o-mini", mode: "fast" },
    { name: "o3-mini", mode: "reasoner" },
    { name: "gemini-2.5-pro", mode: "smart" },
    { name: "claude-opus-4-7", mode: "smart" },
    { name: "codestral-latest", mode: "coder" },
    { name: "pixtral-12b", mode: "vision" },
    { name: "x-ai/some-model", mode: "smart" },
    { name: "ein Modell, 模型", mode: "smart" },
  ];

  test.each(ROWS)("$name is answered by $mode, and echoed", async ({ name, mode, messages = hi }) => {
    for (const stream of [false, true]) {
      const asked = await post(gateway, { model: name, messages, stream });
      expect(asked.headers.get("x-sarmalink-mode")).toBe(mode);
      expect(asked.headers.get("x-sarmalink-engine")).toBe(`${mode}/m`);
      expect(asked.headers.get("x-sarmalink-provider")).toBe(mode);
      expect(asked.headers.get("x-sarmalink-attempts")).toBe("1");
      if (stream) expect(asked.text).toContain(`"model":${JSON.stringify(name)}`);
      else expect(asked.body).toMatchObject({ model: name });
    }
  });

  test.each(["named/m", "named/vendor/some.model:v2@x", "smart/other", `named/${"m".repeat(128)}`])(
    "%s is the engine of that name, in no mode",
    async (name) => {
      const asked = await post(gateway, { model: name, messages: hi });
      expect(asked.body).toMatchObject({ model: name });
      expect(asked.headers.get("x-sarmalink-engine")).toBe(name);
      expect(asked.headers.get("x-sarmalink-mode")).toBeNull();
      expect(upstream.requests[0]?.json).toMatchObject({ model: name.slice(name.indexOf("/") + 1) });
    },
  );

  test.each(["named/", "named/../m", "named//m", "named/a/./b", `named/${"m".repeat(129)}`, "openai/gpt-4o"])(
    "%s is not there, and nobody is asked",
    async (name) => {
      const asked = await post(gateway, { model: name, messages: hi });
      expect(asked.status).toBe(404);
      expect(asked.body).toMatchObject({
        error: { code: "model_not_found", type: "invalid_request_error", param: "model" },
      });
      expect(asked.text).toContain("/api/v1/models");
      expect(upstream.requests).toEqual([]);
    },
  );

  test("model goes first, then models in their order, each once", async () => {
    upstream.script = failsWith(404, { error: { message: "gone", code: "model_not_found" } });
    const local = await start(at(upstream.origin));
    const asked = await post(local, {
      model: "own/a",
      models: ["own/b", "own/a", "own/c", "own/b"],
      messages: hi,
    });
    // Each provider says that it does not know the model.
    expect(asked.status).toBe(404);
    expect(asked.body).toMatchObject({ error: { code: "model_not_found", param: "model" } });
    expect(upstream.requests.map(({ json }) => field(json, "model"))).toEqual(["a", "b", "c"]);
  });

  test("models alone will do, and the engine that answered is named", async () => {
    const local = await start(at(upstream.origin));
    upstream.script = (exchange) =>
      field(exchange.request.json, "model") === "b"
        ? answers("Hello.")(exchange)
        : exchange.json(404, { error: { message: "gone", code: "model_not_found" } });
    const asked = await post(local, { models: ["own/a", "own/b"], messages: hi });
    expect(asked.body).toMatchObject({ model: "own/b" });
    expect(asked.headers.get("x-sarmalink-attempts")).toBe("2");
  });

  test("what is not there is passed by while something else is", async () => {
    const asked = await post(gateway, {
      model: "openai/gpt-4o",
      models: ["named/../x", "fast"],
      messages: hi,
    });
    expect(asked.body).toMatchObject({ model: "fast" });
    expect(asked.headers.get("x-sarmalink-mode")).toBe("fast");
  });

  test("engines and modes may stand in one list", async () => {
    const asked = await post(gateway, { model: "named/m", models: ["smart"], messages: hi });
    expect(asked.body).toMatchObject({ model: "named/m" });
    expect(asked.headers.get("x-sarmalink-mode")).toBeNull();
    upstream.script = (exchange) =>
      field(exchange.request.json, "model") === "gone"
        ? exchange.json(404, { error: { code: "model_not_found", message: "gone" } })
        : answers("Hello.")(exchange);
    const second = await post(gateway, { model: "named/gone", models: ["o3"], messages: hi });
    expect(second.body).toMatchObject({ model: "o3" });
    expect(second.headers.get("x-sarmalink-mode")).toBe("reasoner");
  });

  test("the mode in the headers is the one whose chain answered", async () => {
    const local = await start({
      MODELS_CONFIG: JSON.stringify({
        extends: "default",
        providers: [
          { id: "a", baseUrl: `${upstream.origin}/v1` },
          { id: "b", baseUrl: `${upstream.origin}/v1` },
        ],
        modes: {
          fast: { failover: [{ provider: "a", model: "one" }] },
          smart: { failover: [{ provider: "b", model: "two" }] },
        },
      }),
    });
    upstream.script = (exchange) =>
      field(exchange.request.json, "model") === "two" ? answers("Hello.")(exchange) : exchange.json(500, {});
    const asked = await post(local, { model: "gpt-4o-mini", models: ["gpt-4o"], messages: hi });
    expect(asked.body).toMatchObject({ model: "gpt-4o" });
    expect(asked.headers.get("x-sarmalink-mode")).toBe("smart");
  });

  test("an engine that is named first keeps its name, though a mode behind it has it too", async () => {
    const asked = await post(gateway, { model: "smart/m", models: ["smart"], messages: hi });
    expect(asked.body).toMatchObject({ model: "smart/m" });
  });

  test("an image goes by what the client named: an engine stays the engine", async () => {
    const asked = await post(gateway, { model: "named/m", messages: image });
    expect(asked.headers.get("x-sarmalink-engine")).toBe("named/m");
  });

  test("a mode without a configured engine says what to set", async () => {
    const bare = await start({
      MODELS_CONFIG: modelsConfig({}, { chain: [{ provider: "groq" }], modes: MODE_IDS }),
    });
    const asked = await post(bare, { model: "smart", messages: hi });
    expect(asked.status).toBe(404);
    expect(asked.body).toMatchObject({
      error: { code: "no_engine_configured", type: "invalid_request_error", param: "model" },
    });
  });
});

describe("engines that cannot do what is asked", () => {
  type Row = {
    what: string;
    /** Of the first engine, in the catalogue. */
    cannot: string;
    ask: Record<string, unknown>;
    param: string;
  };
  const ROWS: readonly Row[] = [
    {
      what: "a JSON schema",
      cannot: "json_schema",
      ask: {
        response_format: { type: "json_schema", json_schema: { name: "a", schema: { type: "object" } } },
      },
      param: "response_format",
    },
    {
      what: "a JSON object",
      cannot: "json_object",
      ask: { response_format: { type: "json_object" } },
      param: "response_format",
    },
    { what: "functions", cannot: "tools", ask: { tools: [fn] }, param: "tools" },
    {
      what: "functions of the older form",
      cannot: "tools",
      ask: { functions: [{ name: "f" }] },
      param: "tools",
    },
    { what: "an image", cannot: "images", ask: { messages: image }, param: "messages" },
  ];

  const gatewayWith = (
    origin: string,
    models: Record<string, Record<string, boolean>>,
  ): Promise<ProxyGateway> =>
    start({
      MODELS_CONFIG: JSON.stringify({
        extends: "default",
        providers: [{ id: "own", baseUrl: `${origin}/v1` }],
        modes: Object.fromEntries(
          MODE_IDS.map((mode) => [
            mode,
            {
              failover: Object.entries(models).map(([model, capabilities]) => ({
                provider: "own",
                model,
                capabilities,
              })),
            },
          ]),
        ),
      }),
    });

  test.each(ROWS)("$what passes by an engine without it", async ({ cannot, ask }) => {
    const gateway = await gatewayWith(upstream.origin, { lacks: { [cannot]: false }, able: {} });
    const asked = await post(gateway, { model: "smart", messages: hi, ...ask });
    expect(asked.status).toBe(200);
    expect(asked.headers.get("x-sarmalink-engine")).toBe("own/able");
    expect(asked.headers.get("x-sarmalink-attempts")).toBe("1");
    const plain = await post(gateway, { model: "smart", messages: hi });
    expect(plain.headers.get("x-sarmalink-engine")).toBe("own/lacks");
  });

  test.each(ROWS)(
    "$what that no engine has is the client's to know: 400, and $param",
    async ({ cannot, ask, param }) => {
      const gateway = await gatewayWith(upstream.origin, {
        one: { [cannot]: false },
        two: { [cannot]: false },
      });
      const asked = await post(gateway, { model: "smart", messages: hi, ...ask });
      expect(asked.status).toBe(400);
      expect(asked.body).toMatchObject({
        error: { type: "invalid_request_error", param, message: expect.stringContaining(cannot) },
      });
      expect(upstream.requests).toEqual([]);
    },
  );

  test("a forced tool prefers an engine that supports it, and uses another if there is none", async () => {
    const ask = { model: "smart", messages: hi, tools: [fn], tool_choice: "required" };
    const gateway = await gatewayWith(upstream.origin, { free: { forced_tool_choice: false }, able: {} });
    expect((await post(gateway, ask)).headers.get("x-sarmalink-engine")).toBe("own/able");
    const none = await gatewayWith(upstream.origin, { free: { forced_tool_choice: false } });
    expect((await post(none, ask)).headers.get("x-sarmalink-engine")).toBe("own/free");
  });

  test("a custom tool passes no engine by: it is a function where there are none", async () => {
    const chain = [
      { provider: "groq", model: "llama-3.3-70b-versatile" },
      { provider: "openai", model: "gpt-5" },
    ];
    const gateway = await start(at(upstream.origin, { chain }));
    const custom = await post(gateway, {
      model: "smart",
      messages: hi,
      tools: [{ type: "custom", custom: { name: "sql" } }],
    });
    expect(custom.headers.get("x-sarmalink-engine")).toBe("groq/llama-3.3-70b-versatile");
  });
});

/** A value that means something, for every field that OpenAI documents. */
type Fields = Required<Omit<ChatCompletionCreateParams, "messages" | "model" | "stream">>;
const VALUES: { [Name in keyof Fields]: NonNullable<Fields[Name]> } = {
  audio: { format: "mp3", voice: "alloy" },
  frequency_penalty: 0.5,
  function_call: { name: "f" },
  functions: [{ name: "f", description: "F.", parameters: { type: "object", properties: {} } }],
  logit_bias: { "50256": -100 },
  logprobs: true,
  max_completion_tokens: 2_077,
  max_tokens: 2_078,
  metadata: { a: "b" },
  modalities: ["text", "audio"],
  moderation: { model: "omni-moderation-latest" },
  n: 2,
  parallel_tool_calls: false,
  prediction: { type: "content", content: "Hello" },
  presence_penalty: -0.5,
  prompt_cache_key: "key",
  prompt_cache_options: { mode: "explicit" },
  prompt_cache_retention: "24h",
  reasoning_effort: "high",
  response_format: {
    type: "json_schema",
    json_schema: {
      name: "a",
      strict: true,
      schema: { type: "object", properties: {}, required: [], additionalProperties: false },
    },
  },
  safety_identifier: "someone",
  seed: 0,
  service_tier: "flex",
  stop: "END",
  store: false,
  stream_options: { include_usage: true },
  temperature: 0,
  tool_choice: "required",
  tools: [{ type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } }],
  top_logprobs: 3,
  top_p: 0.25,
  user: "ann",
  verbosity: "low",
  web_search_options: { search_context_size: "low" },
};
/** Fields that say nothing without another one. */
const WITH: { [Name in keyof Fields]?: Partial<Fields> } = {
  function_call: { functions: VALUES.functions },
  parallel_tool_calls: { tools: VALUES.tools },
  tool_choice: { tools: VALUES.tools },
  top_logprobs: { logprobs: true },
};

const UPSTREAMS = {
  own: "own/m",
  openai: "openai/gpt-4o",
  o3: "openai/o3",
  groq: "groq/openai/gpt-oss-120b",
  mistral: "mistral/mistral-large-latest",
  anthropic: "anthropic/claude-sonnet-4-5",
  gemini: "gemini-grounded/gemini-2.5-flash",
} as const;
/** It arrives as it is, it is named as dropped, nothing need be sent for it, or it arrives as this. */
type Fate = "kept" | "dropped" | "unneeded" | Readonly<Record<string, unknown>>;
type Fates = Readonly<Partial<Record<keyof typeof UPSTREAMS, Fate>> & { others: Fate }>;

const gemini = (config: Record<string, unknown>): Fate => ({ generationConfig: config });
const anthropicTool = { name: "f", input_schema: { type: "object", properties: {} } };
const forced = { tool_choice: { type: "function", function: { name: "f" } } };

const FATES: { readonly [Name in keyof Fields]: Fates } = {
  audio: { own: "kept", others: "dropped" },
  frequency_penalty: {
    o3: "dropped",
    anthropic: "dropped",
    gemini: gemini({ frequencyPenalty: 0.5 }),
    others: "kept",
  },
  function_call: {
    anthropic: { tool_choice: { type: "tool", name: "f" } },
    gemini: { toolConfig: { functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["f"] } } },
    others: forced,
  },
  functions: {
    anthropic: { tools: [{ ...anthropicTool, description: "F." }] },
    gemini: { tools: [{ functionDeclarations: [{ name: "f", description: "F." }] }] },
    others: { tools: [{ type: "function", function: VALUES.functions[0] }] },
  },
  logit_bias: { own: "kept", openai: "kept", others: "dropped" },
  logprobs: { own: "kept", openai: "kept", others: "dropped" },
  max_completion_tokens: {
    own: { max_tokens: 2_077 },
    mistral: { max_tokens: 2_077 },
    anthropic: { max_tokens: 2_077 },
    gemini: gemini({ maxOutputTokens: 2_077 }),
    others: "kept",
  },
  max_tokens: {
    own: "kept",
    mistral: "kept",
    anthropic: "kept",
    gemini: gemini({ maxOutputTokens: 2_078 }),
    others: { max_completion_tokens: 2_078 },
  },
  metadata: { groq: "dropped", anthropic: "dropped", gemini: "dropped", others: "kept" },
  modalities: { own: "kept", others: "dropped" },
  moderation: { own: "kept", openai: "kept", o3: "kept", others: "dropped" },
  n: { groq: "dropped", anthropic: "dropped", gemini: "dropped", others: "kept" },
  parallel_tool_calls: {
    anthropic: { tool_choice: { type: "auto", disable_parallel_tool_use: true } },
    gemini: "dropped",
    others: "kept",
  },
  prediction: { groq: "dropped", anthropic: "dropped", gemini: "dropped", others: "kept" },
  presence_penalty: {
    o3: "dropped",
    anthropic: "dropped",
    gemini: gemini({ presencePenalty: -0.5 }),
    others: "kept",
  },
  prompt_cache_key: { groq: "dropped", anthropic: "dropped", gemini: "dropped", others: "kept" },
  prompt_cache_options: { own: "kept", openai: "kept", o3: "kept", others: "dropped" },
  prompt_cache_retention: { own: "kept", openai: "kept", o3: "kept", others: "dropped" },
  reasoning_effort: {
    // It does not reason.
    openai: "dropped",
    anthropic: { thinking: { type: "enabled", budget_tokens: 16_384 } },
    gemini: gemini({ thinkingConfig: { includeThoughts: true, thinkingBudget: 24_576 } }),
    others: "kept",
  },
  response_format: {
    anthropic: { output_config: { format: { type: "json_schema", schema: { type: "object" } } } },
    gemini: gemini({ responseMimeType: "application/json", responseJsonSchema: { type: "object" } }),
    others: "kept",
  },
  safety_identifier: { own: "kept", openai: "kept", o3: "kept", others: "dropped" },
  seed: { mistral: { random_seed: 0 }, anthropic: "dropped", gemini: gemini({ seed: 0 }), others: "kept" },
  service_tier: { mistral: "dropped", anthropic: "dropped", gemini: "dropped", others: "kept" },
  stop: {
    anthropic: { stop_sequences: ["END"] },
    gemini: gemini({ stopSequences: ["END"] }),
    o3: "dropped",
    others: { stop: ["END"] },
  },
  store: { own: "kept", openai: "kept", o3: "kept", others: "dropped" },
  // Of an answer that is not streamed; what it asks of a stream is the gateway's own to say.
  stream_options: { others: "unneeded" },
  temperature: { o3: "dropped", gemini: gemini({ temperature: 0 }), others: "kept" },
  tool_choice: {
    mistral: { tool_choice: "any" },
    anthropic: { tool_choice: { type: "any" } },
    gemini: { toolConfig: { functionCallingConfig: { mode: "ANY" } } },
    others: "kept",
  },
  tools: {
    anthropic: { tools: [anthropicTool] },
    gemini: { tools: [{ functionDeclarations: [{ name: "f" }] }] },
    others: "kept",
  },
  top_logprobs: { own: "kept", openai: "kept", others: "dropped" },
  top_p: { o3: "dropped", gemini: gemini({ topP: 0.25 }), others: "kept" },
  user: {
    mistral: "dropped",
    anthropic: { metadata: { user_id: "ann" } },
    gemini: "dropped",
    others: "kept",
  },
  // Models before GPT-5 take its default alone.
  verbosity: { own: "kept", openai: "dropped", o3: "dropped", others: "dropped" },
  web_search_options: { own: "kept", openai: "kept", o3: "kept", others: "dropped" },
};

describe("no field is lost without a word", () => {
  let gateway: ProxyGateway;

  beforeAll(async () => {
    gateway = await start(at(upstream.origin));
  });

  const names = Object.keys(VALUES) as (keyof Fields)[];
  const providers = Object.keys(UPSTREAMS) as (keyof typeof UPSTREAMS)[];

  describe.each(providers)("at %s", (provider) => {
    test.each(names)("%s", async (name) => {
      const value = VALUES[name];
      const asked = await post(gateway, {
        model: UPSTREAMS[provider],
        messages: hi,
        ...WITH[name],
        [name]: value,
      });
      expect(asked.status, asked.text).toBe(200);
      const body = upstream.requests.at(-1)?.json;
      const fate = FATES[name][provider] ?? FATES[name].others;
      if (fate === "dropped") {
        expect(droppedOf(asked)).toContain(name);
        expect(body).not.toHaveProperty(name);
        return;
      }
      expect(droppedOf(asked)).toEqual([]);
      if (fate === "kept") expect(field(body, name)).toEqual(value);
      else if (fate === "unneeded") expect(body).not.toHaveProperty(name);
      else expect(body).toMatchObject(fate);
    });

    test("an unknown field reaches open dialects, and is reported for others", async () => {
      const asked = await post(gateway, { model: UPSTREAMS[provider], messages: hi, of_tomorrow: { a: 1 } });
      expect(asked.status).toBe(200);
      const body = upstream.requests.at(-1)?.json;
      if (provider === "own") expect(body).toMatchObject({ of_tomorrow: { a: 1 } });
      else expect(body).not.toHaveProperty("of_tomorrow");
      expect(droppedOf(asked)).toEqual(provider === "own" ? [] : ["of_tomorrow"]);
    });

    test("null means not set", async () => {
      const nulls = Object.fromEntries(
        names.filter((name) => name !== "stream_options").map((name) => [name, null]),
      );
      const asked = await post(gateway, {
        model: UPSTREAMS[provider],
        messages: hi,
        ...nulls,
        of_tomorrow: null,
      });
      expect(asked.status, asked.text).toBe(200);
      expect(droppedOf(asked)).toEqual([]);
      const plain = await post(gateway, { model: UPSTREAMS[provider], messages: hi });
      expect(plain.status).toBe(200);
      const [first, second] = upstream.requests.slice(-2);
      expect(first?.json).toEqual(second?.json);
    });
  });

  test("a stream asks the upstream for its usage, whatever the client wants to know", async () => {
    for (const stream_options of [undefined, { include_usage: false }, { include_usage: true }]) {
      const asked = await post(gateway, { model: "own/m", messages: hi, stream: true, stream_options });
      expect(upstream.requests.at(-1)?.json).toMatchObject({ stream_options: { include_usage: true } });
      expect(asked.text.includes('"prompt_tokens":10')).toBe(stream_options?.include_usage === true);
    }
  });

  test("what the headers name is what was dropped for the engine that answered", async () => {
    const local = await start(
      at(upstream.origin, {
        chain: [
          { provider: "groq", model: "openai/gpt-oss-120b" },
          { provider: "own", model: "m" },
        ],
      }),
    );
    const ask = { model: "smart", messages: hi, store: true, logit_bias: { "1": 1 } };
    expect(droppedOf(await post(local, ask))).toEqual(["logit_bias", "store"]);
    upstream.script = (exchange) =>
      exchange.request.path.startsWith("/openai/") ? exchange.json(500, {}) : anyProvider(exchange);
    expect(droppedOf(await post(local, ask))).toEqual([]);
  });

  test.each([
    {
      what: "settings of OpenRouter's reasoning",
      body: { reasoning: { effort: "low", exclude: true } },
      name: "reasoning",
    },
    {
      what: "an answer that was spoken",
      body: { messages: [...hi, { role: "assistant", audio: { id: "audio_1" } }, ...hi] },
      name: "messages",
    },
  ])("$what, which no engine is told, are named", async ({ body, name }) => {
    for (const stream of [false, true]) {
      const asked = await post(gateway, { model: "own/m", messages: hi, ...body, stream });
      expect(asked.status).toBe(200);
      expect(droppedOf(asked)).toEqual([name]);
    }
  });

  test("names that are invalid in headers are left out of the header", async () => {
    const asked = await post(gateway, {
      model: "openai/gpt-4o",
      messages: hi,
      "a\r\nset-cookie: b": 1,
      ключ: 1,
      [`x${"y".repeat(200)}`]: 1,
      __proto__x: 1,
    });
    expect(asked.status).toBe(200);
    expect(droppedOf(asked)).toEqual(["__proto__x"]);
    expect(asked.headers.get("set-cookie")).toBeNull();
  });

  test("__proto__ is a field as any other", async () => {
    const asked = await post(
      gateway,
      `{"model":"own/m","messages":${JSON.stringify(hi)},"__proto__":{"stream":true}}`,
    );
    expect(asked.status).toBe(200);
    expect(asked.body).toMatchObject({ object: "chat.completion" });
  });
});

type Bad = {
  what: string;
  body: unknown;
  /** The field in the error. */
  param?: string | null;
  says?: RegExp;
};

const ask = (changes: Record<string, unknown>): Record<string, unknown> => ({
  model: "smart",
  messages: hi,
  ...changes,
});
const says1 = (message: unknown): Record<string, unknown> => ask({ messages: [message] });

const BAD: readonly Bad[] = [
  { what: "no body", body: "", param: null, says: /JSON/ },
  { what: "no JSON", body: '{"model":', param: null, says: /JSON/ },
  { what: "two JSON values", body: "{}{}", param: null, says: /JSON/ },
  ...["null", "7", '"Hi"', "[]"].map((body) => ({
    what: `the body ${body}`,
    body,
    param: null,
    says: /body/i,
  })),
  { what: "an empty object", body: {}, param: "messages" },
  { what: "no model", body: { messages: hi }, param: "model", says: /must name a model/ },
  { what: "model null", body: ask({ model: null }), param: "model" },
  { what: "model empty", body: ask({ model: "" }), param: "model" },
  { what: "model a number", body: ask({ model: 7 }), param: "model", says: /string/ },
  { what: "a model of 257 characters", body: ask({ model: "x".repeat(257) }), param: "model", says: /256/ },
  { what: "models empty and no model", body: { messages: hi, models: [] }, param: "model" },
  { what: "models no list", body: ask({ models: "smart" }), param: "models" },
  { what: "21 models", body: ask({ models: Array(21).fill("smart") }), param: "models", says: /20/ },
  { what: "no messages", body: { model: "smart" }, param: "messages" },
  { what: "messages empty", body: ask({ messages: [] }), param: "messages" },
  { what: "messages a string", body: ask({ messages: "Hi" }), param: "messages", says: /array/ },
  { what: "a message that is a string", body: says1("Hi"), param: "messages.0" },
  { what: "a message without a role", body: says1({ content: "Hi" }), param: "messages.0.role" },
  {
    what: "a role that nobody has",
    body: says1({ role: "robot", content: "Hi" }),
    param: "messages.0.role",
    says: /assistant|user/,
  },
  { what: "content a number", body: says1({ role: "user", content: 7 }), param: "messages.0.content" },
  {
    what: "content an object",
    body: says1({ role: "user", content: { text: "Hi" } }),
    param: "messages.0.content",
  },
  {
    what: "a part without a type",
    body: says1({ role: "user", content: [{ text: "Hi" }] }),
    param: "messages.0.content.0.type",
  },
  {
    what: "a text part without text",
    body: says1({ role: "user", content: [{ type: "text" }] }),
    param: "messages.0.content.0.text",
  },
  {
    what: "an image without a URL",
    body: says1({ role: "user", content: [{ type: "image_url", image_url: {} }] }),
    param: "messages.0.content.0.image_url.url",
  },
  {
    what: "an image on the provider's disk",
    body: says1({
      role: "user",
      content: [{ type: "image_url", image_url: { url: "file:///etc/passwd" } }],
    }),
    param: "messages.0.content.0.image_url.url",
    says: /https:/,
  },
  {
    what: "a tool's result without its call",
    body: says1({ role: "tool", content: "x" }),
    param: "messages.0.tool_call_id",
  },
  { what: "stream a string", body: ask({ stream: "true" }), param: "stream", says: /boolean/ },
  { what: "temperature too high", body: ask({ temperature: 2.1 }), param: "temperature", says: /2/ },
  { what: "temperature below zero", body: ask({ temperature: -0.1 }), param: "temperature" },
  { what: "temperature a string", body: ask({ temperature: "1" }), param: "temperature", says: /number/ },
  { what: "top_p too high", body: ask({ top_p: 1.5 }), param: "top_p" },
  { what: "a penalty too high", body: ask({ frequency_penalty: 3 }), param: "frequency_penalty" },
  { what: "max_tokens 0", body: ask({ max_tokens: 0 }), param: "max_tokens" },
  { what: "max_tokens a fraction", body: ask({ max_tokens: 1.5 }), param: "max_tokens" },
  {
    what: "max_completion_tokens a string",
    body: ask({ max_completion_tokens: "7" }),
    param: "max_completion_tokens",
  },
  { what: "n 0", body: ask({ n: 0 }), param: "n" },
  { what: "n 129", body: ask({ n: 129 }), param: "n", says: /128/ },
  { what: "stop a number", body: ask({ stop: 7 }), param: "stop" },
  { what: "17 stops", body: ask({ stop: Array(17).fill("x") }), param: "stop" },
  { what: "logprobs a number", body: ask({ logprobs: 5 }), param: "logprobs" },
  { what: "21 top_logprobs", body: ask({ top_logprobs: 21 }), param: "top_logprobs" },
  { what: "a bias that is no number", body: ask({ logit_bias: { "1": "x" } }), param: "logit_bias.1" },
  { what: "tools no list", body: ask({ tools: {} }), param: "tools" },
  {
    what: "a tool without a type",
    body: ask({ tools: [{ function: { name: "f" } }] }),
    param: "tools.0.type",
  },
  {
    what: "a function without a name",
    body: ask({ tools: [{ type: "function", function: {} }] }),
    param: "tools.0.function.name",
  },
  {
    what: "a function with an empty name",
    body: ask({ tools: [{ type: "function", function: { name: "" } }] }),
    param: "tools.0.function.name",
  },
  {
    what: "a choice that nobody makes",
    body: ask({ tools: [fn], tool_choice: "maybe" }),
    param: "tool_choice",
  },
  {
    what: "a choice without a name",
    body: ask({ tools: [fn], tool_choice: { type: "function" } }),
    param: "tool_choice.function",
  },
  {
    what: "a format that nobody has",
    body: ask({ response_format: { type: "xml" } }),
    param: "response_format.type",
    says: /json_schema/,
  },
  {
    what: "a schema that is missing",
    body: ask({ response_format: { type: "json_schema" } }),
    param: "response_format.json_schema",
  },
  {
    what: "an effort that nobody makes",
    body: ask({ reasoning_effort: "extreme" }),
    param: "reasoning_effort",
    says: /high/,
  },
  { what: "stream_options a list", body: ask({ stream_options: [] }), param: "stream_options" },
];

describe("a bad body", () => {
  let gateway: ProxyGateway;

  beforeAll(async () => {
    gateway = await start(at(upstream.origin));
  });

  test.each(BAD)(
    "$what is a 400 in OpenAI's shape that says what is wrong",
    async ({ body, param, says }) => {
      const asked = await post(gateway, body);
      expect(asked.status).toBe(400);
      expect(Object.keys(isJsonObject(asked.body) ? asked.body : {})).toEqual(["error"]);
      const error = field(asked.body, "error");
      expect(error).toEqual({
        message: expect.any(String),
        type: "invalid_request_error",
        param: param ?? null,
        code: "invalid_request",
      });
      const message = stringField(error, "message") ?? "";
      expect(message).toMatch(says ?? /./);
      if (param != null) expect(message).toContain(`"${param}"`);
      expect(message, "says more than that it is wrong").not.toMatch(/: Invalid input\.?$/);
      expect(asked.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
      expect(upstream.requests).toEqual([]);
    },
  );
});

describe("what clients send beside what is documented", () => {
  let gateway: ProxyGateway;

  beforeAll(async () => {
    gateway = await start(at(upstream.origin));
  });

  const called = { id: "c", type: "function", function: { name: "f", arguments: "{}" } };
  const turn = (call: unknown, ...rest: unknown[]) => [
    ...hi,
    { role: "assistant", content: null, tool_calls: [call] },
    { role: "tool", tool_call_id: "c", content: "fine" },
    ...rest,
  ];
  type Row = { what: string; body: Record<string, unknown>; arrives: unknown; lacks?: readonly string[] };
  const ROWS: readonly Row[] = [
    {
      what: "an empty list of tools, with a choice among them",
      body: { tools: [], tool_choice: "auto", parallel_tool_calls: true },
      arrives: {},
      lacks: ["tools", "tool_choice", "parallel_tool_calls"],
    },
    {
      what: "no tools, and no functions",
      body: { tools: null, functions: null },
      arrives: {},
      lacks: ["tools"],
    },
    { what: "an empty list of stops", body: { stop: [] }, arrives: {}, lacks: ["stop"] },
    {
      what: "Mistral's word for a required tool",
      body: { tools: [fn], tool_choice: "any" },
      arrives: { tool_choice: "required" },
    },
    {
      what: "a schema without a name",
      body: { response_format: { type: "json_schema", json_schema: { schema: { type: "object" } } } },
      arrives: { response_format: { type: "json_schema", json_schema: { name: "answer" } } },
    },
    {
      what: "the options of a stream where there is none",
      body: { stream_options: { include_usage: true } },
      arrives: {},
      lacks: ["stream_options"],
    },
    {
      what: "an image by its URL alone",
      body: {
        messages: [{ role: "user", content: [{ type: "image_url", image_url: "https://a.example/b.png" }] }],
      },
      arrives: {
        messages: [{ content: [{ type: "image_url", image_url: { url: "https://a.example/b.png" } }] }],
      },
    },
    {
      what: "an image in its original size, as one in high detail",
      body: {
        messages: [
          {
            role: "user",
            content: [
              { type: "image_url", image_url: { url: "https://a.example/b.png", detail: "original" } },
            ],
          },
        ],
      },
      arrives: { messages: [{ content: [{ image_url: { detail: "high" } }] }] },
    },
    {
      what: "text among the parts",
      body: { messages: [{ role: "user", content: ["Hi", { type: "text", text: "there" }] }] },
      arrives: {
        messages: [
          {
            content: [
              { type: "text", text: "Hi" },
              { type: "text", text: "there" },
            ],
          },
        ],
      },
    },
    {
      what: "no content, and empty content",
      body: {
        messages: [
          { role: "system", content: "" },
          { role: "user" },
          { role: "assistant" },
          { role: "user", content: [] },
        ],
      },
      arrives: {
        messages: [
          { role: "system", content: "" },
          { role: "user", content: "" },
          // Some hosts refuse an answer that says nothing.
          { role: "user", content: "" },
        ],
      },
    },
    {
      what: "an empty list of calls in an answer",
      body: {
        messages: [
          ...hi,
          { role: "assistant", content: "Hello", tool_calls: [], function_call: null },
          ...hi,
        ],
      },
      arrives: { messages: [{}, { role: "assistant", content: "Hello" }, {}] },
    },
    {
      what: "a call without a type, and with its arguments as an object",
      body: { messages: turn({ id: "c", function: { name: "f", arguments: { a: 1 } } }) },
      arrives: {
        messages: [
          {},
          { tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: '{"a":1}' } }] },
          { role: "tool", tool_call_id: "c" },
        ],
      },
    },
    {
      what: "a call without arguments",
      body: { messages: turn({ id: "c", type: "function", function: { name: "f", arguments: "" } }) },
      arrives: { messages: [{}, { tool_calls: [{ function: { arguments: "{}" } }] }, {}] },
    },
    {
      what: "a result without content",
      body: { messages: [...turn(called).slice(0, 2), { role: "tool", tool_call_id: "c" }] },
      arrives: { messages: [{}, {}, { role: "tool", tool_call_id: "c", content: "" }] },
    },
    {
      what: "fields of a message that only some servers know",
      body: {
        messages: [
          { role: "user", content: "Hi", timestamp: 1, metadata: { a: 1 } },
          { role: "assistant", content: "Hello", annotations: [], audio: null, reasoning_content: "Hm." },
          ...hi,
        ],
      },
      arrives: { messages: [{ content: "Hi" }, { content: "Hello" }, { content: "Hi" }] },
    },
    {
      what: "an assistant at the end",
      body: { messages: [...hi, { role: "assistant", content: "Hel" }] },
      arrives: { messages: [{}, { role: "assistant", content: "Hel" }] },
    },
    {
      what: "a system message in the middle, which most templates refuse",
      body: { messages: [...hi, { role: "system", content: "Be terse." }, ...hi] },
      arrives: {
        messages: [{}, { role: "user", content: "<system-reminder>\nBe terse.\n</system-reminder>" }, {}],
      },
    },
    {
      what: "audio in parts, where it is taken",
      body: {
        messages: [
          {
            role: "user",
            content: [
              { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } },
              { type: "text", text: "?" },
            ],
          },
        ],
      },
      arrives: {
        messages: [
          {
            content: [
              { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } },
              { type: "text", text: "?" },
            ],
          },
        ],
      },
    },
    {
      what: "a tool that the provider runs itself",
      body: { tools: [{ type: "web_search", filters: {} }] },
      arrives: { tools: [{ type: "web_search", filters: {} }] },
    },
    {
      what: "a custom tool that is forced",
      body: {
        tools: [{ type: "custom", custom: { name: "sql" } }],
        tool_choice: { type: "custom", custom: { name: "sql" } },
      },
      arrives: { tool_choice: { type: "function", function: { name: "sql" } } },
    },
    {
      what: "allowed tools of both kinds",
      body: {
        tools: [fn, { type: "custom", custom: { name: "sql" } }, { type: "custom", custom: { name: "no" } }],
        tool_choice: {
          type: "allowed_tools",
          allowed_tools: {
            mode: "auto",
            tools: [
              { type: "function", function: { name: "f" } },
              { type: "custom", custom: { name: "sql" } },
            ],
          },
        },
      },
      arrives: { tools: [{ function: { name: "f" } }, { function: { name: "sql" } }], tool_choice: "auto" },
    },
    {
      what: "OpenRouter's word for the effort",
      body: { reasoning: { effort: "low" } },
      arrives: { reasoning_effort: "low" },
      lacks: ["reasoning"],
    },
    {
      what: "fields of local servers",
      body: {
        top_k: 40,
        min_p: 0.1,
        repetition_penalty: 1.1,
        chat_template_kwargs: { enable_thinking: false },
      },
      arrives: {
        top_k: 40,
        min_p: 0.1,
        repetition_penalty: 1.1,
        chat_template_kwargs: { enable_thinking: false },
      },
    },
  ];

  test.each(ROWS)("$what", async ({ body, arrives, lacks = [] }) => {
    const asked = await post(gateway, { model: "own/m", messages: hi, ...body });
    expect(asked.status, asked.text).toBe(200);
    expect(droppedOf(asked)).toEqual([]);
    expect(upstream.requests).toHaveLength(1);
    expect(upstream.requests[0]?.json).toMatchObject(Object(arrives));
    for (const name of lacks) expect(upstream.requests[0]?.json).not.toHaveProperty(name);
  });

  test("parts that an engine cannot read are the client's to know: nothing is left out of a question", async () => {
    const content = [
      { type: "text", text: "Hear:" },
      { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } },
    ];
    const asked = await post(gateway, { model: UPSTREAMS.groq, messages: [{ role: "user", content }] });
    expect(asked.status).toBe(400);
    expect(upstream.requests).toEqual([]);
  });

  test("an allowed tool that is not in the list results in no tool and no choice", async () => {
    const asked = await post(gateway, {
      model: "own/m",
      messages: hi,
      tools: [fn],
      tool_choice: {
        type: "allowed_tools",
        allowed_tools: { mode: "auto", tools: [{ type: "function", function: { name: "g" } }] },
      },
    });
    expect(asked.status).toBe(200);
    expect(upstream.requests[0]?.json).not.toHaveProperty("tools");
  });
});

describe("which requests are accepted", () => {
  const good = JSON.stringify(ask({}));
  const headers = { authorization: "Bearer any", "content-type": "application/json" };
  type Row = {
    what: string;
    init: RequestInit;
    status: number;
    error: Record<string, unknown>;
    settings?: Settings;
  };
  const ROWS: readonly Row[] = [
    {
      what: "nobody without a bearer",
      init: { headers: { "content-type": "application/json" } },
      status: 401,
      error: { type: "authentication_error", code: "invalid_api_key" },
    },
    {
      what: "nobody with an empty one",
      init: { headers: { ...headers, authorization: "Bearer " } },
      status: 401,
      error: { code: "invalid_api_key" },
    },
    {
      what: "nobody with a password",
      init: { headers: { ...headers, authorization: "Basic YTpi" } },
      status: 401,
      error: { code: "invalid_api_key" },
    },
    {
      what: "nobody without a bearer, whatever the body is",
      init: { headers: {}, body: "{" },
      status: 401,
      error: { code: "invalid_api_key" },
    },
    {
      what: "nobody while the routes are switched off",
      init: {},
      settings: { ENABLE_OPENAI_PROXY: "false" },
      status: 404,
      error: { code: "not_found", message: expect.stringContaining("ENABLE_OPENAI_PROXY") },
    },
    {
      what: "nobody unless the routes are switched on",
      init: { headers: {} },
      settings: { ENABLE_OPENAI_PROXY: "" },
      status: 404,
      error: { code: "not_found" },
    },
    ...["GET", "PUT", "PATCH", "DELETE"].map((method) => ({
      what: `nobody by ${method}`,
      init: { method, ...(method === "GET" ? { body: null } : {}) },
      status: 405,
      error: { code: "method_not_allowed", message: expect.stringContaining("POST") },
    })),
    ...["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"].map((type) => ({
      what: `nobody with ${type}`,
      init: { headers: { ...headers, "content-type": type } },
      status: 415,
      error: { code: "unsupported_media_type", message: expect.stringContaining("application/json") },
    })),
    {
      what: "nobody with more than 25 MB",
      init: { body: JSON.stringify(ask({ user: "x".repeat(25 * 1024 * 1024) })) },
      status: 413,
      error: { code: "payload_too_large", message: expect.stringContaining("25 MB") },
    },
  ];

  test.each(ROWS)("$what", async ({ init, status, error, settings }) => {
    const gateway = await start({ ...at(upstream.origin), ...settings });
    const asked = await post(gateway, good, { headers, ...init });
    expect(asked.status).toBe(status);
    expect(asked.body).toMatchObject({ error: { message: expect.any(String), param: null, ...error } });
    expect(asked.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(asked.headers.get("content-type")).toMatch(/^application\/json/);
    if (status === 405) expect(asked.headers.get("allow")).toBe("POST, OPTIONS");
    expect(upstream.requests).toEqual([]);
  });

  test.each(["application/json; charset=utf-8", "application/vnd.api+json", "APPLICATION/JSON"])(
    "whoever sends %s",
    async (type) => {
      const gateway = await start(at(upstream.origin));
      const asked = await post(gateway, good, { headers: { ...headers, "content-type": type } });
      expect(asked.status).toBe(200);
    },
  );

  test("Anthropic's clients too, by x-api-key, and anybody with a long body of less than 25 MB", async () => {
    const gateway = await start(at(upstream.origin));
    const asked = await post(gateway, ask({ "x-long": "x".repeat(24 * 1024 * 1024) }), {
      headers: { "x-api-key": "any", "content-type": "application/json" },
    });
    expect(asked.status).toBe(200);
  });
});

describe("issuer tokens go back to their issuer only", () => {
  type Row = {
    what: string;
    model: string;
    /** The issuer's answer, with its mark. */
    answer: unknown;
    /** The mark as the client sees it. */
    shown: unknown;
    /** As the issuer gets it back. */
    returned: RegExp;
  };
  const thought = { type: "reasoning.encrypted", data: "c2VjcmV0", id: "r1", format: "x" };
  const ROWS: readonly Row[] = [
    {
      what: "Gemini's signature of a call",
      model: "gemini-grounded/gemini-3-pro-preview",
      answer: {
        candidates: [
          {
            content: {
              role: "model",
              parts: [{ functionCall: { name: "f", args: {} }, thoughtSignature: "c2lnbmVk" }],
            },
            finishReason: "STOP",
          },
        ],
      },
      shown: { tool_calls: [{ extra_content: { google: { thought_signature: "c2lnbmVk" } } }] },
      returned: /"thoughtSignature":"c2lnbmVk"/,
    },
    {
      what: "OpenRouter's encrypted reasoning",
      model: "openrouter/deepseek/deepseek-v4",
      answer: {
        id: "1",
        choices: [
          {
            index: 0,
            message: {
              role: "assistant",
              content: null,
              reasoning: "Hm.",
              reasoning_details: [thought],
              tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }],
            },
            finish_reason: "tool_calls",
          },
        ],
      },
      shown: { reasoning_content: "Hm.", reasoning_details: [thought] },
      returned: /"data":"c2VjcmV0"/,
    },
    {
      what: "Anthropic's signature of its thinking",
      model: "anthropic/claude-sonnet-4-5",
      answer: {
        id: "msg_1",
        type: "message",
        role: "assistant",
        content: [
          { type: "thinking", thinking: "Hm.", signature: "c2lnbmVk" },
          { type: "tool_use", id: "c", name: "f", input: {} },
        ],
        stop_reason: "tool_use",
        usage: { input_tokens: 1, output_tokens: 1 },
      },
      shown: { reasoning_content: "Hm.", reasoning_details: [{ signature: "c2lnbmVk" }] },
      returned: /"type":"thinking","thinking":"Hm.","signature":"c2lnbmVk"/,
    },
  ];

  test.each(ROWS)("$what", async ({ model, answer, shown, returned }) => {
    const gateway = await start({
      ...at(upstream.origin),
      OPENROUTER_API_KEY: "k",
      OPENROUTER_BASE_URL: `${upstream.origin}/v1`,
    });
    upstream.script = (exchange) => exchange.json(200, answer);
    const first = await post(gateway, { model, messages: hi, tools: [fn], reasoning_effort: "low" });
    const message = field(arrayField(first.body, "choices")[0], "message");
    expect(message).toMatchObject(Object(shown));
    const calls = arrayField(message, "tool_calls");
    const messages = [...hi, message, { role: "tool", tool_call_id: field(calls[0], "id"), content: "fine" }];
    const follow = { messages, tools: [fn], reasoning_effort: "low" };
    const issuer = model.slice(0, model.indexOf("/") + 1);
    upstream.script = anyProvider;
    expect((await post(gateway, { model, ...follow })).status).toBe(200);
    expect(upstream.requests.at(-1)?.text).toMatch(returned);
    for (const other of Object.values(UPSTREAMS).filter((one) => !one.startsWith(issuer))) {
      const asked = await post(gateway, { model: other, ...follow });
      expect(asked.status, asked.text).toBe(200);
      expect(upstream.requests.at(-1)?.text).not.toMatch(/c2lnbmVk|c2VjcmV0/);
    }
  });
});

test("an answer of several choices has every piece of each", async () => {
  const gateway = await start(at(upstream.origin));
  upstream.script = says(
    { text: ["a", "b"], reasoning: ["r"] },
    { calls: [{ id: "c", name: "f", pieces: ["{", "}"] }] },
    { refusal: ["no"] },
  );
  const asked = await post(gateway, { model: "own/m", messages: hi, n: 3, tools: [fn] });
  expect(arrayField(asked.body, "choices")).toMatchObject([
    { index: 0, message: { content: "ab", reasoning_content: "r" }, finish_reason: "stop" },
    { index: 1, message: { content: null, tool_calls: [{ id: "c" }] }, finish_reason: "tool_calls" },
    { index: 2, message: { content: null, refusal: "no" }, finish_reason: "stop" },
  ]);
});
