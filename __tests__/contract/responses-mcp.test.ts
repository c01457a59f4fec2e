import { createOpenAI } from "@ai-sdk/openai";
import { generateText, type ModelMessage, streamText } from "ai";
import OpenAI, { APIError } from "openai";
import type {
  Response as OpenAiResponse,
  ResponseCreateParamsNonStreaming,
  ResponseInputItem,
  Tool,
} from "openai/resources/responses/responses";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { McpServer } from "#lib/plugins/mcp.ts";
import { createCompletion } from "#lib/server/wiring/completion.ts";
import type { McpDependencies } from "#lib/services/mcp/mcp-servers.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { arrayField, field, stringField } from "#lib/shared/json.ts";
import { lazy } from "#lib/shared/lazy.ts";
import type { FakeUpstream, Script } from "../support/fake-upstream.ts";
import { startMcpServer, type TestMcpServer } from "../support/mcp-server.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { ResponseReader, readEvents } from "../support/response-events.ts";
import { failsWith, inTurn, type ScriptedCall, says } from "../support/scripted-answers.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { createKey, eventually, type HttpHost } from "../support/test-gateway.ts";

const ADDRESS = "https://notes.example/mcp";

let database: TestSupabase;
let proxy: ProxyGateway;
/** The gateway is not fit for another test. */
let isSpent = true;
let http: HttpHost;
let user: TestUser;
let key: string;
let client: OpenAI;
/** What the tools have been called with, in order. */
let ran: string[];
/** The signal of the slow tool. */
let slow: AbortSignal | undefined;

type Double = { reads: boolean; run(text: string, signal: AbortSignal): Promise<string> };

const DOUBLES: Readonly<Record<string, Double>> = {
  read: { reads: true, run: async (text) => `Read ${text}.` },
  write: { reads: false, run: async (text) => `Written ${text}.` },
  send: { reads: false, run: async (text) => `Sent ${text}.` },
  fail: { reads: true, run: () => Promise.reject(new GatewayError("plugin_failed", "No ink.")) },
  slow: {
    reads: true,
    run: (_, signal) => {
      slow = signal;
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
  },
};

const server = (id: string, url: string): McpServer => ({
  ...{ id, name: id, url, headers: {}, allowedTools: undefined, timeoutMs: 20_000 },
  requireApproval: ["write"],
});

/** Two servers: one keeps notes, the other cannot be reached. */
const servers: McpDependencies = {
  servers: new Map([
    ["notes", server("notes", ADDRESS)],
    ["gone", server("gone", "https://gone.example/mcp")],
  ]),
  connections: {
    async listTools({ id }) {
      if (id === "gone") throw new GatewayError("plugin_failed", "It cannot be reached.");
      const tools = Object.entries(DOUBLES).map(([name, { reads }]) => ({
        ...{ name, description: `Can ${name}.`, annotations: { readOnlyHint: reads } },
        inputSchema: { type: "object", properties: { text: { type: "string" } } },
      }));
      return { protocolVersion: "2026-07-28", server: { name: id, version: "1" }, tools, problems: [] };
    },
    async callTool(_, { tool, args }, { signal }) {
      const text = stringField(args, "text") ?? "";
      ran.push(`${tool} ${text}`);
      const said = (await DOUBLES[tool]?.run(text, signal)) ?? "";
      return { kind: "complete", content: [{ type: "text", text: said }], isError: false };
    },
    state: () => ({ kind: "unused" }),
    known: () => undefined,
  },
};

beforeAll(async () => {
  database = await startTestSupabase();
}, 30_000);
afterAll(async () => {
  await proxy.stop();
  await database.stop();
});
beforeEach(async () => {
  user = await database.signUp();
  key = await createKey(database, user.userId);
  if (isSpent) {
    await proxy?.stop();
    proxy = await startProxyGateway(database, {}, undefined, {
      createCompletion: (parts) => createCompletion({ ...parts, mcp: lazy(() => servers) }),
    });
    isSpent = false;
  }
  http = await proxy.overHttp();
  client = new OpenAI({ apiKey: key, maxRetries: 0, baseURL: `${http.url}/api/v1` });
  ran = [];
  slow = undefined;
});
afterEach(async () => {
  await http.stop();
  for (const upstream of [proxy.first, proxy.second]) upstream.requests.length = 0;
});

/** Fails, and benches its engine: the next test gets another gateway. */
const fails: Script = async (exchange) => {
  isSpent = true;
  await failsWith(503, {})(exchange);
};

const called = (name: string, text: string, id = `c-${text}`): ScriptedCall => ({
  ...{ id, name, pieces: [JSON.stringify({ text })] },
});
const calls = (...made: ScriptedCall[]): Script => says({ calls: made, finish: "tool_calls" });
const answer = (text: string): Script => says({ text: [text] });

const NOTES: Tool.Mcp = { type: "mcp", server_label: "notes", require_approval: "never" };
type Body = Partial<ResponseCreateParamsNonStreaming>;

const bodyOf = (body: Body): ResponseCreateParamsNonStreaming => ({
  ...{ model: "smart", input: "Hi", tools: [NOTES], ...body },
});
const whole = (body: Body = {}): Promise<OpenAiResponse> => client.responses.create(bodyOf(body));
const streamed = (body: Body = {}): Promise<OpenAiResponse> =>
  client.responses.stream({ ...bodyOf(body), stream: true }).finalResponse();
const WAYS = [
  ["whole", whole],
  ["streamed", streamed],
] as const;

/** The items of an answer, in short. */
function shortOf({ output }: Pick<OpenAiResponse, "output">): string[] {
  return output.map((item) => {
    switch (item.type) {
      case "message":
        return `says ${item.content.map((part) => (part.type === "output_text" ? part.text : "")).join("")}`;
      case "mcp_list_tools":
        return `lists ${item.tools.map(({ name }) => name).join(" ")}${item.error ?? ""}`;
      case "mcp_call":
        return `calls ${item.name} ${item.status}: ${item.output ?? JSON.stringify(item.error)}`;
      case "mcp_approval_request":
        return `asks for ${item.name} ${item.arguments}`;
      default:
        return item.type;
    }
  });
}

const messagesOf = (upstream: FakeUpstream, at = -1): unknown[] =>
  arrayField(upstream.requests.at(at)?.json, "messages");
const toolsOf = (upstream: FakeUpstream, at = -1): unknown[] =>
  arrayField(upstream.requests.at(at)?.json, "tools").map((tool) => field(field(tool, "function"), "name"));
const contentOf = (message: unknown): string => stringField(message, "content") ?? "";

const callsInLedger = async (): Promise<readonly object[]> => [
  ...(await database.sql`
    select event_type, backend, status, meta ->> 'tool' as tool from public.ai_events
    where user_id = ${user.userId} order by event_type, created_at`),
];

async function refusal(body: Body): Promise<[status: number | undefined, param: unknown, message: string]> {
  const error: unknown = await whole(body).catch((thrown: unknown) => thrown);
  if (!(error instanceof APIError)) throw new Error("It was not refused.");
  return [error.status, error.param, error.message];
}

const LIST = "lists read write send fail slow";

describe.each(WAYS)("tools that the gateway runs, %s", (_, ask) => {
  test("are listed, called, and told as data", async () => {
    proxy.first.script = inTurn(
      says({ text: ["Let me look."], calls: [called("notes__read", "bread")], finish: "tool_calls" }),
      answer("You need bread."),
    );
    const response = await ask();
    expect(shortOf(response)).toEqual([
      ...[LIST, "says Let me look.", "calls read completed: Read bread.", "says You need bread."],
    ]);
    expect(response).toMatchObject({
      status: "completed",
      usage: { input_tokens: 20, output_tokens: 10, total_tokens: 30 },
    });
    expect(response.output[0]).toMatchObject({
      server_label: "notes",
      tools: [{ input_schema: { type: "object" }, annotations: { readOnlyHint: true } }, {}, {}, {}, {}],
    });
    expect(new Set(response.output.map(({ id }) => id)).size).toBe(4);
    expect(contentOf(messagesOf(proxy.first).at(-1))).toMatch(
      /<untrusted source="notes__read" nonce="[0-9a-f]{16}">\nRead bread\./,
    );
    await eventually("the turn is stored", async () => (await callsInLedger()).length > 0, 10_000);
    expect(await callsInLedger()).toEqual([
      { event_type: "attempt", backend: "first", status: "ok", tool: null },
      { event_type: "attempt", backend: "first", status: "ok", tool: null },
      { event_type: "tool", backend: "notes", status: "ok", tool: "notes__read" },
    ]);
  });

  test("six rounds, with an engine that fails between the third and the fourth", async () => {
    const look = (text: string): Script => calls(called("notes__read", text));
    proxy.first.script = inTurn(look("a"), look("b"), look("c"), fails);
    proxy.second.script = inTurn(look("d"), look("e"), answer("Six rounds."));
    const response = await ask();
    expect(shortOf(response).slice(1)).toEqual([
      ...["a", "b", "c", "d", "e"].map((text) => `calls read completed: Read ${text}.`),
      "says Six rounds.",
    ]);
    expect(response.usage).toMatchObject({ input_tokens: 60, output_tokens: 30 });
  });

  test("a call that fails is told to the model and the client", async () => {
    proxy.first.script = inTurn(calls(called("notes__fail", "x")), answer("It failed."));
    const [, failed, said] = (await ask()).output;
    expect(failed).toMatchObject({
      ...{ type: "mcp_call", status: "failed", output: null },
      error: { type: "mcp_tool_execution_error", content: [{ type: "text", text: "No ink." }] },
    });
    expect(said).toMatchObject({ type: "message" });
    expect(contentOf(messagesOf(proxy.first).at(-1))).toContain("No ink.");
  });

  test("a finish for calls without a call ends the answer", async () => {
    proxy.first.script = says({ text: ["Nothing."], finish: "tool_calls" });
    expect(shortOf(await ask())).toEqual([LIST, "says Nothing."]);
    expect(proxy.first.requests).toHaveLength(1);
  });

  test("ids that repeat are told apart", async () => {
    const again = (text: string): Script => calls(called("notes__read", text, "same"));
    proxy.first.script = inTurn(again("a"), again("b"), answer("Both."));
    expect(shortOf(await ask()).slice(1)).toEqual([
      ...["calls read completed: Read a.", "calls read completed: Read b.", "says Both."],
    ]);
    const ids = messagesOf(proxy.first).flatMap((message) => stringField(message, "tool_call_id") ?? []);
    expect(new Set(ids).size).toBe(2);
  });

  test("calls at once have an item each", async () => {
    proxy.first.script = inTurn(
      calls(called("notes__read", "a"), called("notes__send", "b")),
      answer("Both."),
    );
    expect(shortOf(await ask()).slice(1)).toEqual([
      ...["calls read completed: Read a.", "calls send completed: Sent b.", "says Both."],
    ]);
  });

  test("a function of the client's ends the answer; the gateway's tool has run", async () => {
    const tools: Tool[] = [
      NOTES,
      { type: "function", name: "notes__read", parameters: { type: "object" }, strict: false },
    ];
    proxy.first.script = async (exchange) => {
      const names = toolsOf(proxy.first) as string[];
      const own = names.find((name) => name.startsWith("notes__read_")) ?? "";
      await calls(called("notes__read", "mine"), called(own, "yours"))(exchange);
    };
    const response = await ask({ tools });
    expect(response.output.slice(1)).toMatchObject([
      { type: "function_call", name: "notes__read", arguments: '{"text":"mine"}' },
      { type: "mcp_call", name: "read", output: "Read yours." },
    ]);
    proxy.first.script = answer("Done.");
    const input: ResponseInputItem[] = [
      { role: "user", content: "Hi" },
      ...(response.output as ResponseInputItem[]),
      { type: "function_call_output", call_id: "c-mine", output: "Mine." },
    ];
    // The list is in the conversation, and not sent again.
    expect(shortOf(await ask({ tools, input }))).toEqual(["says Done."]);
    const [, , ...results] = messagesOf(proxy.first);
    expect(results.map(contentOf)).toEqual([expect.stringContaining("Read yours."), "Mine."].reverse());
  });

  test("a server that cannot be reached: the answer goes on without it", async () => {
    proxy.first.script = answer("Without.");
    const response = await ask({ tools: [{ ...NOTES, server_label: "gone" }] });
    expect(shortOf(response)).toEqual(["lists It cannot be reached.", "says Without."]);
    expect(toolsOf(proxy.first)).toEqual([]);
  });
});

describe("a stream", () => {
  test("keeps the grammar: numbered, one item after the other, each with its events", async () => {
    proxy.first.script = inTurn(
      says({ text: ["Look."], calls: [called("notes__read", "a")], finish: "tool_calls" }),
      calls(called("notes__fail", "b"), called("notes__read", "c")),
      calls(called("notes__write", "d")),
    );
    const response = await fetch(`${http.url}/api/v1/responses`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ ...bodyOf({}), stream: true }),
    });
    const events = readEvents(await response.text());
    const { output } = ResponseReader.read(events);
    expect(output.map(({ type, status }) => [type, status])).toEqual([
      ["mcp_list_tools", undefined],
      ["message", "completed"],
      ["mcp_call", "completed"],
      ["mcp_call", "failed"],
      ["mcp_call", "completed"],
      ["mcp_approval_request", undefined],
    ]);
    expect(events.map(({ type }) => type).filter((type) => type.includes("mcp"))).toEqual([
      "response.mcp_list_tools.in_progress",
      "response.mcp_list_tools.completed",
      ...["completed", "failed", "completed"].flatMap((outcome) => [
        "response.mcp_call.in_progress",
        "response.mcp_call_arguments.delta",
        "response.mcp_call_arguments.done",
        `response.mcp_call.${outcome}`,
      ]),
    ]);
  });

  test("tells the model of arguments that are not JSON, and runs nothing", async () => {
    const broken = { id: "c1", name: "notes__send", pieces: ['{"text":'] };
    proxy.first.script = inTurn(calls(broken), answer("Once more."));
    expect(shortOf(await streamed()).slice(1)).toEqual([
      expect.stringMatching(/^calls send failed: .*not valid JSON/),
      "says Once more.",
    ]);
    expect(ran).toEqual([]);
  });

  test("that breaks off behind calls ends as failed, with the calls", async () => {
    proxy.first.script = inTurn(calls(called("notes__read", "a")), fails);
    proxy.second.script = fails;
    const response = await streamed();
    expect([response.status, ...shortOf(response)]).toEqual([
      ...["failed", LIST, "calls read completed: Read a."],
    ]);
  });

  test("that breaks off behind calls is told as failed without a stream, too: an error would be tried again", async () => {
    proxy.first.script = inTurn(calls(called("notes__send", "a")), fails);
    proxy.second.script = fails;
    const response = await whole();
    expect([response.status, response.error?.code, ...shortOf(response)]).toEqual([
      ...["failed", "server_error", LIST, "calls send completed: Sent a."],
    ]);
    for (const upstream of [proxy.first, proxy.second]) upstream.script = fails;
    await expect(whole()).rejects.toMatchObject({ status: 503 });
  });

  test("whose client leaves stops the tool, and asks no engine", async () => {
    proxy.first.script = calls(called("notes__slow", "x"));
    const stream = client.responses.stream({ ...bodyOf({}), stream: true });
    stream.on("error", () => undefined);
    for await (const event of stream) if (event.type === "response.mcp_call.in_progress") break;
    stream.abort();
    await eventually("the tool is stopped", () => slow?.aborted === true);
    await eventually(
      "the turn is stored",
      async () => {
        const rows =
          await database.sql`select status from public.ai_chat_usage where user_id = ${user.userId}`;
        return rows[0]?.["status"] === "cancelled";
      },
      10_000,
    );
    expect(proxy.first.requests).toHaveLength(1);
  });
});

describe("what a client may have", () => {
  test.each<[what: string, changes: Partial<Tool.Mcp>, asked: string[], listed: string]>([
    ["asks for all, as OpenAI does by default", { require_approval: null }, ["read", "send"], LIST],
    ["always asks", { require_approval: "always" }, ["read", "send"], LIST],
    ["never asks, but the operator does", { require_approval: "never" }, ["write"], LIST],
    ["never for some", { require_approval: { never: { tool_names: ["read"] } } }, ["send", "write"], LIST],
    ["never for reading", { require_approval: { never: { read_only: true } } }, ["send", "write"], LIST],
    [
      ...["always wins over never"],
      { require_approval: { never: { read_only: true }, always: { tool_names: ["read"] } } },
      ...[["read"], LIST],
    ] as [string, Partial<Tool.Mcp>, string[], string],
    ["a filter that names nothing", { require_approval: { never: {} } }, ["read"], LIST],
    ["some tools", { allowed_tools: ["write", "read", "none"] }, ["write"], "lists read write"],
    ["tools that read", { allowed_tools: { read_only: true } }, [], "lists read fail slow"],
    [
      "tools that write, of these",
      { allowed_tools: { read_only: false, tool_names: ["write", "read"] } },
      ["write"],
      "lists write",
    ],
    ["no tools", { allowed_tools: [] }, [], "lists "],
  ])("%s", async (_, changes, asked, listed) => {
    const { require_approval: _never, ...notes } = NOTES;
    const tools = [{ ...NOTES, ...changes }].map((tool) => (tool.require_approval === null ? notes : tool));
    const available = listed.slice("lists ".length).split(" ").filter(Boolean);
    proxy.first.script = inTurn(
      calls(
        ...["read", "send", "write"]
          .filter((name) => available.includes(name))
          .map((name) => called(`notes__${name}`, name)),
      ),
      answer("Done."),
    );
    if (!available.some((name) => ["read", "send", "write"].includes(name)))
      proxy.first.script = answer("Done.");
    const items = shortOf(await whole({ tools }));
    expect(items[0]).toBe(listed);
    expect(toolsOf(proxy.first, 0)).toEqual(available.map((name) => `notes__${name}`));
    for (const name of asked) expect(items).toContain(`asks for ${name} {"text":"${name}"}`);
    for (const name of asked) expect(ran).not.toContain(`${name} ${name}`);
  });

  const OPENAI_CHOICE = { type: "mcp", server_label: "notes" } as const;

  test.each<[what: string, body: Body, status: number, param: string | null, words: RegExp]>([
    [
      "an unknown server",
      { tools: [{ ...NOTES, server_label: "other" }] },
      400,
      "tools[0].server_label",
      /notes, gone/,
    ],
    [
      ...["an address of another server", { tools: [{ ...NOTES, server_url: "https://evil.example/mcp" }] }],
      ...[400, "tools[0].server_label", /no other is called/],
    ] as [string, Body, number, string, RegExp],
    [
      "a connector of OpenAI's",
      { tools: [{ ...NOTES, connector_id: "connector_gmail" }] },
      ...([400, "tools[0].connector_id", /belongs to OpenAI/] as const),
    ],
    [
      "the same server twice",
      { tools: [NOTES, { ...NOTES, server_label: "mine", server_url: ADDRESS }] },
      ...([400, "tools[1].server_label", /the same MCP server as `tools\[0\]`/] as const),
    ],
    [
      "a choice of a server that is not among the tools",
      { tool_choice: { type: "mcp", server_label: "gone" } },
      ...([400, "tool_choice", /"gone"/] as const),
    ],
    [
      "a choice of a tool that the server does not have",
      { tool_choice: { ...OPENAI_CHOICE, name: "none" } },
      ...([400, "tool_choice", /not in the list/] as const),
    ],
    [
      "a choice of a server that cannot be reached",
      { tools: [{ ...NOTES, server_label: "gone" }], tool_choice: { type: "mcp", server_label: "gone" } },
      ...([502, null, /cannot be reached/] as const),
    ],
    [
      "a call without a server that can be reached",
      { tools: [{ ...NOTES, server_label: "gone" }], tool_choice: "required" },
      ...([502, null, /cannot be reached/] as const),
    ],
    [
      "an answer to what nobody asked",
      { input: [{ type: "mcp_approval_response", approval_request_id: "mcpr_1", approve: true }] },
      ...([400, "input[0].approval_request_id", /is not known/] as const),
    ],
  ])("is refused %s", async (_, body, status, param, words) => {
    const [gotStatus, gotParam, message] = await refusal(body);
    expect([gotStatus, gotParam]).toEqual([status, param]);
    expect(message).toMatch(words);
    expect([proxy.first.requests.length, ran]).toEqual([0, []]);
  });

  test("a key that is limited to modes may not call tools, and nor may a caller without a key", async () => {
    const limited = await createKey(database, user.userId, { modes: ["smart"] });
    client = new OpenAI({ apiKey: limited, maxRetries: 0, baseURL: `${http.url}/api/v1` });
    expect(await refusal({})).toMatchObject([403, null, expect.stringContaining("MCP")]);
  });

  test("a server by its address has the client's own name", async () => {
    proxy.first.script = inTurn(calls(called("mine__read", "a")), answer("Done."));
    const tools: Tool[] = [{ ...NOTES, server_label: "mine", server_url: `${ADDRESS}/` }];
    const { output } = await whole({ tools });
    expect(output.slice(0, 2)).toMatchObject([
      { server_label: "mine" },
      { server_label: "mine", name: "read" },
    ]);
  });

  test("a client's credentials go nowhere, which it is told", async () => {
    proxy.first.script = answer("Hi.");
    const secret = { authorization: "Bearer abc", headers: { "x-key": "abc" }, server_description: "Notes." };
    const { data, response } = await client.responses
      .create(bodyOf({ tools: [{ ...NOTES, ...secret }] }))
      .withResponse();
    expect(response.headers.get("x-sarmalink-dropped")?.split(", ").sort()).toEqual([
      "tools.mcp.authorization",
      "tools.mcp.headers",
      "tools.mcp.server_description",
    ]);
    expect(JSON.stringify(data)).not.toContain("abc");
  });

  test.each<[string, NonNullable<Body["tool_choice"]>, unknown, string[]]>([
    [
      "one tool",
      { ...OPENAI_CHOICE, name: "read" },
      { type: "function", function: { name: "notes__read" } },
      [...Object.keys(DOUBLES)],
    ],
    ["any tool of a server", OPENAI_CHOICE, "required", [...Object.keys(DOUBLES)]],
    [
      "some tools",
      { type: "allowed_tools", mode: "auto", tools: [{ ...OPENAI_CHOICE, name: "read" }] },
      "auto",
      ["read"],
    ],
  ])("a choice of %s, which later rounds are not forced to", async (_, tool_choice, sent, names) => {
    proxy.first.script = inTurn(calls(called("notes__read", "a")), answer("Done."));
    await whole({ tool_choice });
    expect(field(proxy.first.requests[0]?.json, "tool_choice")).toEqual(sent);
    expect(toolsOf(proxy.first, 0)).toEqual(names.map((name) => `notes__${name}`));
    expect(field(proxy.first.requests[1]?.json, "tool_choice")).not.toEqual("required");
  });
});

describe.each(WAYS)("a call that waits for the client, %s", (_, ask) => {
  async function asked(): Promise<{ input: ResponseInputItem[]; id: string }> {
    proxy.first.script = calls(called("notes__write", "milk"));
    const response = await ask({ input: "Note: milk" });
    expect(shortOf(response)).toEqual([LIST, 'asks for write {"text":"milk"}']);
    expect([response.status, ran]).toEqual(["completed", []]);
    const id = response.output.at(-1)?.id ?? "";
    const input = [{ role: "user", content: "Note: milk" }, ...response.output] as ResponseInputItem[];
    return { input, id };
  }
  const reply = (id: string, approve: boolean, reason?: string): ResponseInputItem => ({
    ...{ type: "mcp_approval_response", approval_request_id: id, approve },
    ...(reason === undefined ? {} : { reason }),
  });

  test("runs once it is allowed, before the model goes on, and not again", async () => {
    const { input, id } = await asked();
    proxy.first.script = answer("It is written.");
    const response = await ask({ input: [...input, reply(id, true)] });
    expect(shortOf(response)).toEqual(["calls write completed: Written milk.", "says It is written."]);
    expect(response.output[0]).toMatchObject({ approval_request_id: id });
    expect(messagesOf(proxy.first).slice(-2)).toMatchObject([
      {
        role: "assistant",
        tool_calls: [{ function: { name: "notes__write", arguments: '{"text":"milk"}' } }],
      },
      { role: "tool", content: expect.stringContaining("Written milk.") },
    ]);
    proxy.first.script = answer("Yes.");
    const later = [
      ...[...input, reply(id, true)],
      ...(response.output as ResponseInputItem[]),
      { role: "user" as const, content: "Really?" },
    ];
    expect(shortOf(await ask({ input: later }))).toEqual(["says Yes."]);
    expect(ran).toEqual(["write milk"]);
    expect(messagesOf(proxy.first).map((message) => field(message, "role"))).toEqual([
      ...["user", "assistant", "tool", "assistant", "user"],
    ]);
    // A client that has lost the result is told nothing of it, but the tool does not run again either.
    const lossy = later.filter((item) => !("type" in item) || item.type !== "mcp_call");
    await ask({ input: lossy });
    expect(ran).toEqual(["write milk"]);
  });

  test("that has run is told, although no engine answers", async () => {
    const { input, id } = await asked();
    for (const upstream of [proxy.first, proxy.second]) upstream.script = fails;
    const response = await ask({ input: [...input, reply(id, true)] });
    expect([response.status, ...shortOf(response)]).toEqual([
      ...["failed", "calls write completed: Written milk."],
    ]);
    expect(ran).toEqual(["write milk"]);
  });

  test("is not run if it is declined, of which the model is told each time", async () => {
    const { input, id } = await asked();
    proxy.first.script = answer("As you wish.");
    const declined = [...input, reply(id, false, "wrong word"), { role: "user" as const, content: "Go on." }];
    for (const _ of [1, 2]) {
      expect(shortOf(await ask({ input: declined }))).toEqual(["says As you wish."]);
      expect(messagesOf(proxy.first).slice(-2)).toMatchObject([
        { role: "tool", content: expect.stringMatching(/did not allow.*wrong word/) },
        { role: "user", content: "Go on." },
      ]);
    }
    expect(ran).toEqual([]);
  });

  test("is not run without an answer", async () => {
    const { input } = await asked();
    proxy.first.script = answer("What?");
    expect(shortOf(await ask({ input: [...input, { role: "user", content: "Hello?" }] }))).toEqual([
      "says What?",
    ]);
    expect(ran).toEqual([]);
  });

  test("is not run if the client may not have its tool any more", async () => {
    const { input, id } = await asked();
    proxy.first.script = answer("A pity.");
    for (const tools of [[], [{ ...NOTES, allowed_tools: ["read"] }]]) {
      const response = await ask({ tools, input: [...input, reply(id, true)] });
      expect(shortOf(response)).toEqual([
        expect.stringMatching(/^calls write failed: .*no such tool/),
        "says A pity.",
      ]);
    }
    expect(ran).toEqual([]);
  });

  test("is run with fifteen others at most", async () => {
    const { input, id } = await asked();
    const request = input.at(-1) as ResponseInputItem.McpApprovalRequest;
    const ids = Array.from({ length: 20 }, (_, index) => `${id}-${index}`);
    const many = ids.flatMap((one) => [{ ...request, id: one }, reply(one, true)]);
    proxy.first.script = answer("Enough.");
    const items = shortOf(await ask({ input: [...input.slice(0, -1), ...many] }));
    expect(items.filter((item) => item.includes("Written milk."))).toHaveLength(16);
    expect(items.filter((item) => item.includes("Not more than 16"))).toHaveLength(4);
    expect(ran).toHaveLength(16);
  });

  test("is answered once", async () => {
    const { input, id } = await asked();
    const [status, param] = await refusal({ input: [...input, reply(id, false), reply(id, true)] });
    expect([status, param]).toEqual([400, "input[4].approval_request_id"]);
  });
});

describe.each([false, true])("the AI SDK (stream: %s)", (stream) => {
  const openai = () => createOpenAI({ apiKey: key, baseURL: `${http.url}/api/v1` });
  const NEVER = { never: { toolNames: ["read"] } };

  async function ask(messages: ModelMessage[], store: boolean) {
    const options = {
      model: openai()("smart"),
      tools: {
        notes: openai().tools.mcp({ serverLabel: "notes", serverUrl: ADDRESS, requireApproval: NEVER }),
      },
      providerOptions: { openai: { store } },
      ...{ messages, maxRetries: 0 },
    };
    if (!stream) return generateText(options);
    const streaming = streamText(options);
    return {
      text: await streaming.text,
      content: await streaming.content,
      response: await streaming.response,
    };
  }

  test.each([false, true])("reads calls, and is asked for consent (store: %s)", async (store) => {
    const user: ModelMessage = { role: "user", content: "Note: milk" };
    proxy.first.script = inTurn(calls(called("notes__read", "a")), calls(called("notes__write", "milk")));
    const asked = await ask([user], store);
    const request = asked.content.find(({ type }) => type === "tool-approval-request");
    const approvalId = stringField(request, "approvalId") ?? "";
    expect(asked.content.find(({ type }) => type === "tool-result")).toMatchObject({
      ...{ toolName: "mcp.read", output: { serverLabel: "notes", name: "read", output: "Read a." } },
    });
    const consent: ModelMessage = {
      role: "tool",
      content: [{ type: "tool-approval-response", approvalId, approved: true, providerExecuted: true }],
    };
    proxy.first.script = answer("It is written.");
    const done = await ask([user, ...asked.response.messages, consent], store);
    expect([done.text, ran]).toEqual(["It is written.", ["read a", "write milk"]]);
    // It sends its decision again with each further message.
    const more: ModelMessage[] = [user, ...asked.response.messages, consent, ...done.response.messages];
    await ask([...more, { role: "user", content: "Really?" }], store);
    expect(ran).toEqual(["read a", "write milk"]);
  });
});

describe("a real server, of the configuration", () => {
  const TOKEN = "a-token-of-the-operator";
  let real: TestMcpServer;

  beforeEach(async () => {
    real = await startMcpServer({ token: TOKEN });
    await proxy.stop();
    isSpent = true;
    const MCP_CONFIG = JSON.stringify({
      servers: {
        notes: { url: real.url, tokenEnv: "NOTES_TOKEN", requireApproval: "writes" },
        narrow: { url: `${real.url}/narrow`, tokenEnv: "NOTES_TOKEN", allowedTools: ["read_note"] },
      },
    });
    proxy = await startProxyGateway(database, { MCP_CONFIG, NOTES_TOKEN: TOKEN });
    http = await proxy.overHttp();
    client = new OpenAI({ apiKey: key, maxRetries: 0, baseURL: `${http.url}/api/v1` });
  });
  afterEach(() => real.stop());

  test("is called by its address or its id, as far as the operator allows", async () => {
    proxy.first.script = inTurn(calls({ id: "c1", name: "mine__read_note", pieces: [] }), answer("Bread."));
    const tools: Tool[] = [
      { ...NOTES, server_label: "mine", server_url: real.url },
      { ...NOTES, server_label: "narrow" },
    ];
    const response = await whole({ tools });
    expect(shortOf(response)).toEqual([
      "lists read_note write_note slow fails picture weather",
      "lists read_note",
      "calls read_note completed: The note: buy bread",
      "says Bread.",
    ]);
    expect(response.output[0]).toMatchObject({
      tools: [{ annotations: { readOnlyHint: true } }, {}, {}, {}, {}, {}],
    });
    expect(JSON.stringify(response)).not.toContain(TOKEN);
  });

  test("asks before it writes, also if it was restarted between question and answer", async () => {
    proxy.first.script = calls({ id: "c1", name: "notes__write_note", pieces: ['{"text":"milk"}'] });
    const asked = await streamed({ input: "Note: milk" });
    const { port } = new URL(real.url);
    await real.stop();
    real = await startMcpServer({ token: TOKEN, port: Number(port) });
    proxy.first.script = answer("It is written.");
    const response = await streamed({
      input: [
        { role: "user", content: "Note: milk" },
        ...(asked.output as ResponseInputItem[]),
        {
          ...{ type: "mcp_approval_response", approve: true },
          approval_request_id: asked.output.at(-1)?.id ?? "",
        },
      ],
    });
    expect(shortOf(response)).toEqual(["calls write_note completed: Written: milk", "says It is written."]);
    expect(real.written).toEqual(["milk"]);
  });

  test("that is down: the answer goes on", async () => {
    await real.stop();
    proxy.first.script = answer("Without notes.");
    const response = await whole();
    expect(shortOf(response)).toEqual([expect.stringMatching(/^lists \S/), "says Without notes."]);
    expect(JSON.stringify(response)).not.toContain(new URL(real.url).host);
  });

  test("that goes down between two rounds: the model is told", async () => {
    proxy.first.script = inTurn(async (exchange) => {
      await real.stop();
      await calls({ id: "c1", name: "notes__read_note", pieces: ["{}"] })(exchange);
    }, answer("It is gone."));
    expect(shortOf(await whole()).slice(1)).toEqual([
      expect.stringMatching(/^calls read_note failed: /),
      "says It is gone.",
    ]);
  });

  test("learns that the client has left", async () => {
    proxy.first.script = calls({ id: "c1", name: "notes__slow", pieces: ["{}"] });
    const stream = client.responses.stream({ ...bodyOf({}), stream: true });
    stream.on("error", () => undefined);
    for await (const event of stream) if (event.type === "response.mcp_call.in_progress") break;
    const before = real.headers.length;
    await eventually("the server is asked", () => real.headers.length > before || real.headers.length > 1);
    stream.abort();
    await eventually("the server knows", () => real.left === 1, 5_000);
    expect(proxy.first.requests).toHaveLength(1);
  });
});
