import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { arrayField, field, isJsonObject, type JsonObject } from "#lib/shared/json.ts";
import { type Exchange, isStreaming, type Script } from "../support/fake-upstream.ts";
import { customCall, functionCall, responds } from "../support/responses-upstream.ts";
import { says } from "../support/scripted-answers.ts";
import {
  PROXY_ROUTES,
  type Reply,
  startWireGateway,
  type WireGateway,
  type WireRoute,
} from "./wire-gateway.ts";

/*
 * W14 and W33: the tools of codex at every kind of engine. codex 0.144 and later declares them in an input item,
 * in namespaces (report SaladDay/cc-switch-cli#466), and reads calls by name and namespace (report
 * router-for-me/CLIProxyAPI#4850: "unsupported custom tool call: functions__exec").
 */
const ENGINES = ["claude", "gemini", "own", "openai-chat", "openai-responses"] as const;
type EngineKind = (typeof ENGINES)[number];
const MODELS: Record<EngineKind, string> = {
  claude: "anthropic/claude-haiku-4-5",
  gemini: "gemini-grounded/gemini-2.5-flash",
  own: "own-2/qwen3",
  "openai-chat": "openai/gpt-5",
  "openai-responses": "openai/gpt-5.6-sol",
};
const GRAMMAR = 'start: begin_patch hunk+ end_patch\nbegin_patch: "*** Begin Patch" LF';
const PATCH = '*** Begin Patch\n*** Add File: a "b".txt\n+Grüße 👋\\n\tx\n*** End Patch';

let wire: WireGateway;
beforeAll(async () => {
  wire = await startWireGateway([
    { vendor: "anthropic", model: "claude-haiku-4-5" },
    { vendor: "gemini-grounded", model: "gemini-2.5-flash" },
    { vendor: "own", model: "qwen3" },
    { vendor: "openai", model: "gpt-5" },
  ]);
});
afterAll(() => wire.stop());

function upstreamOf(engine: EngineKind): WireGateway["upstreams"][number] {
  const index = { claude: 0, gemini: 1, own: 2, "openai-chat": 3, "openai-responses": 3 }[engine];
  const found = wire.upstreams[index];
  if (found === undefined) throw new Error("The upstream is missing.");
  return found;
}

/** The last request of an engine, and its tools by name. */
function arrived(engine: EngineKind): { body: JsonObject; tools: Map<string, JsonObject> } {
  const body = (upstreamOf(engine).requests.at(-1)?.json ?? {}) as JsonObject;
  const declared = arrayField(body, "tools").flatMap((tool) =>
    isJsonObject(tool) && Array.isArray(tool["functionDeclarations"] ?? tool["function_declarations"])
      ? arrayField(tool, "functionDeclarations").concat(arrayField(tool, "function_declarations"))
      : [field(tool, "function") ?? field(tool, "custom") ?? tool],
  );
  return {
    body,
    tools: new Map(declared.map((tool) => [String(field(tool, "name")), tool as JsonObject])),
  };
}

type Called = { name: string; args: JsonObject } | { name: string; input: string };
/** Whether the engine takes custom tools as they are. */
const isNative = (engine: EngineKind): boolean => engine.startsWith("openai");

/** A script by which the engine calls a tool, in its own protocol and in small pieces. */
function calls(engine: EngineKind, called: Called): Script {
  const { name } = called;
  const args = "args" in called ? called.args : { input: called.input };
  const json = JSON.stringify(args);
  const isCustom = "input" in called && isNative(engine);
  switch (engine) {
    case "claude":
      return (exchange) => claudeCalls(exchange, name, args);
    case "gemini":
      return (exchange) => geminiCalls(exchange, name, args);
    case "openai-responses":
      return responds([
        isCustom ? customCall("call_1", name, called.input) : functionCall("call_1", name, json),
      ]);
    case "own":
    case "openai-chat": {
      const text = isCustom ? called.input : json;
      return says({ calls: [{ id: "call_1", name, pieces: [...text], custom: isCustom }] });
    }
  }
}

async function claudeCalls(exchange: Exchange, name: string, input: JsonObject): Promise<void> {
  const usage = { input_tokens: 5, output_tokens: 5 };
  const block = { type: "tool_use", id: "toolu_1", name };
  if (!isStreaming(exchange.request)) {
    const content = [{ ...block, input }];
    return exchange.json(200, {
      type: "message",
      role: "assistant",
      content,
      stop_reason: "tool_use",
      usage,
    });
  }
  await exchange.startStream();
  await exchange.event({ type: "message_start", message: { usage } });
  await exchange.event({ type: "content_block_start", index: 0, content_block: { ...block, input: {} } });
  for (const piece of JSON.stringify(input)) {
    const delta = { type: "input_json_delta", partial_json: piece };
    await exchange.event({ type: "content_block_delta", index: 0, delta });
  }
  await exchange.event({ type: "content_block_stop", index: 0 });
  await exchange.event({ type: "message_delta", delta: { stop_reason: "tool_use" }, usage });
  await exchange.event({ type: "message_stop" });
  await exchange.endStream();
}

async function geminiCalls(exchange: Exchange, name: string, args: JsonObject): Promise<void> {
  const answer = {
    candidates: [
      { content: { role: "model", parts: [{ functionCall: { name, args } }] }, finishReason: "STOP" },
    ],
    usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 5, totalTokenCount: 10 },
  };
  if (!exchange.request.path.includes("stream")) return exchange.json(200, answer);
  await exchange.startStream();
  await exchange.event(answer);
  await exchange.endStream();
}

const STREAMED = [true, false];
const EACH = ENGINES.flatMap((engine) => STREAMED.map((stream) => [engine, stream] as const));
const user = { type: "message", role: "user", content: [{ type: "input_text", text: "Hi" }] };

/** The items of an answer of the Responses API. */
function itemsOf(reply: Reply): JsonObject[] {
  const last = reply.frames.at(-1);
  const items = arrayField(field(last, "response") ?? last, "output") as JsonObject[];
  const done = reply.frames.filter((frame) => field(frame, "type") === "response.output_item.done");
  if (done.length > 0) expect(done.map((frame) => field(frame, "item"))).toEqual(items);
  return items;
}

const LITE_TOOLS = [
  {
    type: "namespace",
    name: "functions",
    description: "Tools.",
    tools: [
      {
        type: "custom",
        name: "exec",
        description: "Runs JavaScript.",
        format: { type: "grammar", syntax: "lark", definition: "start: /.+/s" },
      },
      {
        type: "function",
        name: "wait",
        description: "Waits.",
        strict: false,
        parameters: { type: "object", properties: { ms: { type: "number" } } },
      },
    ],
  },
  {
    type: "namespace",
    name: "mcp__files__",
    description: "Files.",
    tools: [{ type: "function", name: "read", parameters: { type: "object", properties: {} } }],
  },
  {
    type: "custom",
    name: "apply_patch",
    description: "Patches files.",
    format: { type: "grammar", syntax: "lark", definition: GRAMMAR },
  },
  { type: "local_shell" },
  { type: "web_search", external_web_access: false },
  {
    type: "tool_search",
    execution: "client",
    description: "Finds tools.",
    parameters: { type: "object", properties: { query: { type: "string" } }, required: ["query"] },
  },
];
const lite = (engine: EngineKind, stream: boolean, more: readonly unknown[] = []): JsonObject =>
  ({
    model: MODELS[engine],
    stream,
    store: false,
    tool_choice: "auto",
    parallel_tool_calls: true,
    input: [{ type: "additional_tools", role: "developer", id: "at_1", tools: LITE_TOOLS }, user, ...more],
  }) as JsonObject;
const NAMES = [
  "functions__exec",
  "functions__wait",
  "mcp__files__read",
  "apply_patch",
  "local_shell",
  "tool_search",
];

describe("W14: tools that are declared in the conversation", () => {
  test.each<[Called, JsonObject]>([
    [
      { name: "functions__exec", input: 'text(await tools.exec_command({cmd:"ls"}));\n' },
      {
        type: "custom_tool_call",
        name: "exec",
        namespace: "functions",
        input: 'text(await tools.exec_command({cmd:"ls"}));\n',
      },
    ],
    [
      { name: "functions__wait", args: { ms: 5 } },
      { type: "function_call", name: "wait", namespace: "functions", arguments: '{"ms":5}' },
    ],
    [
      { name: "mcp__files__read", args: {} },
      { type: "function_call", name: "read", namespace: "mcp__files__", arguments: "{}" },
    ],
    [
      { name: "apply_patch", input: PATCH },
      { type: "custom_tool_call", name: "apply_patch", input: PATCH },
    ],
    [
      { name: "local_shell", args: { command: ["ls", "-l"], timeout_ms: 10 } },
      { type: "local_shell_call", action: { type: "exec", command: ["ls", "-l"], timeout_ms: 10, env: {} } },
    ],
    [
      { name: "tool_search", args: { query: "weather" } },
      { type: "tool_search_call", execution: "client", arguments: { query: "weather" } },
    ],
  ])("a call of %j", async (called, expected) => {
    for (const [engine, stream] of EACH) {
      upstreamOf(engine).script = calls(engine, called);
      const reply = await wire.ask("v1/responses", stream, lite(engine, stream));
      expect(reply.status, `${engine} ${reply.raw}`).toBe(200);
      const [item, ...others] = itemsOf(reply);
      expect(others).toEqual([]);
      expect(item, `${engine} ${stream}`).toMatchObject({
        ...expected,
        status: "completed",
        call_id: expect.any(String) as string,
      });
      const { tools } = arrived(engine);
      expect([...tools.keys()].filter((name) => name !== "undefined").sort(), engine).toEqual(
        [...NAMES].sort(),
      );
      const dropped = reply.headers.get("x-sarmalink-dropped") ?? "";
      // Gemini does not search the web together with functions.
      const searches = engine === "openai-responses";
      expect(dropped.includes("tools.web_search"), engine).toBe(!searches);
    }
  });

  test.each(EACH)("the history of such calls reaches %s, streamed: %s", async (engine, stream) => {
    upstreamOf(engine).script = calls(engine, { name: "found__tool", args: { a: 1 } });
    const found = {
      type: "namespace",
      name: "found",
      description: "",
      tools: [
        {
          type: "function",
          name: "tool",
          defer_loading: true,
          parameters: { type: "object", properties: { a: { type: "number" } } },
        },
      ],
    };
    const history = [
      { type: "custom_tool_call", call_id: "c1", name: "exec", namespace: "functions", input: "ls()" },
      { type: "custom_tool_call_output", call_id: "c1", output: "OUT-ONE" },
      {
        type: "local_shell_call",
        call_id: "c2",
        status: "completed",
        action: { type: "exec", command: ["pwd"], env: {} },
      },
      { type: "local_shell_call_output", id: "c2", output: "OUT-TWO" },
      {
        type: "tool_search_call",
        call_id: "c3",
        status: "completed",
        execution: "client",
        arguments: { query: "x" },
      },
      { type: "tool_search_output", call_id: "c3", status: "completed", execution: "client", tools: [found] },
    ];
    const reply = await wire.ask("v1/responses", stream, lite(engine, stream, history));
    expect(reply.status, reply.raw).toBe(200);
    expect(itemsOf(reply)).toMatchObject([
      { type: "function_call", name: "tool", namespace: "found", arguments: '{"a":1}' },
    ]);
    const { body, tools } = arrived(engine);
    expect(tools.has("found__tool")).toBe(true);
    const sent = JSON.stringify(body);
    for (const text of ["OUT-ONE", "OUT-TWO", "found__tool", "ls()", "pwd"])
      expect(sent, text).toContain(text);
    expect(sent).not.toContain("defer_loading");
  });

  test("a recorded request of codex is answered by an engine of each kind with its tools", async () => {
    const file = new URL("../fixtures/clients/codex-001-POST-v1_responses.json", import.meta.url);
    const recorded = JSON.parse(readFileSync(file, "utf8")) as JsonObject;
    const body = (recorded["body"] ?? recorded) as JsonObject;
    const { tools, ...rest } = body;
    for (const [engine, stream] of EACH) {
      upstreamOf(engine).script = calls(engine, { name: "exec_command", args: { cmd: "ls" } });
      const asked = {
        ...rest,
        model: MODELS[engine],
        stream,
        input: [{ type: "additional_tools", role: "developer", tools }, ...arrayField(rest, "input")],
      } as JsonObject;
      const reply = await wire.ask("v1/responses", stream, asked);
      expect(itemsOf(reply), `${engine} ${reply.raw}`).toMatchObject([
        { type: "function_call", name: "exec_command" },
      ]);
      const offered = arrived(engine).tools.size;
      const direct = await wire.ask("v1/responses", stream, { ...body, model: MODELS[engine], stream });
      expect(direct.status).toBe(200);
      expect(arrived(engine).tools.size).toBe(offered);
    }
  });
});

/** A custom tool with a grammar in the form of each API; Messages has none. */
function patchTool(route: WireRoute, isFlat: boolean): JsonObject {
  const grammar = { syntax: "lark", definition: GRAMMAR };
  const format = isFlat ? { type: "grammar", ...grammar } : { type: "grammar", grammar };
  const tool = { name: "apply_patch", description: "Patches files.", format };
  return route === "v1/responses"
    ? { tools: [{ type: "custom", ...tool }] }
    : { tools: [{ type: "custom", custom: tool }] };
}

describe("W14, W33: a custom tool with a grammar", () => {
  const ROWS = PROXY_ROUTES.filter((route) => route !== "v1/messages").flatMap((route) =>
    EACH.flatMap(([engine, stream]) =>
      [true, false].map((isFlat) => [route, engine, stream, isFlat] as const),
    ),
  );
  test.each(ROWS)("from %s at %s, streamed: %s, flat: %s", async (route, engine, stream, isFlat) => {
    upstreamOf(engine).script = calls(engine, { name: "apply_patch", input: PATCH });
    const body = { model: MODELS[engine], ...patchTool(route, isFlat) };
    const reply = await wire.ask(route, stream, body);
    expect(reply.status, reply.raw).toBe(200);
    if (route === "v1/responses") {
      expect(itemsOf(reply)).toMatchObject([{ type: "custom_tool_call", name: "apply_patch", input: PATCH }]);
      // The echo is what the client said.
      const last = reply.frames.at(-1);
      expect(arrayField(field(last, "response") ?? last, "tools")).toEqual(field(body, "tools"));
    } else {
      const pieces = reply.frames.flatMap((frame) => {
        const choice = arrayField(frame, "choices")[0];
        return arrayField(field(choice, "delta") ?? field(choice, "message"), "tool_calls");
      });
      expect(pieces.map((piece) => field(field(piece, "custom"), "input") ?? "").join("")).toBe(PATCH);
      expect(pieces.every((piece) => field(piece, "function") === undefined)).toBe(true);
      expect(reply.finish).toBe("tool_calls");
    }
    const { body: sent, tools } = arrived(engine);
    const tool = tools.get("apply_patch");
    if (engine === "openai-chat") {
      const grammar = { syntax: "lark", definition: GRAMMAR };
      expect(tool?.["format"]).toEqual({ type: "grammar", grammar });
    } else if (engine === "openai-responses") {
      expect(tool?.["format"]).toEqual({ type: "grammar", syntax: "lark", definition: GRAMMAR });
    } else {
      expect(JSON.stringify(sent)).not.toContain('"custom"');
      expect(String(tool?.["description"])).toContain(GRAMMAR);
    }
  });

  test.each([
    ["bare text", PATCH, PATCH],
    ["another word for the field", JSON.stringify({ patch: PATCH }), PATCH],
    ["an object with more", JSON.stringify({ note: 1, input: PATCH }), PATCH],
    ["spaces", `{ "input" : ${JSON.stringify(PATCH)} }`, PATCH],
    [
      "escapes of every character",
      `{"input":"${[...PATCH].map((c) => [...Array(c.length).keys()].map((i) => `\\u${c.charCodeAt(i).toString(16).padStart(4, "0")}`).join("")).join("")}"}`,
      PATCH,
    ],
    ["nothing", "", ""],
    ["an empty object", "{}", ""],
    ["an empty text", '{"input":""}', ""],
  ])("whose engine writes %s as the arguments", async (_what, text, input) => {
    upstreamOf("own").script = says({ calls: [{ id: "call_1", name: "apply_patch", pieces: [...text] }] });
    for (const stream of STREAMED) {
      const reply = await wire.ask("v1/responses", stream, {
        model: MODELS.own,
        ...patchTool("v1/responses", true),
      });
      expect(itemsOf(reply), reply.raw).toMatchObject([{ type: "custom_tool_call", input }]);
    }
  });

  test("an operator's server takes it as it is if the catalogue says so", async () => {
    const own = await startWireGateway(
      [{ vendor: "own", model: "m", row: { capabilities: { custom_tools: true } } }],
      { database: wire.database },
    );
    try {
      await own.ask("v1/responses", false, patchTool("v1/responses", true));
      const body = own.upstreams[0]?.requests.at(-1)?.json;
      expect(field(arrayField(body, "tools")[0], "type")).toBe("custom");
    } finally {
      await own.stop();
    }
  });
});
