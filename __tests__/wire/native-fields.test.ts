import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { arrayField, field } from "#lib/shared/json.ts";
import { saysAnthropic } from "../support/anthropic-upstream.ts";
import { says } from "../support/scripted-answers.ts";
import { startWireGateway, type WireGateway } from "./wire-gateway.ts";

let wire: WireGateway;

beforeAll(async () => {
  wire = await startWireGateway([
    {
      vendor: "anthropic",
      model: "claude-opus-4-8",
      script: saysAnthropic([{ type: "text", pieces: ["Yes."] }]),
    },
    { vendor: "openai", model: "gpt-4.1", script: says({ text: ["Yes."] }) },
    {
      vendor: "own",
      model: "claude-here",
      provider: { protocol: "anthropic" },
      script: saysAnthropic([{ type: "text", pieces: ["Yes."] }]),
    },
  ]);
});

beforeEach(() => {
  for (const upstream of wire.upstreams) upstream.requests.length = 0;
});

afterAll(() => wire.stop());

const global = { type: "ephemeral", ttl: "1h", scope: "global" };
const text = { type: "text", text: "Hi" };
const user = (...content: unknown[]) => ({ messages: [{ role: "user", content }] });
const tool = { name: "read", description: "Reads", input_schema: { type: "object", properties: {} } };
const called = (call: object, result: object, ...more: unknown[]) => ({
  tools: [tool],
  messages: [
    { role: "user", content: [text] },
    {
      role: "assistant",
      content: [...more, { type: "tool_use", id: "toolu_1", name: "read", input: {}, ...call }],
    },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: [text], ...result }] },
  ],
});

type Row = { what: string; body: Record<string, unknown>; at: (body: unknown) => unknown; dropped: string };

const first = (body: unknown, list: string) => arrayField(body, list)[0];
const block = (body: unknown, message: number, index = 0) =>
  arrayField(arrayField(body, "messages")[message], "content")[index];

/** Every row arrives as it was sent; `dropped` is what an engine of another API names. */
const ROWS: readonly Row[] = [
  ...["block_binding", "display", "novelty"].map((name) => ({
    what: `thinking.${name}`,
    body: { ...user(text), thinking: { type: "adaptive", [name]: "x" } },
    at: (body: unknown) => field(body, "thinking"),
    dropped: `thinking.${name}`,
  })),
  {
    what: "cache_control of a system text",
    body: { ...user(text), system: [{ type: "text", text: "Be brief.", cache_control: global }] },
    at: (body) => first(body, "system"),
    dropped: "",
  },
  {
    what: "cache_control of a message",
    body: user({ ...text, cache_control: { type: "ephemeral", ttl: "5m" } }),
    at: (body) => block(body, 0),
    dropped: "",
  },
  {
    what: "cache_control of a kind of tomorrow",
    body: user({ ...text, cache_control: { type: "lasting", ttl: "1d" } }),
    at: (body) => block(body, 0),
    dropped: "",
  },
  {
    what: "cache_control of the request",
    body: { ...user(text), cache_control: { type: "ephemeral" } },
    at: (body) => field(body, "cache_control"),
    dropped: "cache_control",
  },
  {
    what: "tool_use.caller",
    body: called({ caller: { type: "code_execution_20250825", tool_id: "srvtoolu_1" } }, {}),
    at: (body) => block(body, 1),
    dropped: "tool_use.caller",
  },
  {
    what: "a field of a result",
    body: called({}, { novelty: 1 }),
    at: (body) => block(body, 2),
    dropped: "tool_result.novelty",
  },
  {
    what: "citations",
    body: called(
      {},
      {},
      {
        type: "text",
        text: "So it says.",
        citations: [{ type: "char_location", cited_text: "so", document_index: 0 }],
      },
    ),
    at: (body) => block(body, 1),
    dropped: "text.citations",
  },
  {
    what: "a field of an image",
    body: user({ type: "image", source: { type: "url", url: "https://a.example/b.png" }, novelty: 1 }),
    at: (body) => block(body, 0),
    dropped: "image.novelty",
  },
  ...(
    [
      ["defer_loading", true],
      ["allowed_callers", ["direct"]],
      ["input_examples", [{}]],
      ["eager_input_streaming", true],
      ["novelty", { a: 1 }],
    ] as const
  ).map(([name, value]) => ({
    what: `tools.${name}`,
    body: { ...user(text), tools: [{ ...tool, [name]: value }] },
    at: (body: unknown) => first(body, "tools"),
    dropped: `tools.${name}`,
  })),
  ...(
    [
      ["context_management", { edits: [{ type: "clear_tool_uses_20250919" }] }],
      ["container", { id: "c1", skills: [] }],
      ["mcp_servers", [{ type: "url", url: "https://a.example/mcp", name: "a" }]],
      ["service_tier", "auto"],
      ["speed", "fast"],
      ["inference_geo", "us"],
      ["novelty", [1]],
    ] as const
  ).map(([name, value]) => ({
    what: name,
    body: { ...user(text), [name]: value },
    at: (body: unknown) => field(body, name),
    dropped: name,
  })),
  {
    what: "output_config",
    body: {
      ...user(text),
      thinking: { type: "adaptive" },
      output_config: { effort: "medium", task_budget: { total: 5 } },
    },
    at: (body) => field(body, "output_config"),
    dropped: "output_config.task_budget",
  },
  {
    what: "an effort alone, which asks for no thinking",
    body: { ...user(text), output_config: { effort: "low" } },
    at: (body) => ({ ...(field(body, "output_config") as object), thinking: field(body, "thinking") }),
    dropped: "",
  },
  {
    what: "metadata",
    body: { ...user(text), metadata: { user_id: "u".repeat(90), novelty: "x" } },
    at: (body) => field(body, "metadata"),
    dropped: "metadata.novelty",
  },
  {
    what: "blocks of tools that run at the provider",
    body: called(
      {},
      {},
      { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "x" } },
      { type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: [] },
      { type: "text", text: "So." },
    ),
    at: (body) => arrayField(arrayField(body, "messages")[1], "content"),
    dropped: "messages.1.content.0 (server_tool_use), messages.1.content.1 (web_search_tool_result)",
  },
  {
    what: "tools that run at the provider",
    body: { ...user(text), tools: [tool, { type: "code_execution_20250825", name: "code_execution" }] },
    at: (body) => arrayField(body, "tools")[1],
    dropped: "tools.1 (code_execution_20250825)",
  },
];

describe("W26: what only Anthropic's API knows goes to it as it is, and is named for other APIs", () => {
  test.each(ROWS)("$what", async ({ body, at, dropped }) => {
    const sent = { max_tokens: 4_000, ...body };
    for (const [index, model] of [
      [0, "anthropic/claude-opus-4-8"],
      [2, "own-2/claude-here"],
    ] as const) {
      for (const stream of [true, false]) {
        const reply = await wire.ask("v1/messages", stream, { ...sent, model });
        expect(reply).toMatchObject({ status: 200, text: "Yes." });
        expect(at(wire.upstreams[index]?.requests.at(-1)?.json)).toEqual(at(sent));
        expect(reply.headers.get("x-sarmalink-dropped")).toBeNull();
      }
    }
    const other = await wire.ask("v1/messages", true, { ...sent, model: "openai/gpt-4.1" });
    expect(other.status).toBe(200);
    const named = (other.headers.get("x-sarmalink-dropped") ?? "").replace(/(?:, )?reasoning_effort/, "");
    for (const name of dropped.split(", ")) expect(named).toContain(name);
    expect(named.replace(dropped, "").replace(/metadata\.user_id/, "")).toMatch(/^[, ]*$/);
  });

  test("citations that this gateway made of another engine's sources do not go to Anthropic", async () => {
    const citation = { type: "web_search_result_location", url: "https://a.example", encrypted_index: "" };
    const body = called({}, {}, { type: "text", text: "So.", citations: [citation] });
    await wire.ask("v1/messages", true, { ...body, model: "anthropic/claude-opus-4-8", max_tokens: 100 });
    expect(block(wire.upstreams[0]?.requests[0]?.json, 1)).toEqual({ type: "text", text: "So." });
  });
});

describe("W26: cache_control from chat completions reaches Anthropic", () => {
  const mark = { type: "ephemeral", ttl: "1h" };
  const fn = { name: "read", arguments: "{}" };
  const history = (system: object, result: object) => [
    { role: "system", ...system },
    { role: "user", content: "Hi" },
    { role: "assistant", content: null, tool_calls: [{ id: "c1", type: "function", function: fn }] },
    { role: "tool", tool_call_id: "c1", ...result },
  ];
  const part = { type: "text", text: "Long.", cache_control: mark };
  test.each([
    ["parts", { content: [part] }, { content: [part] }],
    ["messages", { content: "Long.", cache_control: mark }, { content: "Long.", cache_control: mark }],
  ])("on %s of system and tool", async (_where, system, result) => {
    const tools = [{ type: "function", function: { name: "read", parameters: { type: "object" } } }];
    const model = "anthropic/claude-opus-4-8";
    await wire.ask("v1/chat/completions", true, { model, messages: history(system, result), tools });
    const body = wire.upstreams[0]?.requests[0]?.json;
    expect(first(body, "system")).toEqual(part);
    expect(JSON.stringify(block(body, 2))).toContain(JSON.stringify(mark));
  });
});

describe("W5: blocks of the provider's tools come to the client whole", () => {
  const call = {
    type: "tool_use",
    id: "toolu_1",
    name: "read",
    input: { a: 1 },
    caller: { type: "x", tool_id: "s" },
  };

  test("a call of a tool keeps its caller, streamed and whole", async () => {
    const usage = { input_tokens: 1, output_tokens: 1 };
    const script = wire.upstreams[0]?.script;
    for (const stream of [true, false]) {
      const upstream = wire.upstreams[0];
      if (upstream === undefined) throw new Error("There is no upstream.");
      upstream.script = async (exchange) => {
        const message = { id: "m", type: "message", role: "assistant", model: "c", usage };
        if (!stream) {
          await exchange.json(200, { ...message, content: [call], stop_reason: "tool_use" });
          return;
        }
        await exchange.startStream();
        await exchange.event({ type: "message_start", message: { ...message, content: [] } });
        await exchange.event({
          type: "content_block_start",
          index: 0,
          content_block: { ...call, input: {} },
        });
        const delta = { type: "input_json_delta", partial_json: '{"a":1}' };
        await exchange.event({ type: "content_block_delta", index: 0, delta });
        await exchange.event({ type: "content_block_stop", index: 0 });
        await exchange.event({ type: "message_delta", delta: { stop_reason: "tool_use" }, usage });
        await exchange.event({ type: "message_stop" });
        await exchange.endStream();
      };
      const { frames } = await wire.ask("v1/messages", stream, { model: "anthropic/claude-opus-4-8" });
      const started = frames
        .map((frame) => field(frame, "content_block"))
        .find((found) => found !== undefined);
      const got = stream ? started : first(frames[0], "content");
      expect(field(got, "caller")).toEqual({ type: "x", tool_id: "s" });
    }
    if (script !== undefined && wire.upstreams[0] !== undefined) wire.upstreams[0].script = script;
  });
});
