import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type FakeUpstream, type Script, startFakeUpstream, textChunk } from "../support/fake-upstream.ts";
import { type NativeAnswer, readNative, readSome } from "../support/native-client.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { createKey, eventually, type Settings } from "../support/test-gateway.ts";

const TOKEN = "canary.plugin.zzzzzzzzz";
const ENGINE_TEXT = "Hello from first.";

let database: TestSupabase;
let user: TestUser;
let plugin: FakeUpstream;
let proxy: ProxyGateway;
let log: string[];

const settings = (): Settings => ({
  ENABLE_PLUGIN_AUTOROUTE: "true",
  FIRST_TOKEN_TIMEOUT_MS: "500",
  PROVIDER_TIMEOUT_MS: "1000",
  ...Object.fromEntries(
    ["RAG_PDF", "LLM_ROUTER", "RECEIPT_SCANNER", "AGENT_ORCHESTRATOR"].flatMap((name) => [
      [`PLUGIN_${name}_URL`, `${plugin.origin}/${name.toLowerCase()}`],
      [`PLUGIN_${name}_TOKEN`, TOKEN],
    ]),
  ),
});

beforeAll(async () => {
  database = await startTestSupabase();
  user = await database.signUp();
  plugin = await startFakeUpstream(() => undefined);
  log = [];
  proxy = await startProxyGateway(database, settings(), (line) => log.push(line));
});
afterAll(async () => {
  await proxy.stop();
  await plugin.stop();
  await database.stop();
});
beforeEach(() => {
  plugin.requests.length = 0;
  proxy.first.requests.length = 0;
});
afterEach(() => expect(log.join("\n")).not.toContain(TOKEN));

const RAG = "What do my PDFs say about parental leave?";
const LOCAL = "Ask the local model: what is the capital of France?";
const RECEIPT = "Scan this receipt";
const SWARM = "Run the research-swarm on solid-state batteries";
const IMAGE = `data:image/png;base64,${Buffer.from("\x89PNG\r\n\x1a\nreceipt").toString("base64")}`;

function post(body: object, signal?: AbortSignal): Promise<Response> {
  return proxy.fetch("http://gateway.test/api/ai-chat", {
    method: "POST",
    headers: { authorization: `Bearer ${user.accessToken}`, "content-type": "application/json" },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function ask(body: object): Promise<NativeAnswer> {
  const answer = await readNative(await post(body));
  expect(answer.status).toBe(200);
  for (const hidden of [TOKEN, plugin.origin]) expect(answer.raw).not.toContain(hidden);
  return answer;
}

/** What is stored of the conversation of an answer. */
async function storedOf({ events }: NativeAnswer): Promise<unknown[]> {
  await proxy.settled();
  const id = events.find((event) => event.type === "session")?.id ?? expect.fail("There is no session.");
  const rows = await database.sql`select messages from public.ai_complete_sessions where id = ${id}`;
  return rows.flatMap(({ messages }) => messages as unknown[]);
}

const tools = ({ events }: NativeAnswer) =>
  events.flatMap((event) => (event.type === "tool" ? [`${event.name} ${event.status}`] : []));
const routes = ({ events }: NativeAnswer) =>
  events.flatMap((event) => (event.type === "auto_routed" ? [event.to] : []));

const lines =
  (...values: unknown[]): Script =>
  async (exchange) => {
    await exchange.startStream({ "content-type": "application/x-ndjson; charset=utf-8" });
    for (const value of values) await exchange.chunk(`${JSON.stringify(value)}\n`);
    await exchange.endStream();
  };

describe("a message that asks for a plugin", () => {
  test("is answered by rag-over-pdf: streamed, with its sources, and stored", async () => {
    plugin.script = lines(
      { type: "citations", citations: [{ marker: 1, source: "leave.pdf", page: 3 }] },
      { type: "token", value: "Sixteen " },
      { type: "token", value: "weeks\u202e [1]." },
      { type: "done" },
    );
    const answer = await ask({ message: RAG });
    expect(answer.text).toBe("Sixteen weeks [1].\n\n[1] leave.pdf, p. 3");
    expect(answer.order).toEqual(["session", "auto_routed", "tool", "token", "tool", "usage", "done"]);
    expect(routes(answer)).toEqual(["plugin"]);
    expect(tools(answer)).toEqual(["plugin:rag-over-pdf running", "plugin:rag-over-pdf done"]);
    expect(answer.usage).toMatchObject({ promptTokens: 0, completionTokens: 0, costUsd: 0 });
    expect(plugin.requests).toMatchObject([
      { method: "POST", path: "/rag_pdf/api/chat", json: { question: RAG } },
    ]);
    expect(plugin.requests[0]?.headers["authorization"]).toBe(`Bearer ${TOKEN}`);
    expect(proxy.first.requests).toEqual([]);
    expect(await storedOf(answer)).toMatchObject([
      { role: "user", content: RAG },
      { role: "assistant", content: answer.text },
    ]);
    const rows = await database.sql`
      select status, model, cost_usd::float as cost from public.ai_chat_usage
      where user_id = ${user.userId} order by created_at desc limit 1`;
    expect(rows).toMatchObject([{ status: "completed", model: null, cost: 0 }]);
  });

  test("is answered by local-llm-router, which gets the conversation; its reasoning is kept apart", async () => {
    plugin.script = async (exchange) => {
      await exchange.startStream();
      await exchange.event({ choices: [{ delta: { reasoning_content: "Easy." } }] });
      await exchange.event(textChunk("Pa"));
      await exchange.event(textChunk("ris"));
      await exchange.event(textChunk("", "stop"));
      await exchange.event("[DONE]");
      await exchange.endStream();
    };
    const history = [
      { role: "user", content: "Hello" },
      { role: "assistant", content: "Hi" },
    ];
    const answer = await ask({ message: LOCAL, history });
    expect([answer.text, answer.thinking]).toEqual(["Paris", "Easy."]);
    expect(plugin.requests).toMatchObject([
      {
        path: "/llm_router/v1/chat/completions",
        json: { model: "auto", stream: true, messages: [...history, { role: "user", content: LOCAL }] },
      },
    ]);
  });

  test("that thinks within its text shows the text alone", async () => {
    plugin.script = async (exchange) => {
      await exchange.startStream();
      for (const piece of ["<thi", "nk>Hm.</th", "ink>\n\nPar", "is"]) await exchange.event(textChunk(piece));
      await exchange.event("[DONE]");
      await exchange.endStream();
    };
    const answer = await ask({ message: LOCAL });
    expect([answer.text, answer.thinking]).toEqual(["Paris", "Hm."]);
  });

  test("with an image of a receipt is answered by receipt-scanner, which gets the file", async () => {
    const receipt = { vendor: "Tesco", total: 12.5 };
    plugin.script = (exchange) => exchange.json(200, { ok: true, id: "1", receipt });
    const answer = await ask({ message: RECEIPT, image: IMAGE });
    expect(answer.text).toBe(`\`\`\`json\n${JSON.stringify(receipt, null, 2)}\n\`\`\``);
    const [seen] = plugin.requests;
    expect(seen?.path).toBe("/receipt_scanner/api/scan");
    expect(seen?.headers["content-type"]).toMatch(/^multipart\/form-data; boundary=/);
    expect(seen?.text).toContain('name="file"; filename="image.png"\r\nContent-Type: image/png');
    expect(seen?.text).toContain("PNG\r\n");
  });

  test("starts a workflow of agent-orchestrator and waits for its end", async () => {
    let looks = 0;
    plugin.script = (exchange) => {
      if (exchange.request.method === "POST") return exchange.json(202, { id: "run-1", status: "started" });
      looks++;
      const output = { input: { topic: SWARM }, search: ["x"], summarise: { text: "Batteries are solid." } };
      return exchange.json(200, { id: "run-1", status: looks < 2 ? "running" : "completed", output });
    };
    const answer = await ask({ message: SWARM });
    expect(answer.text).toBe("Batteries are solid.");
    expect(plugin.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "POST /agent_orchestrator/runs",
      "GET /agent_orchestrator/runs/run-1",
      "GET /agent_orchestrator/runs/run-1",
    ]);
    expect(plugin.requests[0]?.json).toEqual({ graph: "research-swarm", input: { topic: SWARM } });
  });

  test("by its name, in any language, is answered by it; the name is not part of the question", async () => {
    plugin.script = (exchange) => exchange.json(200, { answer: "Drei Monate." });
    const answer = await ask({ message: "@rag-over-pdf Wie lange ist die Kündigungsfrist?" });
    expect(answer.text).toBe("Drei Monate.");
    expect(plugin.requests[0]?.json).toEqual({ question: "Wie lange ist die Kündigungsfrist?" });
  });

  test("arrives as the plugin writes it, not at its end", async () => {
    const more = Promise.withResolvers<void>();
    plugin.script = async (exchange) => {
      await exchange.startStream();
      await exchange.event(textChunk("First."));
      await more.promise;
      await exchange.event(textChunk(" Second.", "stop"));
      await exchange.endStream();
    };
    const reader = (await post({ message: LOCAL })).body?.getReader() ?? expect.fail("no body");
    const isToken = (event: { type: string }): boolean => event.type === "token";
    await readSome(reader, (events) => events.some(isToken));
    more.resolve();
    const rest = await readSome(reader, (events) => events.some(({ type }) => type === "done"));
    expect(rest.filter(isToken)).toEqual([{ type: "token", text: " Second." }]);
  });
});

describe("the engines answer", () => {
  test.each<[string, Script]>([
    ["fails", (exchange) => exchange.json(500, { error: { message: `${TOKEN} at ${plugin.origin}` } })],
    [
      "has nothing indexed",
      (exchange) => exchange.respond(400, "No PDF indexed yet.", { "content-type": "text/plain" }),
    ],
    ["sends a page", (exchange) => exchange.respond(200, "<h1>Hi</h1>", { "content-type": "text/html" })],
    ["sends broken JSON", (exchange) => exchange.respond(200, '{"answer": "Hi')],
    ["sends JSON without a text", (exchange) => exchange.json(200, { ok: true })],
    ["sends blank text", (exchange) => exchange.json(200, { answer: " \n\u200b " })],
    ["sends nothing", (exchange) => exchange.respond(204, "")],
    ["redirects", (exchange) => exchange.respond(307, "", { location: `${proxy.first.origin}/stolen` })],
    ["resets", (exchange) => exchange.reset()],
    ["is silent", () => undefined],
    ["is silent behind its head", (exchange) => exchange.startStream()],
    ["sends no HTTP", (exchange) => exchange.raw("hello\r\n\r\n")],
    [
      "reports an error before any text",
      lines({ type: "citations", citations: [] }, { type: "error", message: "x" }),
    ],
    ["ends before any text", lines({ type: "citations", citations: [] })],
    [
      "sends 20 MB of JSON",
      async (exchange) => {
        await exchange.startStream({ "content-type": "application/json" });
        for (let piece = 0; piece < 320 && !exchange.gone; piece++) await exchange.chunk("x".repeat(65_536));
      },
    ],
  ])("when the plugin %s; nothing is said twice", async (_, script) => {
    plugin.script = script;
    const answer = await ask({ message: RAG });
    expect(answer.text).toBe(ENGINE_TEXT);
    expect(tools(answer)).toEqual(["plugin:rag-over-pdf running", "plugin:rag-over-pdf failed"]);
    expect(routes(answer)).toEqual(["plugin", "smart"]);
    expect(answer.order).toEqual([
      "session",
      "auto_routed",
      "tool",
      "auto_routed",
      "backend",
      "token",
      "usage",
      "done",
    ]);
    expect(answer.usage).toMatchObject({ promptTokens: 10 });
    expect(proxy.first.requests).toHaveLength(1);
    expect(proxy.first.requests[0]?.path).toBe("/v1/chat/completions");
    expect(JSON.stringify(proxy.first.requests)).not.toContain(TOKEN);
    expect(await storedOf(answer)).toMatchObject([{ content: RAG }, { content: ENGINE_TEXT }]);
    await eventually("the plugin is left", () => plugin.inFlight === 0 || plugin.connections === 0);
  });

  test("when a workflow fails", async () => {
    plugin.script = (exchange) =>
      exchange.json(
        200,
        exchange.request.method === "POST" ? { id: "r" } : { status: "failed", error: "budget" },
      );
    expect((await ask({ message: SWARM })).text).toBe(ENGINE_TEXT);
  });

  test.each<[string, object]>([
    ["a mode is named", { message: RAG, model: "fast" }],
    ["the message only mentions it", { message: "How do I search my PDFs for a word?" }],
    ["there is no image of the receipt", { message: RECEIPT }],
  ])("when %s, and no plugin is called", async (_, body) => {
    const answer = await ask(body);
    expect(answer.text).toBe(ENGINE_TEXT);
    expect(tools(answer)).toEqual([]);
    expect(plugin.requests).toEqual([]);
  });

  test.each<[string, Settings]>([
    ["auto-routing is off", { ENABLE_PLUGIN_AUTOROUTE: "" }],
    ["the plugin is not set up", { PLUGIN_RAG_PDF_URL: "" }],
  ])("while %s", async (_, changes) => {
    const other = await startProxyGateway(database, { ...settings(), ...changes });
    const answer = await other.gateway.ask(user.accessToken, { message: RAG });
    expect([answer.text, tools(answer)]).toEqual([ENGINE_TEXT, []]);
    expect(plugin.requests).toEqual([]);
    await other.stop();
  });

  test("when the key is limited to modes, as in a call of a plugin", async () => {
    const key = await createKey(database, user.userId, { modes: ["smart", "named"] });
    const limited = await createKey(database, user.userId, { modes: ["smart"] });
    plugin.script = (exchange) => exchange.json(200, { answer: "Sixteen weeks." });
    const texts = [key, limited].map(async (credential) => {
      const answer = await proxy.gateway.ask(credential, { message: RAG });
      return answer.text;
    });
    expect(await Promise.all(texts)).toEqual(["Sixteen weeks.", ENGINE_TEXT]);
    expect(plugin.requests).toHaveLength(1);
  });

  test("the OpenAI-compatible routes know no plugins", async () => {
    const response = await proxy.fetch("http://gateway.test/api/v1/chat/completions", {
      method: "POST",
      headers: { authorization: `Bearer ${user.accessToken}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "auto", messages: [{ role: "user", content: RAG }] }),
    });
    expect(await response.text()).toContain(ENGINE_TEXT);
    expect(plugin.requests).toEqual([]);
  });
});

describe("an answer that breaks off after it has begun", () => {
  const begun = async (exchange: Parameters<Script>[0]): Promise<void> => {
    await exchange.startStream();
    await exchange.event(textChunk("Half an "));
  };

  test.each<[string, Script]>([
    ["by a reset", async (exchange) => begun(exchange).then(() => exchange.reset())],
    ["by its end", async (exchange) => begun(exchange).then(() => exchange.endStream())],
    ["by silence", begun],
    [
      "by an error",
      async (exchange) => {
        await begun(exchange);
        await exchange.event({ error: { message: `${TOKEN} at ${plugin.origin}` } });
        await exchange.endStream();
      },
    ],
    [
      "by its size",
      async (exchange) => {
        await begun(exchange);
        for (let piece = 0; piece < 320 && !exchange.gone; piece++)
          await exchange.event(textChunk("x".repeat(65_536)));
      },
    ],
  ])("%s ends in an error, and no engine answers behind it", async (_, script) => {
    plugin.script = script;
    const answer = await ask({ message: LOCAL });
    expect(answer.text.startsWith("Half an ")).toBe(true);
    expect(tools(answer)).toEqual(["plugin:local-llm-router running", "plugin:local-llm-router failed"]);
    expect(answer.events.at(-1)).toMatchObject({ type: "error", code: "stream_interrupted" });
    expect(proxy.first.requests).toEqual([]);
    expect(await storedOf(answer)).toMatchObject([{ content: LOCAL }, { content: answer.text }]);
  });
});

test("a plugin that repeats its token does not hand it on, wherever it cuts it", async () => {
  plugin.script = async (exchange) => {
    const told = exchange.request.headers["authorization"] ?? "";
    await exchange.startStream();
    for (const character of `I got ${told}!`) await exchange.event(textChunk(character));
    await exchange.event(textChunk("", "stop"));
    await exchange.endStream();
  };
  const answer = await ask({ message: LOCAL });
  expect(answer.text).toBe("I got Bearer [redacted]!");
  expect(JSON.stringify(await storedOf(answer))).not.toContain(TOKEN);
});

test.each<[string, Script, number]>([
  ["before its first text", () => undefined, 0],
  [
    "in the middle",
    async (exchange) => {
      await exchange.startStream();
      await exchange.event(textChunk("Half an "));
    },
    1,
  ],
])(
  "a client that leaves %s ends the plugin's request, and no engine is called",
  async (_, script, tokens) => {
    plugin.script = script;
    const client = new AbortController();
    const reader =
      (await post({ message: LOCAL }, client.signal)).body?.getReader() ?? expect.fail("no body");
    await readSome(
      reader,
      (events) => events.filter(({ type }) => type === (tokens === 0 ? "tool" : "token")).length > 0,
    );
    const next = reader.read();
    await eventually("the plugin is called", () => plugin.requests.length === 1);
    client.abort();
    await next.catch(() => undefined);
    await reader.cancel().catch(() => undefined);
    await eventually("the plugin is left", () => plugin.requests[0]?.closedAt !== undefined, 450);
    await proxy.settled();
    expect(proxy.first.requests).toEqual([]);
    const rows = await database.sql`
    select status from public.ai_chat_usage where user_id = ${user.userId} order by created_at desc limit 1`;
    expect(rows).toMatchObject([{ status: "cancelled" }]);
  },
);
