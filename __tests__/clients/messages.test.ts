import { readdirSync, readFileSync } from "node:fs";
import Anthropic, {
  APIError,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  RateLimitError,
  ServiceUnavailableError,
} from "@anthropic-ai/sdk";
import { betaTool } from "@anthropic-ai/sdk/helpers/beta/json-schema";
import { jsonSchemaOutputFormat } from "@anthropic-ai/sdk/helpers/json-schema";
import type {
  MessageCreateParamsNonStreaming,
  MessageParam,
  Tool,
  ToolResultBlockParam,
} from "@anthropic-ai/sdk/resources/messages";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { MODE_IDS } from "#lib/ai-models.ts";
import { arrayField, field, isJsonObject } from "#lib/shared/json.ts";
import { type SaidBlock, saysAnthropic, wholeBlock } from "../support/anthropic-upstream.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { breaksAfter, failsWith, inTurn, says, saysThenWaits } from "../support/scripted-answers.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { createKey, eventually, modelsConfig } from "../support/test-gateway.ts";

const ROOT = "http://gateway.test/api";
const HI: MessageCreateParamsNonStreaming = {
  model: "claude-any",
  max_tokens: 100,
  messages: [{ role: "user", content: "Hi" }],
};
const weather: Tool = {
  name: "get_weather",
  description: "The weather.",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};
const oneCall = says({
  text: ["Let me see."],
  calls: [{ id: "call_1", name: "get_weather", pieces: ['{"city":', '"Bern"}'] }],
});

let database: TestSupabase;
let key: string;
/** Whose engines are OpenAI-compatible. */
let proxy: ProxyGateway;
let claude: FakeUpstream;
/** Whose only engine is Anthropic's. */
let atClaude: ProxyGateway;

beforeAll(async () => {
  database = await startTestSupabase();
  const user = await database.signUp();
  key = await createKey(database, user.userId);
});

beforeEach(async () => {
  proxy = await startProxyGateway(database);
  claude = await startFakeUpstream(saysAnthropic([{ type: "text", pieces: ["Hello ", "from Claude."] }]));
  atClaude = await startProxyGateway(database, {
    ANTHROPIC_API_KEY: "sk-upstream",
    ANTHROPIC_BASE_URL: claude.origin,
    MODELS_CONFIG: modelsConfig(
      {},
      { chain: [{ provider: "anthropic", model: "claude-sonnet-4-5" }], modes: MODE_IDS },
    ),
  });
});

afterEach(async () => {
  await Promise.all([proxy.stop(), atClaude.stop()]);
  await claude.stop();
});

afterAll(async () => {
  await database.stop();
});

function clientOf(gateway: ProxyGateway, options: { apiKey?: string; baseURL?: string } = {}): Anthropic {
  const { apiKey = key, baseURL } = options;
  const inProcess = baseURL === undefined ? { fetch: gateway.fetch } : {};
  return new Anthropic({ apiKey, baseURL: baseURL ?? ROOT, maxRetries: 0, ...inProcess });
}

describe.each(["in process", "over HTTP"])("Anthropic's SDK, %s", (way) => {
  let client: Anthropic;
  beforeEach(async () => {
    client =
      way === "in process"
        ? clientOf(proxy)
        : clientOf(proxy, { baseURL: `${(await proxy.overHttp()).url}/api` });
  });

  test("create", async () => {
    proxy.first.script = says({ reasoning: ["Hm."], text: ["Hel", "lo."] });
    const message = await client.messages.create(HI);
    expect(message).toMatchObject({
      type: "message",
      role: "assistant",
      model: "claude-any",
      content: [
        { type: "thinking", thinking: "Hm.", signature: "" },
        { type: "text", text: "Hello." },
      ],
      stop_reason: "end_turn",
      usage: { input_tokens: 6, cache_read_input_tokens: 4, output_tokens: 5 },
    });
    expect(message.id).toMatch(/^msg_[0-9a-f]{32}$/);
    expect(proxy.first.requests[0]?.json).toMatchObject({
      max_tokens: 100,
      messages: [{ role: "user", content: "Hi" }],
    });
  });

  test("stream: the helper's events and its final message", async () => {
    proxy.first.script = says({
      reasoning: ["Hm", "."],
      text: ["Hel", "lo."],
      calls: [
        { id: "call_1", name: "get_weather", pieces: ['{"city":', '"Bern"}'] },
        { id: "call_2", name: "get_weather", pieces: ['{"city":"Bonn"}'] },
      ],
    });
    const stream = client.messages.stream({ ...HI, tools: [weather] });
    let text = "";
    const inputs: unknown[] = [];
    stream.on("text", (delta) => {
      text += delta;
    });
    stream.on("contentBlock", (block) => {
      if (block.type === "tool_use") inputs.push(block.input);
    });
    const message = await stream.finalMessage();
    expect(text).toBe("Hello.");
    expect(inputs).toEqual([{ city: "Bern" }, { city: "Bonn" }]);
    expect(message).toMatchObject({
      content: [
        { type: "thinking", thinking: "Hm." },
        { type: "text", text: "Hello." },
        { type: "tool_use", id: "call_1", name: "get_weather", input: { city: "Bern" } },
        { type: "tool_use", id: "call_2", name: "get_weather", input: { city: "Bonn" } },
      ],
      stop_reason: "tool_use",
      usage: { input_tokens: 6, cache_read_input_tokens: 4, output_tokens: 5 },
    });
  });

  test.each([false, true])(
    "the tool runner, with threads that are not kept here; stream: %s",
    async (stream) => {
      proxy.first.script = inTurn(oneCall, oneCall, says({ text: ["20 C."] }));
      const asked: string[] = [];
      const runner = client.beta.messages.toolRunner({
        model: "claude-any",
        max_tokens: 100,
        stream,
        messages: [{ role: "user", content: "Weather?" }],
        tools: [
          betaTool({
            name: "get_weather",
            description: "The weather.",
            inputSchema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
            run: ({ city }) => {
              asked.push(city);
              return "20 C";
            },
          }),
        ],
      });
      const last = await runner.runUntilDone();
      expect(last.content).toMatchObject([{ type: "text", text: "20 C." }]);
      expect(asked).toEqual(["Bern", "Bern"]);
      // Each request holds the whole conversation.
      const roles = proxy.first.requests.map(({ json }) =>
        arrayField(json, "messages").map((message) => field(message, "role")),
      );
      expect(roles).toEqual([
        ["user"],
        ["user", "assistant", "tool"],
        ["user", "assistant", "tool", "assistant", "tool"],
      ]);
      const tools = proxy.first.requests.map(({ json }) => arrayField(json, "tools").length);
      expect(tools).toEqual([1, 1, 1]);
    },
  );

  test("a stream that breaks off is an error, not a message", async () => {
    proxy.first.script = breaksAfter({
      calls: [{ id: "call_1", name: "get_weather", pieces: ['{"city":'] }],
    });
    const stream = client.messages.stream({ ...HI, tools: [weather] });
    const error = await stream.finalMessage().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(APIError);
    expect(field(field(error, "error"), "error")).toMatchObject({ type: "api_error" });
  });

  test("who leaves stops the upstream", async () => {
    proxy.first.script = saysThenWaits("One ", "two ");
    const stream = client.messages.stream(HI);
    await new Promise<void>((resolve) => stream.once("text", () => resolve()));
    stream.abort();
    await stream.done().catch(() => undefined);
    await eventually("the upstream is closed", () => proxy.first.requests[0]?.closedAt !== undefined);
    expect(proxy.second.requests).toEqual([]);
  });
});

describe("Anthropic's SDK", () => {
  test("structured output: the schema goes to the engine, the answer is parsed", async () => {
    proxy.first.script = says({ text: ['{"city":"Bern"}'] });
    const schema = {
      type: "object",
      properties: { city: { type: "string" } },
      required: ["city"],
      additionalProperties: false,
    } as const;
    const message = await clientOf(proxy).messages.parse({
      ...HI,
      output_config: { format: jsonSchemaOutputFormat(schema) },
    });
    expect(message.parsed_output).toEqual({ city: "Bern" });
    expect(proxy.first.requests[0]?.json).toMatchObject({
      response_format: { type: "json_schema", json_schema: { name: "answer", strict: true } },
    });
  });

  test("models: listed and retrieved", async () => {
    const client = clientOf(proxy);
    const ids: string[] = [];
    for await (const model of client.models.list()) ids.push(model.id);
    expect(ids).toEqual(expect.arrayContaining(["auto", "smart", "first/m"]));
    expect(await client.models.retrieve("first/m")).toMatchObject({ id: "first/m", type: "model" });
  });

  test.each([
    ["a wrong key", AuthenticationError, "authentication_error", { apiKey: "sk-sarmalink-wrong" }, HI],
    ["a body that says nothing", BadRequestError, "invalid_request_error", {}, { ...HI, messages: [] }],
    ["a model that is not there", NotFoundError, "not_found_error", {}, { ...HI, model: "openai/nope" }],
  ])("%s: the SDK's own error class", async (_name, kind, type, options, body) => {
    const error = await clientOf(proxy, options)
      .messages.create(body)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject({ type });
    expect(field(error, "requestID")).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("limits of a key and engines that fail", async () => {
    const user = await database.signUp();
    const limited = await createKey(database, user.userId, { requestsPerMinute: 1 });
    const client = clientOf(proxy, { apiKey: limited });
    await client.messages.create(HI);
    await expect(client.messages.create(HI)).rejects.toThrow(RateLimitError);
    proxy.first.script = failsWith(500, {});
    proxy.second.script = failsWith(500, {});
    const error = await clientOf(proxy)
      .messages.create(HI)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ServiceUnavailableError);
    expect(error).toMatchObject({ type: "overloaded_error" });
  });

  test("Claude's own thinking comes back as it was, and goes to Claude again", async () => {
    claude.script = saysAnthropic(
      [
        { type: "thinking", pieces: ["Hm", "."], signature: "sig" },
        { type: "redacted_thinking", data: "secret" },
        { type: "text", pieces: ["Let me see."] },
        { type: "tool_use", id: "toolu_1", name: "get_weather", pieces: ['{"city":', '"Bern"}'] },
      ],
      "tool_use",
    );
    const client = clientOf(atClaude);
    const body = { ...HI, tools: [weather], max_tokens: 4_000 };
    const whole = await client.messages.create(body);
    const streamed = await client.messages.stream(body).finalMessage();
    const content = [
      { type: "thinking", thinking: "Hm.", signature: "sig" },
      { type: "redacted_thinking", data: "secret" },
      { type: "text", text: "Let me see.", citations: [] },
      {
        type: "tool_use",
        id: "toolu_1",
        name: "get_weather",
        input: { city: "Bern" },
        caller: { type: "direct" },
      },
    ];
    expect(whole.content).toEqual(content);
    expect(JSON.parse(JSON.stringify(streamed.content))).toMatchObject(content);
    expect(whole.usage).toMatchObject({
      input_tokens: 6,
      cache_read_input_tokens: 30,
      cache_creation_input_tokens: 4,
      output_tokens: 5,
    });
    await client.messages.create({
      ...body,
      thinking: { type: "enabled", budget_tokens: 2_000 },
      messages: [
        ...HI.messages,
        { role: "assistant", content: whole.content },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "20 C" }] },
      ],
    });
    const sent = content.map(({ citations: _none, ...block }: Record<string, unknown>) => block);
    expect(claude.requests.at(-1)?.json).toMatchObject({
      thinking: { type: "enabled", budget_tokens: 2_000 },
      messages: [{ role: "user" }, { role: "assistant", content: sent }, { role: "user" }],
    });
  });
});

describe("Claude's interleaved thinking goes back in the order in which it came", () => {
  const thinking = (text: string, signature: string): SaidBlock => ({
    type: "thinking",
    pieces: [text],
    signature,
  });
  const said = (text: string): SaidBlock => ({ type: "text", pieces: [text] });
  const called = (id: string): SaidBlock => ({
    type: "tool_use",
    id,
    name: "get_weather",
    pieces: ['{"city":', '"Bern"}'],
  });
  const redacted: SaidBlock = { type: "redacted_thinking", data: "secret" };
  const SHAPES: [string, SaidBlock[], SaidBlock[]][] = [
    [
      "thinking between calls",
      [thinking("a", "s1"), called("t1"), thinking("b", "s2"), called("t2")],
      [thinking("c", "s3"), called("t3"), thinking("", "s4"), called("t4")],
    ],
    [
      "thinking around words",
      [thinking("a", "s1"), said("One."), thinking("b", "s2"), called("t1")],
      [thinking("c", "s3"), said("Two."), redacted, called("t2")],
    ],
    [
      "thinking side by side",
      [thinking("a", "s1"), thinking("b", "s2"), redacted, thinking("c", "s3"), called("t1")],
      [said("One."), thinking("d", "s4"), called("t2"), said("Two."), called("t3")],
    ],
  ];

  describe.each(SHAPES)("%s", (_what, ...turns) => {
    test.each(["whole", "streamed"])("%s, replayed twice", async (way) => {
      const { url } = await atClaude.overHttp();
      const client = clientOf(atClaude, { baseURL: `${url}/api` });
      const messages: MessageParam[] = [{ role: "user", content: "Hi" }];
      const expected: unknown[] = [];
      for (const blocks of turns) {
        claude.script = saysAnthropic(blocks, "tool_use");
        const body = {
          ...HI,
          max_tokens: 4_000,
          thinking: { type: "enabled" as const, budget_tokens: 2_000 },
          tools: [weather],
          messages,
        };
        const answer =
          way === "whole"
            ? await client.messages.create(body)
            : await client.messages.stream(body).finalMessage();
        expect(arrayField(claude.requests.at(-1)?.json, "messages").filter(isAssistant)).toEqual(expected);
        messages.push(
          { role: "assistant", content: answer.content },
          { role: "user", content: results(blocks) },
        );
        expected.push({ role: "assistant", content: blocks.map(wholeBlock) });
      }
      claude.script = saysAnthropic([said("Done.")]);
      await client.messages.create({ ...HI, tools: [weather], messages });
      expect(arrayField(claude.requests.at(-1)?.json, "messages").filter(isAssistant)).toEqual(expected);
    });
  });

  function isAssistant(message: unknown): boolean {
    return field(message, "role") === "assistant";
  }

  function results(blocks: readonly SaidBlock[]): ToolResultBlockParam[] {
    return blocks.flatMap((block) =>
      block.type === "tool_use" ? [{ type: "tool_result", tool_use_id: block.id, content: "20 C" }] : [],
    );
  }
});

describe("count_tokens", () => {
  const image = {
    type: "image",
    source: { type: "base64", media_type: "image/png", data: "AAAA" },
  } as const;

  test("Anthropic's engine counts, and is asked for nothing else", async () => {
    claude.script = (exchange) => exchange.json(200, { input_tokens: 2_095 });
    const counted = await clientOf(atClaude).messages.countTokens({
      model: HI.model,
      messages: HI.messages,
      tools: [weather],
    });
    expect(counted).toMatchObject({ input_tokens: 2_095 });
    const [request, ...more] = claude.requests;
    expect(more).toEqual([]);
    expect(request?.path).toBe("/v1/messages/count_tokens");
    expect(request?.headers["x-api-key"]).toBe("sk-upstream");
    expect(Object.keys(isJsonObject(request?.json) ? request.json : {}).sort()).toEqual([
      "messages",
      "model",
      "tools",
    ]);
  });

  test.each([
    ["fails", failsWith(404, { error: { message: "no" } })],
    ["answers something else", answers("Hi")],
  ])("an engine that %s leaves an estimate, and stays in service", async (_name, script) => {
    claude.script = script;
    const client = clientOf(atClaude);
    expect(await client.messages.countTokens({ model: HI.model, messages: HI.messages })).toMatchObject({
      input_tokens: 1,
    });
    claude.script = saysAnthropic([{ type: "text", pieces: ["Hello."] }]);
    expect((await client.messages.create(HI)).content).toMatchObject([{ text: "Hello." }]);
  });

  test("a key that is refused is passed over for the next one, and stays good for chat", async () => {
    const two = await startProxyGateway(database, {
      ANTHROPIC_API_KEY: "sk-one",
      ANTHROPIC_API_KEY_2: "sk-two",
      ANTHROPIC_BASE_URL: claude.origin,
      MODELS_CONFIG: modelsConfig({}, { chain: [{ provider: "anthropic", model: "claude-haiku-4-5" }] }),
    });
    const asked = new Set<string>();
    claude.script = (exchange) => {
      const sent = exchange.request.headers["x-api-key"] ?? "";
      asked.add(sent);
      return asked.size === 1 ? failsWith(401, {})(exchange) : exchange.json(200, { input_tokens: 42 });
    };
    const question = { model: "smart", messages: HI.messages };
    for (let time = 0; time < 2; time++)
      expect(await clientOf(two).messages.countTokens(question)).toMatchObject({ input_tokens: 42 });
    expect([...asked].sort()).toEqual(["sk-one", "sk-two"]);
    expect(two.gateway.gateway.health.report()).toEqual([]);
    expect(two.gateway.gateway.health.snapshot().benches).toEqual([]);
    await two.stop();
  });

  test("only what reaches a provider counts towards the limits of a key", async () => {
    const user = await database.signUp();
    const limited = await createKey(database, user.userId, { requestsPerMinute: 1 });
    const question = { model: "smart", messages: HI.messages };
    const free = clientOf(proxy, { apiKey: limited });
    await free.messages.countTokens(question);
    await free.messages.countTokens(question);
    claude.script = (exchange) => exchange.json(200, { input_tokens: 8 });
    const asking = clientOf(atClaude, { apiKey: limited });
    await asking.messages.countTokens(question);
    await expect(asking.messages.countTokens(question)).rejects.toThrow(RateLimitError);
  });

  test("elsewhere it is estimated, pictures at a flat figure, and no provider is asked", async () => {
    const messages = [
      { role: "user" as const, content: [{ type: "text" as const, text: "x".repeat(400) }, image] },
    ];
    expect(await clientOf(proxy).messages.countTokens({ model: "smart", messages })).toMatchObject({
      input_tokens: 1_700,
    });
    expect(proxy.first.requests).toEqual([]);
  });
});

type Recorded = { name: string; headers: Record<string, string>; body: Record<string, unknown> };
const FOLDER = new URL("../fixtures/clients/", import.meta.url);
const RECORDED: readonly Recorded[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith("POST-v1_messages.json"))
  .map((file) => ({
    ...(JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as Omit<Recorded, "name">),
    name: file.replace(/-POST-.*$/, ""),
  }));
const CONTINUES = "anthropic-sdk-005";
const WHOLE = RECORDED.filter(({ name }) => name !== CONTINUES);
const CLAUDE_CODE = WHOLE.filter(({ name }) => name.startsWith("claude-code"));

async function replay(
  gateway: ProxyGateway,
  body: Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<Response> {
  const response = await gateway.fetch(`${ROOT}/v1/messages?beta=true`, {
    method: "POST",
    headers: { "x-api-key": key, "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return new Response(await response.text(), response);
}

/** Text and a list of one text are the same to the API. */
function asBlocks(content: unknown): unknown {
  if (typeof content === "string") return [{ type: "text", text: content }];
  if (!Array.isArray(content)) return content;
  return content.map((block: unknown) =>
    isJsonObject(block) && block["type"] === "tool_result"
      ? { ...block, content: asBlocks(block["content"]) }
      : block,
  );
}

/** What Anthropic ought to see: the client's own body, but for the differences that are meant. */
function expectedAtClaude(
  { system, messages, tools, ...rest }: Record<string, unknown>,
  dropped: readonly string[],
) {
  const body: Record<string, unknown> = { stream: false, ...rest };
  for (const name of dropped) delete body[name];
  if (system !== undefined) body["system"] = asBlocks(system);
  if (Array.isArray(messages)) {
    body["messages"] = messages.map((message: unknown) =>
      isJsonObject(message) ? { ...message, content: asBlocks(message["content"]) } : message,
    );
  }
  if (Array.isArray(tools)) {
    body["tools"] = tools
      .filter(isJsonObject)
      .map(({ type, ...tool }) => (type === undefined || type === "custom" ? tool : { ...tool, type }));
  }
  return body;
}

describe("a request of Claude Code's arrives at Anthropic as it was sent", () => {
  const betas = "claude-code-20250219,interleaved-thinking-2025-05-14";
  test.each(CLAUDE_CODE)("$name", async ({ name, body }) => {
    const response = await replay(atClaude, body, { "anthropic-beta": betas });
    expect(response.status).toBe(200);
    // Its last turn calls a tool without having thought: a model with a budget refuses to think then.
    const dropped = name === "claude-code-002" ? ["thinking", "context_management"] : [];
    expect(claude.requests[0]?.json).toEqual(expectedAtClaude(body, dropped));
    expect(claude.requests[0]?.headers["anthropic-beta"]).toBe(betas);
  });

  test("also when it has thought, thinks again after words, and then a document comes", async () => {
    const [, second] = CLAUDE_CODE;
    const [first, assistant, results] = arrayField(second?.body, "messages");
    const calls = arrayField(assistant, "content");
    const body = {
      ...second?.body,
      messages: [
        first,
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "Hm.", signature: "s1" },
            { type: "redacted_thinking", data: "secret" },
            { type: "text", text: "Well." },
            { type: "thinking", thinking: "", signature: "s2" },
            ...calls,
          ],
        },
        {
          role: "user",
          content: [
            ...arrayField(results, "content"),
            { type: "text", text: "Go on." },
            { type: "document", source: { type: "text", media_type: "text/plain", data: "x" } },
          ],
        },
      ],
    };
    expect((await replay(atClaude, body)).status).toBe(200);
    expect(claude.requests[0]?.json).toEqual(expectedAtClaude(body, []));
  });

  test("where nothing is thought, edits that clear thinking are left out, and others stay", async () => {
    const keep = { type: "clear_tool_uses_20250919" };
    const edits = [{ type: "clear_thinking_20251015", keep: "all" }, keep];
    await replay(atClaude, { ...HI, context_management: { edits } });
    expect(field(claude.requests[0]?.json, "context_management")).toEqual({ edits: [keep] });
  });

  test("of too many cache marks the last four arrive", async () => {
    const mark = { cache_control: { type: "ephemeral" } };
    const text = (value: string) => ({ type: "text", text: value, ...mark });
    await replay(atClaude, {
      ...HI,
      tools: [{ ...weather, ...mark }],
      system: [text("a"), text("b")],
      messages: [{ role: "user", content: [text("c"), text("d"), text("e")] }],
    });
    const sent = claude.requests[0]?.json;
    expect(arrayField(sent, "tools")[0]).not.toHaveProperty("cache_control");
    expect(arrayField(sent, "system")).toEqual([{ type: "text", text: "a" }, text("b")]);
    expect(field(arrayField(sent, "messages")[0], "content")).toEqual([text("c"), text("d"), text("e")]);
  });
});

describe("recorded requests", () => {
  test.each(WHOLE)("$name arrives at an OpenAI-compatible engine", async ({ body }) => {
    const response = await replay(proxy, body);
    expect(response.status).toBe(200);
    const sent = proxy.first.requests[0]?.json;
    const named = response.headers.get("x-sarmalink-dropped")?.split(", ") ?? [];
    const droppable = [
      "system.0 (text)",
      "thinking.display",
      "metadata.user_id",
      "context_management",
      "tools.defer_loading",
      "thread",
    ];
    expect(droppable).toEqual(expect.arrayContaining(named));
    const {
      max_tokens,
      stream = false,
      tools,
      tool_choice,
      metadata,
      thinking,
      messages,
      system,
      ...rest
    } = body;
    expect(Object.keys(rest).filter((name) => name !== "model" && !named.includes(name))).toEqual([]);
    expect(sent).toMatchObject({ max_tokens, stream });
    expect(field(sent, "tool_choice")).toEqual(tool_choice === undefined ? undefined : "auto");
    expect(field(sent, "reasoning_effort")).toBe(thinking === undefined ? undefined : "high");
    expect(typeof field(sent, "user")).toBe(metadata === undefined ? "undefined" : "string");
    expect(arrayField(sent, "tools")).toEqual(
      (Array.isArray(tools) ? tools : []).filter(isJsonObject).map((tool) => ({
        type: "function",
        function: { name: tool["name"], description: tool["description"], parameters: tool["input_schema"] },
      })),
    );
    const prompt = arrayField(sent, "messages");
    const lead = system === undefined ? [] : ["system"];
    const turns = (Array.isArray(messages) ? messages : []).map((message: unknown) =>
      field(arrayField(message, "content")[0], "type") === "tool_result" ? "tool" : field(message, "role"),
    );
    expect(prompt.map((message) => field(message, "role"))).toEqual([...lead, ...turns]);
    expect(JSON.stringify(prompt)).not.toContain("x-anthropic-billing-header");
  });

  test(`${CONTINUES} continues a thread, and is told to send everything`, async () => {
    const found = RECORDED.find(({ name }) => name === CONTINUES);
    const response = await replay(proxy, found?.body ?? {});
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      type: "error",
      error: { type: "not_found_error", details: { error_code: "thread_not_found" } },
    });
  });
});
