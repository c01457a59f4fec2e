import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { field } from "#lib/shared/json.ts";
import { type Exchange, isStreaming, type Script } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import {
  PROXY_ROUTES,
  type Reply,
  ROUTES,
  startWireGateway,
  type Vendor,
  type WireCall,
  type WireGateway,
  type WireRoute,
} from "./wire-gateway.ts";

// Where an answer ends, what it is called, and what it used, as engines of three APIs tell it on the wire.

let database: TestSupabase;
const gateways = new Map<string, WireGateway>();

beforeAll(async () => {
  database = await startTestSupabase();
  const engines: readonly [Vendor, string][] = [
    ["groq", "llama-3.3-70b-versatile"],
    ["anthropic", "claude-opus-4-7"],
    ["gemini-grounded", "gemini-3.5-flash"],
    ["openrouter", "vendor/model"],
  ];
  for (const [vendor, model] of engines) {
    gateways.set(vendor, await startWireGateway([{ vendor, model }], { database }));
  }
});

afterAll(async () => {
  for (const gateway of gateways.values()) await gateway.stop();
  await database.stop();
});

type Api = "groq" | "anthropic" | "gemini-grounded" | "openrouter";

function wireOf(api: Api): WireGateway {
  const wire = gateways.get(api);
  if (wire === undefined) throw new Error(`No gateway for ${api}.`);
  return wire;
}

async function ask(
  api: Api,
  route: WireRoute,
  stream: boolean,
  script: Script,
  changes: Record<string, unknown> = {},
): Promise<Reply> {
  const wire = wireOf(api);
  const [upstream] = wire.upstreams;
  if (upstream === undefined) throw new Error("No engine.");
  upstream.script = script;
  return wire.ask(route, stream, changes);
}

type Row = {
  status: string;
  prompt: number;
  completion: number;
  cached: number;
  source: string;
  cost: number | null;
};

async function rowOf(api: Api, reply: Reply): Promise<Row | undefined> {
  await wireOf(api).settled();
  const [row] = await database.sql<Row[]>`
    select status, prompt_tokens::float8 as prompt, completion_tokens::float8 as completion,
           cached_tokens::float8 as cached, usage_source as source, cost_usd::float8 as cost
    from ai_chat_usage where id = ${reply.headers.get("x-request-id")}`;
  return row;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A number is a pause in milliseconds; anything else is a frame. */
type Step = unknown;
type Ending = "end" | "DONE" | "silence" | "reset";

function streams(steps: readonly Step[], ending: Ending = "end", events = false): Script {
  return async (exchange: Exchange) => {
    await exchange.startStream();
    for (const step of steps) {
      if (typeof step === "number") await pause(step);
      else if (events) {
        const type = String(Reflect.get(step as object, "type"));
        await exchange.chunk(`event: ${type}\ndata: ${JSON.stringify(step)}\n\n`);
      } else await exchange.event(step);
    }
    if (ending === "DONE") await exchange.event("[DONE]");
    if (ending === "end" || ending === "DONE") return exchange.endStream();
    if (ending === "reset") return exchange.reset();
    return exchange.closed();
  };
}

// OpenAI-compatible frames.
const delta = (value: Record<string, unknown>, finish: string | null = null): unknown => ({
  choices: [{ index: 0, delta: value, finish_reason: finish }],
});
const text = (content: string, finish: string | null = null): unknown => delta({ content }, finish);
const USAGE = { prompt_tokens: 1_000, completion_tokens: 500, total_tokens: 1_500 };
const usage = (counts: unknown = USAGE): unknown => ({ choices: [], usage: counts });
const callOf = (fn: Record<string, unknown>, more: Record<string, unknown> = {}): unknown =>
  delta({ tool_calls: [{ index: 0, function: fn, ...more }] });

// Gemini's.
const GEMINI_USAGE = { promptTokenCount: 1_000, candidatesTokenCount: 500, totalTokenCount: 1_500 };
const part = (value: unknown, finishReason?: string, usageMetadata?: unknown): unknown => ({
  candidates: [
    {
      content: { role: "model", parts: value === undefined ? [] : [value] },
      ...(finishReason === undefined ? {} : { finishReason }),
    },
  ],
  ...(usageMetadata === undefined ? {} : { usageMetadata }),
});

// Anthropic's.
const start = (counts: unknown = { input_tokens: 1_000, output_tokens: 1 }): unknown => ({
  type: "message_start",
  message: { usage: counts },
});
const block = (index: number, content: unknown, ...deltas: readonly unknown[]): unknown[] => [
  { type: "content_block_start", index, content_block: content },
  ...deltas.map((value) => ({ type: "content_block_delta", index, delta: value })),
  { type: "content_block_stop", index },
];
const textBlock = (index: number, said: string): unknown[] =>
  block(index, { type: "text", text: "" }, { type: "text_delta", text: said });
const stop = (reason: string, counts: unknown = { output_tokens: 500 }): unknown => ({
  type: "message_delta",
  delta: { stop_reason: reason, stop_sequence: null },
  usage: counts,
});
const END = { type: "message_stop" };

const GOOD: Record<string, string> = {
  "ai-chat": "done",
  "v1/chat/completions": "stop",
  "v1/responses": "completed",
  "v1/messages": "end_turn",
};
const LENGTH: Record<string, string> = {
  "v1/chat/completions": "length",
  "v1/responses": "incomplete: max_output_tokens",
  "v1/messages": "max_tokens",
};

describe("W1: content after a finish reason takes it back", () => {
  const openAi = (steps: readonly Step[], ending: Ending = "DONE"): readonly [Api, Script] => [
    "groq",
    streams([...steps, usage()], ending),
  ];
  const SHAPES: readonly (readonly [string, readonly [Api, Script], string])[] = [
    [
      "on every chunk, for longer than a second",
      openAi([text("One ", "stop"), 700, text("two ", "stop"), 700, text("three.", "stop")]),
      "One two three.",
    ],
    [
      "on a first empty chunk",
      openAi([delta({ role: "assistant" }, "stop"), 1_200, text("Hi"), text("!", "stop")]),
      "Hi!",
    ],
    [
      "long before the rest",
      openAi([text("a"), delta({}, "stop"), 1_500, text("b"), delta({}, "stop")]),
      "ab",
    ],
    ["then usage, then content", openAi([text("a", "stop"), usage(), 300, text("b", "stop")]), "ab"],
    [
      "then reasoning",
      openAi([text("a", "stop"), delta({ reasoning_content: "hm" }), text("b", "stop")]),
      "ab",
    ],
    ["and only [DONE] behind the rest", openAi([text("a", "stop"), 300, text("b")]), "ab"],
    ["and the body ends", openAi([text("a", "stop"), 300, text("b", "stop")], "end"), "ab"],
    ["and nothing more comes", openAi([text("a", "stop"), 300, text("b", "stop")], "silence"), "ab"],
    [
      "Gemini: on leading empty chunks",
      [
        "gemini-grounded",
        streams([
          part(undefined, "STOP"),
          part(undefined, "STOP"),
          1_200,
          part({ text: "Hello." }),
          part(undefined, "STOP", GEMINI_USAGE),
        ]),
      ],
      "Hello.",
    ],
    [
      "Gemini: between two rounds of a built-in tool, with usage",
      [
        "gemini-grounded",
        streams([
          part({ executableCode: { code: "1+1" } }),
          part({ text: "Looking. " }, "STOP", GEMINI_USAGE),
          1_300,
          part({ text: "Found." }, undefined, GEMINI_USAGE),
          part({ text: "" }, "STOP", GEMINI_USAGE),
        ]),
      ],
      "Looking. Found.",
    ],
    [
      "Gemini: on every chunk",
      [
        "gemini-grounded",
        streams([
          part({ text: "a" }, "STOP", GEMINI_USAGE),
          1_100,
          part({ text: "b" }, "STOP", GEMINI_USAGE),
        ]),
      ],
      "ab",
    ],
    [
      "Anthropic: a proxy splices a second message",
      [
        "anthropic",
        streams(
          [
            start(),
            ...textBlock(0, "a"),
            stop("end_turn"),
            1_200,
            start(),
            ...textBlock(0, "b"),
            stop("end_turn"),
            END,
          ],
          "end",
          true,
        ),
      ],
      "ab",
    ],
  ];
  describe.each(SHAPES)("%s", (_name, [api, script], expected) => {
    test.concurrent.each(ROUTES)("%s", async (route) => {
      const reply = await ask(api, route, true, script);
      expect(reply).toMatchObject({ status: 200, text: expected, finish: GOOD[route], error: undefined });
    });
  });

  test("a finish, then calls", async () => {
    const script = streams([
      delta({ content: null }, "stop"),
      1_100,
      callOf({ name: "f", arguments: '{"a":1}' }, { id: "c1" }),
      delta({}, "stop"),
      usage(),
    ]);
    const reply = await ask("groq", "v1/chat/completions", true, script);
    expect(reply).toMatchObject({
      finish: "tool_calls",
      calls: [{ id: "c1", name: "f", arguments: '{"a":1}' }],
    });
  });

  test("what follows a finish and is cut off is no success", async () => {
    const script = streams([text("a", "stop"), text("b")], "reset");
    const reply = await ask("groq", "v1/chat/completions", true, script);
    expect(reply.error).toBeDefined();
    expect(reply.finish).toBe("error");
  });
});

describe("W2: usage that comes late is waited for", () => {
  test.each(ROUTES)("%s: three seconds after the finish", async (route) => {
    const reply = await ask("groq", route, true, streams([text("Hi", "stop"), 3_000, usage()], "silence"));
    expect(reply).toMatchObject({ text: "Hi", finish: GOOD[route], error: undefined });
    expect(await rowOf("groq", reply)).toMatchObject({
      status: "completed",
      prompt: 1_000,
      completion: 500,
      source: "exact",
    });
  });

  test.concurrent.each(ROUTES)(
    "%s: seven seconds after the finish, behind the client's end",
    async (route) => {
      const begun = performance.now();
      const reply = await ask("groq", route, true, streams([text("Hi", "stop"), 7_000, usage()], "DONE"));
      expect(performance.now() - begun).toBeLessThan(6_500);
      expect(reply).toMatchObject({ text: "Hi", finish: GOOD[route], error: undefined });
      expect(await rowOf("groq", reply)).toMatchObject({
        status: "completed",
        prompt: 1_000,
        completion: 500,
        source: "exact",
      });
    },
  );

  test("a stream that only stays open leaves an estimate", async () => {
    const reply = await ask("groq", "v1/messages", true, streams([text("Hi", "stop"), 6_000], "reset"));
    expect(reply).toMatchObject({ text: "Hi", finish: "end_turn" });
    expect(await rowOf("groq", reply)).toMatchObject({ status: "completed", source: "estimated" });
  });
}, 20_000);

describe("W4: an empty answer with a finish reason and usage is an answer", () => {
  const whole =
    (body: unknown, frames: Script): Script =>
    (exchange) =>
      isStreaming(exchange.request) || exchange.request.path.includes("stream")
        ? frames(exchange)
        : exchange.json(200, body);
  const SHAPES: readonly (readonly [string, Api, Script])[] = [
    [
      "OpenAI",
      "groq",
      whole(
        {
          choices: [{ index: 0, message: { role: "assistant", content: "" }, finish_reason: "stop" }],
          usage: USAGE,
        },
        streams([delta({ role: "assistant", content: "" }), delta({}, "stop"), usage()], "DONE"),
      ),
    ],
    [
      "OpenAI, calls promised and none made",
      "groq",
      whole(
        {
          choices: [{ index: 0, message: { role: "assistant", content: null }, finish_reason: "tool_calls" }],
          usage: USAGE,
        },
        streams([delta({}, "tool_calls"), usage()], "end"),
      ),
    ],
    [
      "Anthropic",
      "anthropic",
      whole(
        {
          type: "message",
          content: [],
          stop_reason: "end_turn",
          usage: { input_tokens: 1_000, output_tokens: 2 },
        },
        streams([start(), stop("end_turn"), END], "end", true),
      ),
    ],
    [
      "Gemini",
      "gemini-grounded",
      whole(part(undefined, "STOP", GEMINI_USAGE), streams([part(undefined, "STOP", GEMINI_USAGE)])),
    ],
  ];
  describe.each(SHAPES)("%s", (_name, api, script) => {
    test.each(ROUTES)("%s", async (route) => {
      for (const stream of [true, false]) {
        const reply = await ask(api, route, stream, script);
        expect(reply).toMatchObject({
          status: 200,
          text: "",
          finish: GOOD[route],
          error: undefined,
          calls: [],
        });
        expect(await rowOf(api, reply)).toMatchObject({ status: "completed", prompt: 1_000 });
      }
    });
  });

  test("behind a tool's result it needs no usage; elsewhere it does", async () => {
    const script = streams([delta({}, "stop")], "DONE");
    const messages = [
      { role: "user", content: "Hi" },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }],
      },
      { role: "tool", tool_call_id: "c", content: "ok" },
    ];
    const reply = await ask("groq", "v1/chat/completions", true, script, { messages });
    expect(reply).toMatchObject({ status: 200, finish: "stop" });
    expect((await ask("groq", "v1/chat/completions", true, script)).status).toBe(503);
  });
});

describe("W5: a pause, and blocks of tools that run at Anthropic", () => {
  const blocks = [
    { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "x" } },
    {
      type: "web_search_tool_result",
      tool_use_id: "srvtoolu_1",
      content: [{ type: "web_search_result", url: "https://a.example", encrypted_content: "e" }],
    },
  ];
  const script: Script = (exchange) =>
    isStreaming(exchange.request)
      ? streams(
          [
            start(),
            ...textBlock(0, "Let me look."),
            ...block(1, blocks[0]),
            ...block(2, blocks[1]),
            stop("pause_turn"),
            END,
          ],
          "end",
          true,
        )(exchange)
      : exchange.json(200, {
          type: "message",
          content: [{ type: "text", text: "Let me look." }, ...blocks],
          stop_reason: "pause_turn",
          usage: { input_tokens: 1, output_tokens: 1 },
        });

  test("the container that a pause goes on in comes to the client", async () => {
    const container = { id: "container_1", expires_at: "2026-11-26T23:00:00Z" };
    const whole = {
      type: "message",
      content: [{ type: "text", text: "Hi." }],
      stop_reason: "pause_turn",
      container,
      usage: { input_tokens: 1, output_tokens: 1 },
    };
    const end = { type: "message_delta", delta: { stop_reason: "pause_turn", container }, usage: {} };
    const streamed = streams([start(), ...textBlock(0, "Hi."), end, END], "end", true);
    const told = await ask("anthropic", "v1/messages", false, (exchange) => exchange.json(200, whole));
    expect(told.frames).toMatchObject([{ container }]);
    const { frames } = await ask("anthropic", "v1/messages", true, streamed);
    expect(frames.map((frame) => field(field(frame, "delta"), "container"))).toContainEqual(container);
  });

  test("citations come to their own clients whole, each with its text", async () => {
    const web = {
      type: "web_search_result_location",
      url: "https://a.example",
      title: "A",
      encrypted_index: "i",
      cited_text: "x",
    };
    const page = { type: "page_location", document_index: 0, start_page_number: 1, cited_text: "y" };
    const again = { ...web, encrypted_index: "j" };
    const citing = [
      { type: "text", text: "One.", citations: [web, page] },
      { type: "text", text: " Two.", citations: null },
      ...blocks,
      { type: "text", text: "Three.", citations: [again] },
    ];
    const frames = citing.flatMap((one, index) =>
      "text" in one
        ? block(
            index,
            { type: "text", text: "", citations: [] },
            { type: "text_delta", text: one.text },
            ...(one.citations ?? []).map((citation) => ({ type: "citations_delta", citation })),
          )
        : block(index, one),
    );
    const usage = { input_tokens: 1, output_tokens: 1 };
    const whole = { type: "message", content: citing, stop_reason: "end_turn", usage };
    const told = await ask("anthropic", "v1/messages", false, (exchange) => exchange.json(200, whole));
    expect(told.frames).toMatchObject([{ content: citing }]);
    const streamed = streams([start(), ...frames, stop("end_turn"), END], "end", true);
    const reply = await ask("anthropic", "v1/messages", true, streamed);
    const deltas = reply.frames.map((frame) => field(field(frame, "delta"), "citation"));
    expect(deltas.filter((citation) => citation !== undefined)).toEqual([web, page, again]);
    expect(reply.frames.filter((frame) => field(frame, "type") === "content_block_start")).toHaveLength(5);
    const other = await ask("anthropic", "v1/chat/completions", true, streamed);
    expect(other.raw.match(/"type":"url_citation"/g)).toHaveLength(1);
  });

  test.each(["pause_turn", "compaction", "model_context_window_exceeded"])(
    "v1/messages ends with the API's own %s",
    async (reason) => {
      for (const stream of [true, false]) {
        const reply = await ask("anthropic", "v1/messages", stream, (exchange) =>
          stream
            ? streams([start(), ...textBlock(0, "Hi."), stop(reason), END], "end", true)(exchange)
            : exchange.json(200, {
                type: "message",
                content: [{ type: "text", text: "Hi." }],
                stop_reason: reason,
                usage: { input_tokens: 1, output_tokens: 1 },
              }),
        );
        expect(reply).toMatchObject({ status: 200, text: "Hi.", finish: reason });
      }
    },
  );

  test.each(["v1/chat/completions", "v1/responses"] as const)("%s ends as length", async (route) => {
    for (const stream of [true, false]) {
      const reply = await ask("anthropic", route, stream, script);
      expect(reply).toMatchObject({ status: 200, text: "Let me look.", finish: LENGTH[route] });
    }
  });
});

describe("W7, W19: calls", () => {
  const CALLS: readonly (readonly [string, Step[], { name: string; arguments: string }[]])[] = [
    ["a finish of calls without any", [text("No."), delta({}, "tool_calls")], []],
    [
      "index 0 for all, without ids",
      [
        callOf({ name: "f", arguments: '{"a":1}' }),
        callOf({ name: "f", arguments: '{"a":2}' }),
        callOf({ name: "g", arguments: "{}" }),
        delta({}, "tool_calls"),
      ],
      [
        { name: "f", arguments: '{"a":1}' },
        { name: "f", arguments: '{"a":2}' },
        { name: "g", arguments: "{}" },
      ],
    ],
    [
      "the same id twice",
      [
        delta({ tool_calls: [{ index: 0, id: "x", function: { name: "f", arguments: '{"a":1}' } }] }),
        delta({ tool_calls: [{ index: 1, id: "x", function: { name: "g", arguments: '{"b":2}' } }] }),
        delta({}, "tool_calls"),
      ],
      [
        { name: "f", arguments: '{"a":1}' },
        { name: "g", arguments: '{"b":2}' },
      ],
    ],
    [
      "a second object under one index",
      [
        callOf({ name: "f", arguments: '{"a":1}' }, { id: "x" }),
        callOf({ arguments: '{"b"' }),
        callOf({ arguments: ":2}" }),
        delta({}, "stop"),
      ],
      [
        { name: "f", arguments: '{"a":1}' },
        { name: "f", arguments: '{"b":2}' },
      ],
    ],
    [
      "arguments once more at the end",
      [
        callOf({ name: "f", arguments: "" }, { id: "x" }),
        callOf({ arguments: '{"a"' }),
        callOf({ arguments: ":1}" }),
        callOf({ name: "f", arguments: '{"a":1}' }, { id: "x" }),
        delta({}, "tool_calls"),
      ],
      [{ name: "f", arguments: '{"a":1}' }],
    ],
    [
      "an empty object before the arguments",
      [
        callOf({ name: "f", arguments: "{}" }, { id: "x" }),
        callOf({ arguments: '{"a"' }),
        callOf({ arguments: ":1}" }),
        delta({}, "tool_calls"),
      ],
      [{ name: "f", arguments: '{"a":1}' }],
    ],
    [
      "arguments once more at the end, by another serialiser",
      [
        callOf({ name: "f", arguments: '{"a"' }, { id: "x" }),
        callOf({ arguments: ":1}" }),
        callOf({ arguments: '{"a": 1}' }),
        delta({}, "tool_calls"),
      ],
      [{ name: "f", arguments: '{"a":1}' }],
    ],
    [
      "arguments of null and of white space alone",
      [
        callOf({ name: "f", arguments: "null" }, { id: "x" }),
        delta({ tool_calls: [{ index: 1, id: "y", function: { name: "g", arguments: " \n" } }] }),
        delta({}, "tool_calls"),
      ],
      [
        { name: "f", arguments: "{}" },
        { name: "g", arguments: "{}" },
      ],
    ],
  ];
  describe.each(CALLS)("%s", (_name, steps, expected) => {
    test.each(PROXY_ROUTES)("%s", async (route) => {
      for (const stream of [true, false]) {
        const reply = await ask("groq", route, stream, streams([...steps, usage()], "DONE"));
        const told = reply.calls.map(({ name, arguments: args }) => ({
          name,
          arguments: args === "" ? "{}" : args,
        }));
        expect(told).toEqual(expected);
        expect(new Set(reply.calls.map(({ id }) => id)).size).toBe(expected.length);
        if (expected.length === 0) expect(reply.finish).toBe(GOOD[route]);
        if (route === "v1/chat/completions" && expected.length > 0) expect(reply.finish).toBe("tool_calls");
      }
    });
  });

  test.each(PROXY_ROUTES)("%s: arguments that are not JSON are no call without arguments", async (route) => {
    const broken = [
      text("Wait."),
      callOf({ name: "f", arguments: '{"a": oops' }, { id: "x" }),
      delta({}, "tool_calls"),
      usage(),
    ];
    const whole = await ask("groq", route, false, streams(broken, "DONE"));
    expect(whole).toMatchObject({ text: "Wait.", calls: [], finish: LENGTH[route] });
    const streamed = await ask("groq", route, true, streams(broken, "DONE"));
    expect(streamed.finish).toBe(LENGTH[route]);
    expect(streamed.calls.map((call) => call.arguments)).not.toContain("{}");
  });

  describe.each<[string, string, WireCall["arguments"] | undefined]>([
    ["JSON", '{"a":1}', '{"a":1}'],
    ["no JSON", '{"a": oops', undefined],
  ])("text in the place of an object: %s", (_name, told, expected) => {
    test.each<[Api, unknown]>([
      ["gemini-grounded", part({ functionCall: { name: "f", args: told } }, "STOP", GEMINI_USAGE)],
      [
        "anthropic",
        {
          type: "message",
          content: [{ type: "tool_use", id: "t", name: "f", input: told }],
          stop_reason: "tool_use",
          usage: { input_tokens: 1, output_tokens: 1 },
        },
      ],
    ])("%s", async (api, body) => {
      for (const route of PROXY_ROUTES) {
        const reply = await ask(api, route, false, (exchange) => exchange.json(200, body));
        expect(reply.calls.map((call) => call.arguments)).toEqual(expected === undefined ? [] : [expected]);
      }
    });
  });

  test("an id of the history is not given again", async () => {
    const messages = [
      { role: "user", content: "Hi" },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "call_0", type: "function", function: { name: "f", arguments: "{}" } }],
      },
      { role: "tool", tool_call_id: "call_0", content: "ok" },
    ];
    const script = streams(
      [callOf({ name: "f", arguments: '{"a":1}' }, { id: "call_0" }), delta({}, "tool_calls"), usage()],
      "DONE",
    );
    const reply = await ask("groq", "v1/chat/completions", true, script, { messages });
    expect(reply.calls).toHaveLength(1);
    expect(reply.calls[0]?.id).not.toBe("call_0");
  });
});

describe("W31: a whole text without a finish reason is an answer", () => {
  const openAi = (finish: Record<string, unknown>): unknown => ({
    choices: [{ index: 0, message: { role: "assistant", content: "Hello." }, ...finish }],
    usage: USAGE,
  });
  test.each<[string, Api, unknown]>([
    ["null", "groq", openAi({ finish_reason: null })],
    ["absent", "groq", openAi({})],
    ["empty", "groq", openAi({ finish_reason: "" })],
    [
      "Anthropic",
      "anthropic",
      {
        type: "message",
        content: [{ type: "text", text: "Hello." }],
        stop_reason: null,
        usage: { input_tokens: 1, output_tokens: 1 },
      },
    ],
    ["Gemini", "gemini-grounded", part({ text: "Hello." }, undefined, GEMINI_USAGE)],
    [
      "Gemini's list of chunks",
      "gemini-grounded",
      [part({ text: "Hel" }), part({ text: "lo." }, undefined, GEMINI_USAGE)],
    ],
  ])("%s", async (_name, api, body) => {
    for (const route of PROXY_ROUTES) {
      const reply = await ask(api, route, false, (exchange) => exchange.json(200, body));
      expect(reply).toMatchObject({ status: 200, text: "Hello.", finish: LENGTH[route] });
    }
    const streamed = api === "groq" ? streams([text("Hello.")]) : undefined;
    if (streamed !== undefined) {
      expect((await ask(api, "v1/chat/completions", true, streamed)).finish).toBe("error");
    }
  });
});

describe("W32: usage that nobody reports is estimated", () => {
  const WORDS = Array.from(
    { length: 400 },
    (_, index) => ["привет", "мир", "これは", "日本語", "🙂"][index % 5] ?? "",
  );
  test("by the number of pieces, where that is more than the characters say", async () => {
    const reply = await ask(
      "groq",
      "v1/chat/completions",
      true,
      streams([...WORDS.map((word) => text(word)), delta({}, "stop")], "DONE"),
    );
    expect((await rowOf("groq", reply))?.completion).toBeGreaterThanOrEqual(400);
  });
  test.each([
    ["Chinese", "汉".repeat(1_000), 900, 1_300],
    ["Russian", "привет ".repeat(200), 550, 800],
    ["English", "words of it ".repeat(100), 250, 400],
    ["emoji", "🙂".repeat(500), 500, 1_200],
  ])("by script: %s", async (_name, said, least, most) => {
    const reply = await ask("groq", "v1/chat/completions", true, streams([text(said, "stop")], "DONE"));
    const row = await rowOf("groq", reply);
    expect(row).toMatchObject({ source: "estimated" });
    expect(row?.completion).toBeGreaterThanOrEqual(least);
    expect(row?.completion).toBeLessThanOrEqual(most);
  });
});

describe("W27: counts and money as told", () => {
  test.each<[string, Record<string, unknown>, number, number]>([
    ["Kimi", { ...USAGE, cached_tokens: 600 }, 1_000, 600],
    ["DeepSeek", { ...USAGE, prompt_cache_hit_tokens: 700, prompt_cache_miss_tokens: 300 }, 1_000, 700],
    ["Anthropic's names, cache within", { ...USAGE, cache_read_input_tokens: 800 }, 1_000, 800],
    [
      "Anthropic's names, cache beside",
      { prompt_tokens: 10, completion_tokens: 5, cache_read_input_tokens: 90, total_tokens: 105 },
      100,
      90,
    ],
    [
      "a zero in OpenAI's place",
      { ...USAGE, prompt_tokens_details: { cached_tokens: 0 }, cached_tokens: 50 },
      1_000,
      50,
    ],
    [
      "other names",
      { input_tokens: 20, output_tokens: 5, input_tokens_details: { cached_tokens: 10 } },
      20,
      10,
    ],
  ])("%s", async (_name, counts, prompt, cached) => {
    const reply = await ask(
      "groq",
      "v1/chat/completions",
      true,
      streams([text("Hi", "stop"), usage(counts)], "DONE"),
    );
    expect(await rowOf("groq", reply)).toMatchObject({ prompt, cached, source: "exact" });
  });

  test.each<[string, Api, Script]>([
    [
      "zeros at the end",
      "groq",
      streams(
        [text("Hi"), usage(), delta({}, "stop"), usage({ prompt_tokens: 0, completion_tokens: 0 })],
        "DONE",
      ),
    ],
    [
      "zeros of the input at Anthropic's end",
      "anthropic",
      streams(
        [start(), ...textBlock(0, "Hi"), stop("end_turn", { input_tokens: 0, output_tokens: 500 }), END],
        "end",
        true,
      ),
    ],
  ])("%s take nothing back", async (_name, api, script) => {
    const reply = await ask(api, "v1/chat/completions", true, script);
    expect(await rowOf(api, reply)).toMatchObject({ prompt: 1_000, completion: 500, source: "exact" });
  });

  test("zeros alone are no counts", async () => {
    const pieces = Array.from({ length: 100 }, () => text("word "));
    const script = streams([...pieces, delta({}, "stop"), usage({ prompt_tokens: 0, completion_tokens: 0 })]);
    const row = await rowOf("groq", await ask("groq", "v1/chat/completions", true, script));
    expect(row).toMatchObject({ source: "estimated" });
    expect(row?.completion).toBeGreaterThanOrEqual(100);
  });

  test("an hour's cache at Anthropic costs twice the input", async () => {
    const counts = {
      input_tokens: 0,
      output_tokens: 0,
      cache_creation_input_tokens: 1_000_000,
      cache_creation: { ephemeral_5m_input_tokens: 400_000, ephemeral_1h_input_tokens: 600_000 },
    };
    const script = streams(
      [start(counts), ...textBlock(0, "Hi"), stop("end_turn", { output_tokens: 0 }), END],
      "end",
      true,
    );
    const reply = await ask("anthropic", "v1/messages", true, script);
    expect((await rowOf("anthropic", reply))?.cost).toBeCloseTo(0.4 * 6.25 + 0.6 * 10, 6);
  });

  test.each<[string, Record<string, unknown>, number]>([
    [
      "the operator's own key",
      { cost: 0.05, is_byok: true, cost_details: { upstream_inference_cost: 0.95 } },
      1,
    ],
    [
      "the operator's own key, no fee",
      { cost: 0, is_byok: true, cost_details: { upstream_inference_cost: 0.5 } },
      0.5,
    ],
    [
      "no own key, the same money twice",
      { cost: 0.3, is_byok: false, cost_details: { upstream_inference_cost: 0.3 } },
      0.3,
    ],
    ["nothing beside", { cost: 0.3, is_byok: false, cost_details: { upstream_inference_cost: null } }, 0.3],
  ])("OpenRouter: %s", async (_name, more, cost) => {
    const reply = await ask(
      "openrouter",
      "v1/chat/completions",
      true,
      streams([text("Hi", "stop"), usage({ ...USAGE, ...more })], "DONE"),
    );
    expect((await rowOf("openrouter", reply))?.cost).toBeCloseTo(cost, 9);
  });

  test("message_start tells an estimate of the prompt, the end the counts", async () => {
    const messages = [{ role: "user", content: "some words to read ".repeat(400) }];
    const reply = await ask("groq", "v1/messages", true, streams([text("Hi", "stop"), usage()], "DONE"), {
      messages,
    });
    const [first] = reply.frames as { message: { usage: { input_tokens: number } } }[];
    expect(first?.message.usage.input_tokens).toBeGreaterThan(1_000);
    expect(reply.usage).toMatchObject({ input_tokens: 1_000, output_tokens: 500 });
  });
});
