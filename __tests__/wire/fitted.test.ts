import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { STRICT, type StrictKind } from "../strict-upstreams/index.ts";
import { saysAnthropic } from "../support/anthropic-upstream.ts";
import { type Exchange, isStreaming, type Script } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { PROXY_ROUTES, startWireGateway, type WireEngine, type WireRoute } from "./wire-gateway.ts";

type Json = Record<string, unknown>;

const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);

/** Names that each API refuses in its own way, and one that all take. */
const NAMES = ["1st.tool", `mcp__${"long".repeat(20)}__a`, `mcp__${"long".repeat(20)}__b`, "plain"];
const KEY = "filter[id]";
const PARAMETERS = { type: "object", properties: { [KEY]: { type: "string" }, n: { type: "number" } } };

type Kind = "openai" | "anthropic" | "gemini";
type Declared = { name: string; keys: string[] };

function declared(kind: Kind, body: Json): Declared[] {
  const tools = list(kind === "gemini" ? list(body["tools"])[0]?.["functionDeclarations"] : body["tools"]);
  return tools.map((tool) => {
    const own = kind === "openai" ? (tool["function"] as Json) : tool;
    const schema = (own["parameters"] ?? own["input_schema"]) as Json;
    return { name: String(own["name"]), keys: Object.keys(schema["properties"] as Json) };
  });
}

const RULES: Readonly<Record<Kind, RegExp>> = {
  openai: /^[a-zA-Z0-9_-]{1,64}$/,
  anthropic: /^[a-zA-Z0-9_-]{1,128}$/,
  gemini: /^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/,
};

/** An engine that calls every tool with every property, by the names that it was given, or refuses them. */
function callsAll(kind: Kind): Script {
  return async (exchange) => {
    const tools = declared(kind, exchange.request.json as Json);
    const refused =
      tools.some(({ name }) => !RULES[kind].test(name)) ||
      (kind === "anthropic" && tools.some(({ keys }) => keys.some((key) => !/^[\w.-]{1,64}$/.test(key))));
    if (refused)
      return exchange.json(400, { error: { message: "Invalid name", type: "invalid_request_error" } });
    const calls = tools.map(({ name, keys }) => ({
      name,
      args: Object.fromEntries(keys.map((key) => [key, key === "n" ? 1 : "v"])),
    }));
    if (kind === "openai") return callOpenAi(exchange, calls);
    if (kind === "gemini") return callGemini(exchange, calls);
    const blocks = calls.map(({ name, args }, index) => {
      const input = JSON.stringify(args);
      return {
        type: "tool_use" as const,
        id: `toolu_${index}`,
        name,
        pieces: [input.slice(0, 7), input.slice(7)],
      };
    });
    return saysAnthropic(blocks, "tool_use")(exchange);
  };
}

type Call = { name: string; args: Json };

async function callOpenAi(exchange: Exchange, calls: readonly Call[]): Promise<void> {
  const tool_calls = calls.map(({ name, args }, index) => ({
    index,
    id: `call_${index}`,
    type: "function",
    function: { name, arguments: JSON.stringify(args) },
  }));
  if (!isStreaming(exchange.request)) {
    const message = { role: "assistant", content: null, tool_calls };
    return exchange.json(200, { choices: [{ index: 0, message, finish_reason: "tool_calls" }] });
  }
  const chunk = (delta: Json, finish_reason: string | null = null): string =>
    `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  const pieces = tool_calls.flatMap(({ function: fn, ...call }) => [
    chunk({ tool_calls: [{ ...call, function: { name: fn.name, arguments: fn.arguments.slice(0, 5) } }] }),
    chunk({ tool_calls: [{ index: call.index, function: { arguments: fn.arguments.slice(5) } }] }),
  ]);
  const text = `${pieces.join("")}${chunk({}, "tool_calls")}data: [DONE]\n\n`;
  return exchange.respond(200, text, { "content-type": "text/event-stream" });
}

async function callGemini(exchange: Exchange, calls: readonly Call[]): Promise<void> {
  const parts = calls.map((functionCall) => ({ functionCall }));
  const answer = { candidates: [{ content: { role: "model", parts }, finishReason: "STOP" }] };
  if (exchange.request.path.includes(":generateContent")) return exchange.json(200, answer);
  return exchange.respond(200, `data: ${JSON.stringify(answer)}\n\n`, {
    "content-type": "text/event-stream",
  });
}

function toolsFor(route: WireRoute): Json[] {
  return NAMES.map((name): Json => {
    switch (route) {
      case "v1/messages":
        return { name, input_schema: PARAMETERS };
      case "v1/responses":
        return { type: "function", name, parameters: PARAMETERS };
      default:
        return { type: "function", function: { name, parameters: PARAMETERS } };
    }
  });
}

let database: TestSupabase;
beforeAll(async () => {
  database = await startTestSupabase();
});
afterAll(() => database.stop());

const ENGINES: readonly (WireEngine & { kind: Kind })[] = [
  { kind: "openai", vendor: "openai", model: "gpt-4o" },
  { kind: "openai", vendor: "own", model: "qwen3" },
  { kind: "openai", vendor: "groq", model: "openai/gpt-oss-120b" },
  { kind: "anthropic", vendor: "anthropic", model: "claude-haiku-4-5" },
  { kind: "gemini", vendor: "gemini-grounded", model: "gemini-3.8-flash" },
];

describe("W23: names that the engine refuses are rewritten on the way and back", () => {
  test.each(ENGINES)("$vendor/$model", async ({ kind, ...engine }) => {
    const wire = await startWireGateway([{ ...engine, script: callsAll(kind) }], { database });
    try {
      for (const route of PROXY_ROUTES) {
        for (const stream of [true, false]) {
          const reply = await wire.ask(route, stream, { tools: toolsFor(route) });
          expect([route, stream, reply.status, reply.error]).toEqual([route, stream, 200, undefined]);
          expect(reply.calls.map(({ name }) => name)).toEqual(NAMES);
          for (const call of reply.calls) expect(JSON.parse(call.arguments)).toEqual({ [KEY]: "v", n: 1 });
        }
      }
      // The same names in every turn: prompt caches depend on them.
      const sent = wire.upstreams[0]?.requests.map(({ json }) => declared(kind, json as Json));
      expect(new Set(sent?.map((tools) => JSON.stringify(tools))).size).toBe(kind === "anthropic" ? 2 : 1);
    } finally {
      await wire.stop();
    }
  });
});

describe("W16: a system message in the middle stays in its place", () => {
  const messages = [
    { role: "user", content: "Hi" },
    { role: "assistant", content: "Hello" },
    { role: "user", content: "Go on" },
    { role: "system", content: "Be terse." },
  ];
  const REMINDER = "<system-reminder>\\nBe terse.\\n</system-reminder>";
  test.each([
    ["own", "qwen3.8-27b", true],
    ["groq", "openai/gpt-oss-120b", true],
    ["openai", "gpt-4o", false],
    ["openrouter", "openai/gpt-4o", false],
    ["openrouter", "qwen/qwen3", true],
    ["gemini-grounded", "gemini-3.8-flash", true],
    ["anthropic", "claude-opus-4-7", true],
    ["anthropic", "claude-sonnet-5", true],
    ["anthropic", "claude-opus-4-8", false],
  ] as const)("%s/%s as a reminder: %s", async (vendor, model, isReminder) => {
    const wire = await startWireGateway([{ vendor, model }], { database });
    try {
      for (const route of PROXY_ROUTES) {
        await wire.ask(route, true, route === "v1/responses" ? { input: messages } : { messages });
      }
      const bodies = wire.upstreams[0]?.requests.map(({ text }) => text) ?? [];
      expect(bodies.length).toBeGreaterThanOrEqual(PROXY_ROUTES.length);
      for (const body of bodies) {
        expect(body.includes(REMINDER)).toBe(isReminder);
        expect(body.indexOf("Be terse.")).toBeGreaterThan(body.indexOf("Go on"));
      }
    } finally {
      await wire.stop();
    }
  });
});

describe("W22: tools and a JSON format where they exclude each other", () => {
  const changes = {
    tools: toolsFor("v1/chat/completions"),
    response_format: { type: "json_object" },
  };
  test.each([
    ["gemini-grounded", "gemini-2.5-flash", "responseMimeType"],
    ["groq", "openai/gpt-oss-120b", "response_format"],
  ] as const)("%s/%s is passed over, and alone is asked in words", async (vendor, model, field) => {
    const both = await startWireGateway(
      [
        { vendor, model },
        { vendor: "own", model: "able" },
      ],
      { database },
    );
    try {
      const reply = await both.ask("v1/chat/completions", true, changes);
      expect(reply.headers.get("x-sarmalink-engine")).toContain("able");
      expect(both.upstreams[0]?.requests).toEqual([]);
    } finally {
      await both.stop();
    }
    const alone = await startWireGateway([{ vendor, model }], { database });
    try {
      const reply = await alone.ask("v1/chat/completions", true, changes);
      const [request] = alone.upstreams[0]?.requests ?? [];
      expect(request?.text).not.toContain(field);
      expect(request?.text).toContain("one JSON value");
      if (reply.status === 200) expect(reply.headers.get("x-sarmalink-dropped")).toContain("response_format");
    } finally {
      await alone.stop();
    }
  });
});

/** An engine behind an upstream that refuses what the real API refuses. */
type StrictEngine = readonly [kind: StrictKind, engine: WireEngine];
const GPT: StrictEngine = ["openai", { vendor: "openai", model: "gpt-5.6-sol" }];
const CLAUDE: StrictEngine = ["anthropic", { vendor: "anthropic", model: "claude-sonnet-4-5" }];
const OPUS: StrictEngine = ["anthropic", { vendor: "anthropic", model: "claude-opus-4-7" }];
const GEMINI: StrictEngine = ["gemini", { vendor: "gemini-grounded", model: "gemini-3.5-flash" }];
const KIMI: StrictEngine = ["own", { vendor: "own", model: "kimi-k2.5" }];
const LLAMA: StrictEngine = ["own", { vendor: "own", model: "llama3.3" }];
const MISTRAL: StrictEngine = ["own", { vendor: "own", model: "mistral-small" }];
const GEMMA: StrictEngine = ["own", { vendor: "own", model: "gemma3" }];

const hi = { role: "user", content: "Hi" };
const READ = { type: "function", function: { name: "read", parameters: { type: "object", properties: {} } } };
const called = (text: string): Json => ({
  messages: [
    hi,
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "c1", type: "function", function: { name: "read", arguments: text } }],
    },
    { role: "tool", tool_call_id: "c1", content: "ok" },
  ],
  tools: [READ],
});
const loose = { type: "object", properties: { a: { type: "string", minLength: 3 } } };
const format = { name: "my schema!", schema: loose, strict: true };
const odd = (name: string): Json => ({ ...READ, function: { ...READ.function, name } });
const rootOf = (parameters: Json): Json => ({
  messages: [hi],
  tools: [{ type: "function", function: { name: "read", parameters } }],
});

describe("what an API refuses is put right before it is sent", () => {
  const chat = "v1/chat/completions";
  test.each<[string, WireRoute, Json, readonly StrictEngine[], dropped?: string]>([
    ["W20: calls without tools", chat, { ...called("{}"), tools: undefined }, [CLAUDE, OPUS, GEMINI, GPT]],
    [
      "W20: blocks of calls without tools",
      "v1/messages",
      {
        messages: [
          hi,
          { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "read", input: {} }] },
          { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "ok" }] },
        ],
      },
      [CLAUDE, GEMINI, KIMI],
    ],
    [
      "W22: the user behind a tool's result",
      chat,
      { ...called("{}"), messages: [...(called("{}")["messages"] as Json[]), hi] },
      [MISTRAL, GEMMA, KIMI],
    ],
    [
      "W20: nothing but empty text",
      chat,
      { messages: [{ role: "user", content: "" }] },
      [GPT, CLAUDE, GEMINI],
    ],
    ["W19: arguments that are no JSON", chat, called('{"p": "a'), [MISTRAL, KIMI, LLAMA, GEMINI, CLAUDE]],
    ["W19: arguments that are a list", chat, called("[1,2]"), [MISTRAL, KIMI, LLAMA, GEMINI, CLAUDE]],
    ["W19: arguments that are a text", chat, called('"a"'), [MISTRAL, KIMI, LLAMA, GEMINI, CLAUDE]],
    ["W19: arguments that are null", chat, called("null"), [MISTRAL, KIMI, LLAMA, GEMINI, CLAUDE]],
    [
      "W23: names that begin with no letter",
      chat,
      { messages: [hi], tools: ["7zip", "-dash", "_hidden", "9.x", "\u00e4"].map(odd) },
      [KIMI, GEMINI, GPT],
    ],
    [
      "W18: a loose schema for the answer, strict, with an odd name",
      chat,
      { response_format: { type: "json_schema", json_schema: format } },
      [GPT],
      "response_format.strict",
    ],
    [
      "W18: the same in Responses",
      "v1/responses",
      { text: { format: { type: "json_schema", ...format } } },
      [GPT],
      "response_format.strict",
    ],
    [
      "W18: a list as parameters",
      chat,
      rootOf({ type: "array", items: { type: "string" } }),
      [GPT, CLAUDE, GEMINI],
      "tools.parameters",
    ],
    [
      "W18: a text as parameters",
      chat,
      rootOf({ type: "string" }),
      [GPT, CLAUDE, GEMINI],
      "tools.parameters",
    ],
  ])("%s", async (_title, route, changes, engines, dropped) => {
    for (const [kind, engine] of engines) {
      const strict = STRICT[kind]();
      const wire = await startWireGateway([{ ...engine, script: strict.script }], { database });
      try {
        for (const stream of [true, false]) {
          const reply = await wire.ask(route, stream, changes);
          expect([engine.model, reply.status, strict.refusals.map(({ body }) => body)]).toEqual([
            engine.model,
            200,
            [],
          ]);
          if (dropped !== undefined) expect(reply.headers.get("x-sarmalink-dropped")).toContain(dropped);
        }
        // Arguments that are no JSON object are not emptied.
        const [request] = wire.upstreams[0]?.requests ?? [];
        if (JSON.stringify(changes).includes("[1,2]")) expect(request?.text).toContain("[1,2]");
      } finally {
        await wire.stop();
      }
    }
  });
});
