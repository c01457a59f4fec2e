import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { HOSTILE_PATHS } from "../plugins/hostile-paths.ts";
import { deep } from "../support/bad-inputs.ts";
import { type FakeUpstream, type Script, startFakeUpstream } from "../support/fake-upstream.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { captureStderr, createKey, eventually, type Settings } from "../support/test-gateway.ts";

const TOKEN = "canary.rag.zzzzzzzzz";
const LIST = "http://gateway.test/api/v1/plugins";
const INVOKE = "http://gateway.test/api/v1/plugins/invoke";

let database: TestSupabase;
let user: TestUser;
/** The plugin, and a server that nobody may be led to. */
let plugin: FakeUpstream;
let elsewhere: FakeUpstream;
let proxy: ProxyGateway;
let log: string[];

const settings = (): Settings => ({
  PLUGIN_RAG_PDF_URL: `${plugin.origin}/hidden-prefix/`,
  PLUGIN_RAG_PDF_TOKEN: TOKEN,
  PLUGIN_MCP_SERVER_URL: plugin.origin,
  PLUGIN_MCP_SERVER_TOKEN: TOKEN,
  PLUGIN_LLM_ROUTER_URL: "http://127.0.0.1:9",
  CONNECT_TIMEOUT_MS: "1000",
  ANSWER_TIMEOUT_MS: "600",
  CORS_ALLOWED_ORIGINS: "https://app.example",
});

beforeAll(async () => {
  database = await startTestSupabase();
  user = await database.signUp();
  plugin = await startFakeUpstream(() => undefined);
  elsewhere = await startFakeUpstream((exchange) => exchange.json(200, { reached: "elsewhere" }));
  log = [];
  proxy = await startProxyGateway(database, settings(), (line) => log.push(line));
});
afterAll(async () => {
  await proxy.stop();
  await plugin.stop();
  await elsewhere.stop();
  await database.stop();
});
beforeEach(() => {
  plugin.script = (exchange) => exchange.json(200, { answer: 42 });
});
afterEach(() => {
  plugin.requests.length = 0;
  expect(elsewhere.connectionsEver).toBe(0);
  expect(log.join("\n")).not.toContain(TOKEN);
  expect(log.join("\n")).not.toContain("hidden-prefix");
});

type Invoked = { status: number; headers: Headers; text: string; json: Record<string, unknown> };

async function invoke(body: unknown, via = proxy, changes: RequestInit = {}): Promise<Invoked> {
  const headers = new Headers({
    authorization: `Bearer ${user.accessToken}`,
    "content-type": "application/json",
    ...(changes.headers as Record<string, string>),
  });
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await via.fetch(INVOKE, { method: "POST", body: text, ...changes, headers });
  const answer = await response.text();
  expect(response.headers.get("content-type")).toMatch(/^application\/json/);
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  expect(response.headers.get("cache-control")).toBe("no-store");
  for (const hidden of [TOKEN, "hidden-prefix", plugin.origin]) expect(answer).not.toContain(hidden);
  return {
    status: response.status,
    headers: response.headers,
    text: answer,
    json: JSON.parse(answer) as Record<string, unknown>,
  };
}

const keys = (count: number): string =>
  Array.from({ length: count }, (_, index) => `"k${index}":0`).join(",");
const errorOf = ({ status, json }: Invoked) => ({ status, ...(json["error"] as object) });
const rag = (path: string, more: object = {}) => ({ plugin: "rag-over-pdf", path, ...more });

describe("the list", () => {
  const list = async (search = ""): Promise<{ status: number; text: string }> => {
    const headers = { authorization: `Bearer ${user.accessToken}` };
    const response = await proxy.fetch(LIST + search, { headers });
    return { status: response.status, text: await response.text() };
  };

  test("has the ten plugins, what each is for, and which are set up; no address and no token", async () => {
    const { text } = await list();
    const { count, plugins } = JSON.parse(text) as { count: number; plugins: Record<string, unknown>[] };
    expect(count).toBe(10);
    expect(plugins.map(({ id, intents }) => [id, intents])).toEqual([
      ["voice-agent-starter", ["voice"]],
      ["agent-orchestrator", ["workflow", "browse"]],
      ["ai-eval-runner", ["eval"]],
      ["local-llm-router", ["router"]],
      ["mcp-server-toolkit", ["mcp"]],
      ["rag-over-pdf", ["rag"]],
      ["receipt-scanner", ["ocr"]],
      ["webhook-to-email", ["webhook"]],
      ["k8s-ops-toolkit", ["k8s"]],
      ["terraform-stack", ["iac"]],
    ]);
    const those = (field: string): unknown[] =>
      plugins.filter((one) => one[field] === true).map(({ id }) => id);
    expect(those("configured")).toEqual(["local-llm-router", "mcp-server-toolkit", "rag-over-pdf"]);
    expect(plugins.filter(({ callable }) => callable === false).map(({ id }) => id)).toEqual([
      "k8s-ops-toolkit",
      "terraform-stack",
    ]);
    expect(those("autoRoute")).toEqual([]);
    for (const hidden of [TOKEN, "127.0.0.1", "hidden-prefix"]) expect(text).not.toContain(hidden);
  });

  test("can be limited to an intent", async () => {
    expect(JSON.parse((await list("?intent=ocr")).text)).toMatchObject({
      count: 1,
      plugins: [{ id: "receipt-scanner" }],
    });
    expect((await list("?intent=nonsense")).status).toBe(400);
  });

  test("says who takes part in auto-routing once that is switched on", async () => {
    const on = await startProxyGateway(database, { ...settings(), ENABLE_PLUGIN_AUTOROUTE: "1" });
    const response = await on.fetch(LIST, { headers: { authorization: `Bearer ${user.accessToken}` } });
    const { plugins } = (await response.json()) as { plugins: { id: string; autoRoute: boolean }[] };
    expect(plugins.filter(({ autoRoute }) => autoRoute).map(({ id }) => id)).toEqual([
      "local-llm-router",
      "rag-over-pdf",
    ]);
    await on.stop();
  });
});

describe("a call", () => {
  test("reaches the path below the plugin's address, with its token, and its JSON comes back", async () => {
    const { status, json } = await invoke(rag("/api/chat", { body: { question: "Hi" } }));
    expect([status, json]).toEqual([
      200,
      {
        ok: true,
        pluginId: "rag-over-pdf",
        status: 200,
        contentType: "application/json",
        encoding: "json",
        data: { answer: 42 },
      },
    ]);
    const [seen] = plugin.requests;
    expect(seen).toMatchObject({ method: "POST", path: "/hidden-prefix/api/chat", json: { question: "Hi" } });
    expect(seen?.headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      "content-type": "application/json",
    });
    expect(seen?.headers["x-api-key"]).toBeUndefined();
    // Nothing of the client's own request is handed on.
    expect(JSON.stringify(seen?.headers)).not.toContain(user.accessToken);
  });

  test.each([
    [{ id: "rag-over-pdf", path: "documents" }, "GET /hidden-prefix/documents", ""],
    [{ plugin: "rag-over-pdf" }, "GET /hidden-prefix", ""],
    [
      rag("/d?limit=2", { query: { q: "a&b", tag: ["x", "y"] } }),
      "GET /hidden-prefix/d?limit=2&q=a%26b&tag=x&tag=y",
      "",
    ],
    [rag("/d", { method: "delete", query: { docId: 7 } }), "DELETE /hidden-prefix/d?docId=7", ""],
    [rag("/d", { method: "PUT", body: [1, 2] }), "PUT /hidden-prefix/d", "[1,2]"],
    [rag("/d", { method: "PATCH", body: "text" }), "PATCH /hidden-prefix/d", '"text"'],
    [rag("/d", { method: "POST" }), "POST /hidden-prefix/d", ""],
    [rag("/d", { body: 0 }), "POST /hidden-prefix/d", "0"],
    [rag("/d", { body: null, query: null, method: null }), "GET /hidden-prefix/d", ""],
    [{ plugin: "rag-over-pdf", id: "rag-over-pdf" }, "GET /hidden-prefix", ""],
  ])("%j is %s", async (body, line, text) => {
    expect((await invoke(body)).status).toBe(200);
    const [seen] = plugin.requests;
    expect([`${seen?.method} ${seen?.path}`, seen?.text]).toEqual([line, text]);
  });

  test("a plugin whose API wants its token in another header gets it there as well", async () => {
    await invoke({ plugin: "mcp-server-toolkit", path: "/tools" });
    expect(plugin.requests[0]?.headers).toMatchObject({
      "x-api-key": TOKEN,
      authorization: `Bearer ${TOKEN}`,
    });
  });

  test.each([
    ["no plugin", { path: "/x" }, "plugin"],
    ["two plugins", { plugin: "rag-over-pdf", id: "receipt-scanner" }, "id"],
    ["a body with GET", rag("/x", { method: "GET", body: {} }), "body"],
    ["an unknown method", rag("/x", { method: "TRACE" }), "method"],
    ["an unknown field", rag("/x", { headers: { host: "evil.test" } }), ""],
    ["an address", rag("/x", { url: "http://evil.test" }), ""],
    ["a query that is no list of values", rag("/x", { query: { a: { b: 1 } } }), "query"],
    ["a path that is no text", rag("/x", { path: 5 }), "path"],
    ["a list", [], ""],
    ["no JSON", "{", undefined],
  ])("%s is refused before anything is sent", async (_, body, field) => {
    const answer = await invoke(body);
    expect(errorOf(answer)).toMatchObject({ status: 400, code: "invalid_request" });
    if (field !== undefined) expect(answer.text).toContain(`"field":"${field}`);
    expect(plugin.requests).toEqual([]);
  });

  test("hostile paths are 400, and not a byte is sent anywhere", async () => {
    const before = plugin.connectionsEver;
    for (const path of HOSTILE_PATHS) {
      const answer = await invoke(rag(path));
      expect([path, answer.status]).toEqual([path, 400]);
    }
    expect(plugin.connectionsEver).toBe(before);
    expect(plugin.requests).toEqual([]);
  });

  test("a body of more than 1 MB is 413", async () => {
    const answer = await invoke(rag("/x", { body: "x".repeat(1_100_000) }));
    expect(errorOf(answer)).toMatchObject({ status: 413, code: "payload_too_large" });
    expect(plugin.requests).toEqual([]);
  });

  test.each([
    ["nobody", 404, "not_found", "nobody"],
    ["__proto__", 404, "not_found", "__proto__"],
    ["receipt-scanner", 503, "not_configured", "PLUGIN_RECEIPT_SCANNER_URL"],
    ["terraform-stack", 503, "not_configured", "no HTTP API"],
  ])("of %s is %d %s", async (id, status, code, said) => {
    const answer = await invoke({ plugin: id, path: "/" });
    expect(errorOf(answer)).toMatchObject({ status, code, message: expect.stringContaining(said) });
  });

  test("counts against a key's requests a minute; a key for modes may not call plugins", async () => {
    const limited = await createKey(database, user.userId, { requestsPerMinute: 1 });
    const modes = await createKey(database, user.userId, { modes: ["smart"] });
    const as = (key: string) => invoke(rag("/x"), proxy, { headers: { authorization: `Bearer ${key}` } });
    expect((await as(limited)).status).toBe(200);
    const second = await as(limited);
    expect(errorOf(second)).toMatchObject({ status: 429, code: "rate_limited" });
    expect(Number(second.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(errorOf(await as(modes))).toMatchObject({ status: 403, code: "forbidden" });
    expect(plugin.requests).toHaveLength(1);
  });

  test("pages of an allowed origin may call with a bearer", async () => {
    const { headers } = await invoke(rag("/x"), proxy, { headers: { origin: "https://app.example" } });
    expect(headers.get("access-control-allow-origin")).toBe("https://app.example");
  });
});

describe("hostile bodies", () => {
  test.each([
    ["10 000 brackets deep", `{"plugin":"rag-over-pdf","body":${deep(10_000)}}`, 400],
    ["60 000 keys", `{"plugin":"rag-over-pdf","body":{${keys(60_000)}}}`, 400],
    ["45 000 names in the query", `{"plugin":"rag-over-pdf","query":{${keys(45_000)}}}`, 400],
    ["__proto__", '{"plugin":"rag-over-pdf","__proto__":{"path":"/x"}}', 400],
    ["__proto__ in the query", '{"plugin":"rag-over-pdf","query":{"__proto__":"x"}}', 200],
    ["__proto__ in the body", '{"plugin":"rag-over-pdf","body":{"__proto__":{"a":1}}}', 200],
    ["a lone surrogate in the body", '{"plugin":"rag-over-pdf","body":"\\ud800"}', 200],
    ["a lone surrogate in the query", '{"plugin":"rag-over-pdf","query":{"q":"\\ud800"}}', 200],
    ["a lone surrogate in the id", '{"plugin":"\\ud800"}', 404],
    ["NUL in the query", '{"plugin":"rag-over-pdf","query":{"q":"\\u0000\\r\\nx: y"}}', 200],
    ["NUL in the id", '{"plugin":"rag-over-pdf\\u0000"}', 404],
    ["a number without end in the query", '{"plugin":"rag-over-pdf","query":{"q":1e999}}', 400],
    ["null", "null", 400],
  ])("%s", async (_, body, status) => {
    expect((await invoke(body)).status).toBe(status);
    expect(plugin.requests.length).toBe(status === 200 ? 1 : 0);
    expect(plugin.requests[0]?.headers["x"]).toBeUndefined();
  });
});

describe("what a plugin answers", () => {
  const respond =
    (body: string | Uint8Array, headers: Record<string, string>, status = 200): Script =>
    (exchange) =>
      exchange.respond(status, body, headers);

  test.each<[string, Script, object]>([
    [
      "a page is a text in our JSON",
      respond("<script>alert(1)</script>", { "content-type": "text/html; charset=utf-8" }),
      { encoding: "text", contentType: "text/html; charset=utf-8", data: "<script>alert(1)</script>" },
    ],
    [
      "a file is base64",
      respond(Uint8Array.from([0x25, 0x50, 0x44, 0x46, 0xff, 0x00]), { "content-type": "application/pdf" }),
      { encoding: "base64", contentType: "application/pdf", data: "JVBERv8A" },
    ],
    [
      "what has no type is base64",
      respond("abc", { "content-type": "" }),
      { encoding: "base64", data: "YWJj" },
    ],
    [
      "a stream is its text",
      async (exchange) => {
        await exchange.startStream();
        await exchange.event({ a: 1 });
        await exchange.endStream();
      },
      { encoding: "text", data: 'data: {"a":1}\n\n' },
    ],
    [
      "broken JSON is a text",
      respond('{"a":', { "content-type": "application/json" }),
      { encoding: "text", data: '{"a":' },
    ],
    [
      "JSON of a hundred thousand brackets is a text",
      respond("[".repeat(100_000), { "content-type": "application/json" }),
      { encoding: "text" },
    ],
    [
      "JSON of a kind of its own is JSON",
      respond('{"a":"__proto__"}', { "content-type": "application/problem+json" }),
      { encoding: "json", data: { a: "__proto__" } },
    ],
    ["nothing is null", (exchange) => exchange.respond(204, "", {}), { status: 204, data: null }],
    [
      "compressed JSON is JSON",
      respond(gzipSync('{"a":1}'), { "content-type": "application/json", "content-encoding": "gzip" }),
      { encoding: "json", data: { a: 1 } },
    ],
    [
      "invalid UTF-8 is replaced",
      respond(Uint8Array.from([0x61, 0xff, 0x62]), { "content-type": "text/plain" }),
      { data: "a\ufffdb" },
    ],
    [
      "headers of its own reach nobody",
      respond("{}", {
        "set-cookie": "session=evil",
        "x-request-id": "evil",
        "access-control-allow-origin": "*",
      }),
      { data: {} },
    ],
  ])("%s", async (_, script, expected) => {
    plugin.script = script;
    const { status, json, headers } = await invoke(rag("/x"));
    expect(status).toBe(200);
    expect(json).toMatchObject({ ok: true, pluginId: "rag-over-pdf", ...expected });
    expect(headers.get("set-cookie")).toBeNull();
    expect(headers.get("x-request-id")).not.toBe("evil");
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });

  test.each<[string, Script, object]>([
    [
      "a failure",
      respond(`{"error":{"message":"no GPU at http://10.0.0.1 with ${TOKEN}"}}`, {}, 500),
      { status: 502, code: "plugin_failed", details: { plugin: "rag-over-pdf", status: 500 } },
    ],
    ["a failure as a page", respond("<h1>nginx</h1>", { "content-type": "text/html" }, 502), { status: 502 }],
    ["overload", respond("{}", { "retry-after": "7" }, 503), { status: 502, code: "plugin_failed" }],
    ["a time-out of its own", respond("{}", {}, 504), { status: 504, code: "plugin_timeout" }],
    [
      "a redirect",
      (exchange) => exchange.respond(302, "", { location: `${elsewhere.origin}/` }),
      { status: 502, code: "plugin_failed", message: expect.stringContaining("redirect") },
    ],
    [
      "that its token is wrong",
      respond(`Invalid token ${TOKEN}`, { "content-type": "text/plain" }, 401),
      { status: 502, code: "plugin_failed", message: expect.stringContaining("PLUGIN_RAG_PDF_TOKEN") },
    ],
    [
      "that the request is wrong",
      respond("Missing question", { "content-type": "text/plain" }, 400),
      { status: 400, code: "invalid_request", message: expect.stringContaining("Missing question") },
    ],
    [
      "that there is no such thing",
      respond('{"error":"Run not found"}', {}, 404),
      {
        status: 404,
        code: "not_found",
        message: expect.stringContaining("Run not found"),
        details: { plugin: "rag-over-pdf", status: 404 },
      },
    ],
    [
      "that a field is wrong, as FastAPI does",
      respond('{"detail":[{"loc":["body","q"],"msg":"field required"}]}', {}, 422),
      { status: 422, code: "unprocessable", message: expect.stringContaining("body.q: field required") },
    ],
    ["a status that few know", respond("{}", {}, 418), { status: 422, code: "unprocessable" }],
    ["too many requests", respond("{}", { "retry-after": "7" }, 429), { status: 429, code: "rate_limited" }],
    ["no HTTP", (exchange) => exchange.raw(`${TOKEN} hello\r\n\r\n`), { status: 502, code: "plugin_failed" }],
    ["a reset", (exchange) => exchange.reset(), { status: 502, code: "plugin_failed" }],
    [
      "half an answer",
      async (exchange) => {
        await exchange.head(200, { "content-type": "application/json", "content-length": "100" });
        await exchange.raw('{"a":');
        exchange.reset();
      },
      { status: 502, code: "plugin_failed" },
    ],
    ["nothing", () => undefined, { status: 504, code: "plugin_timeout" }],
    [
      "half an answer and then nothing",
      async (exchange) => {
        await exchange.startStream();
        await exchange.event("a");
      },
      { status: 504, code: "plugin_timeout" },
    ],
    [
      "20 MB",
      async (exchange) => {
        await exchange.startStream({ "content-type": "application/json" });
        for (let piece = 0; piece < 320 && !exchange.gone; piece++) await exchange.chunk("x".repeat(65_536));
      },
      { status: 502, code: "plugin_failed", message: expect.stringContaining("10 MB") },
    ],
  ])("%s is an error that says so", async (_, script, expected) => {
    plugin.script = script;
    const answer = await invoke(rag("/x"));
    expect(errorOf(answer)).toMatchObject(expected);
    expect(answer.text).not.toMatch(/10\.0\.0\.1|nginx/);
    await eventually(
      "the plugin's connection is left",
      () => plugin.inFlight === 0 || plugin.connections === 0,
    );
  });

  test("a limit of its own says when to come back", async () => {
    plugin.script = respond("{}", { "retry-after": "7" }, 429);
    expect((await invoke(rag("/x"))).headers.get("retry-after")).toBe("7");
  });

  test("a plugin that cannot be reached is 502, and the message names the variable", async () => {
    const answer = await invoke({ plugin: "local-llm-router", path: "/health" });
    expect(errorOf(answer)).toMatchObject({
      status: 502,
      code: "plugin_failed",
      message: expect.stringContaining("PLUGIN_LLM_ROUTER_URL"),
    });
    expect(answer.text).not.toContain("127.0.0.1");
  });

  test("its token is erased wherever the plugin repeats it", async () => {
    const echoes: readonly [string, (told: string) => string][] = [
      ["application/json", (told) => JSON.stringify({ headers: { authorization: told } })],
      ["text/plain", (told) => told],
      ["application/octet-stream", (told) => told],
    ];
    for (const [type, write] of echoes) {
      plugin.script = (exchange) =>
        exchange.respond(200, write(exchange.request.headers["authorization"] ?? ""), {
          "content-type": type,
        });
      const { json, text } = await invoke(rag("/echo"));
      expect(json["ok"]).toBe(true);
      expect(text).not.toContain(Buffer.from(TOKEN).toString("base64").slice(4, 16));
      const data =
        json["encoding"] === "base64" ? Buffer.from(String(json["data"]), "base64").toString() : text;
      expect(data).toContain("***");
      expect(data).not.toContain(TOKEN);
    }
  });
});

test("a client that leaves ends the plugin's request", async () => {
  plugin.script = () => undefined;
  const host = await proxy.overHttp();
  const client = new AbortController();
  const call = fetch(`${host.url}/api/v1/plugins/invoke`, {
    method: "POST",
    headers: { authorization: `Bearer ${user.accessToken}`, "content-type": "application/json" },
    body: JSON.stringify(rag("/slow")),
    signal: client.signal,
  });
  await eventually("the plugin is called", () => plugin.requests.length === 1);
  client.abort();
  await expect(call).rejects.toThrow();
  await eventually("the plugin is left", () => plugin.requests[0]?.closedAt !== undefined, 500);
});

test("a wrong address of a plugin is told at start, without repeating it", async () => {
  const wrong = { PLUGIN_RAG_PDF_URL: "http://user:canary-password@plugin.test" };
  const failed = startProxyGateway(database, wrong);
  await expect(failed).rejects.toThrow("PLUGIN_RAG_PDF_URL");
  await expect(failed).rejects.not.toThrow("canary-password");
  await expect(startProxyGateway(database, { PLUGIN_RAG_PDF_TOKEN: "a b" })).rejects.toThrow(
    "PLUGIN_RAG_PDF_TOKEN",
  );
});

test("nothing of a call is written to standard error", async () => {
  const stderr = captureStderr();
  await invoke(rag("/x"));
  stderr.stop();
  expect(stderr.text).not.toContain(TOKEN);
});
