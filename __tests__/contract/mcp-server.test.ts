import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { defineTool, type Tool } from "#lib/tools/tool.ts";
import { aPdf, base64 } from "../support/documents.ts";
import { type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { frankfurterDouble } from "../support/frankfurter.ts";
import { MCP_CLIENTS, type McpClient, type OwnHost, serveAsOurs } from "../support/mcp-gateway.ts";
import { forecastDouble, geocodingDouble } from "../support/open-meteo.ts";
import { finds, PAGES } from "../support/tavily-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import {
  createKey,
  eventually,
  type Settings,
  startTestGateway,
  type TestGateway,
  type TestGatewayOptions,
} from "../support/test-gateway.ts";

const PATH = "/api/v1/mcp/server";
const TOOLS = [
  "current_time",
  "random_uuid",
  "echo",
  "read_document",
  "exchange_rates",
  "weather",
  "container_tracking",
  "news",
  "web_search",
];

let database: TestSupabase;
let user: TestUser;
let key: string;
let limitedKey: string;
let source: FakeUpstream;
let tavily: FakeUpstream;
let gateway: TestGateway;
let host: OwnHost;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  database = await startTestSupabase();
  user = await database.signUp();
  key = await createKey(database, user.userId);
  limitedKey = await createKey(database, user.userId, { modes: ["fast"] });
  source = await startFakeUpstream((exchange) => {
    const { pathname } = new URL(exchange.request.path, "http://double");
    if (pathname === "/v1/search") return geocodingDouble(exchange);
    if (pathname === "/v1/forecast") return forecastDouble(exchange);
    if (pathname.startsWith("/api/v1/")) return exchange.json(200, { hits: [STORY] });
    return frankfurterDouble()(exchange);
  });
  tavily = await startFakeUpstream(finds(...PAGES));
  gateway = await start();
  host = await serveAsOurs(gateway);
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(async () => {
  await host.stop();
  await gateway.stop();
  await Promise.all([source.stop(), tavily.stop()]);
  await database.stop();
});

const STORY = {
  objectID: "1",
  title: "A compiler",
  url: "https://compiler.example/",
  points: 120,
  num_comments: 45,
  created_at: "2026-11-26T10:20:30Z",
};

function start(
  settings: Settings = {},
  makers: NonNullable<TestGatewayOptions["makers"]> = {},
): Promise<TestGateway> {
  return startTestGateway({
    database,
    makers,
    settings: {
      FRANKFURTER_BASE_URL: source.origin,
      OPEN_METEO_BASE_URL: source.origin,
      OPEN_METEO_GEOCODING_BASE_URL: source.origin,
      HACKER_NEWS_BASE_URL: source.origin,
      TAVILY_API_KEY: "tvly-one",
      TAVILY_BASE_URL: tavily.origin,
      ...settings,
    },
  });
}

/** Another gateway for one test, on a socket. */
async function serve(
  settings: Settings,
  makers: NonNullable<TestGatewayOptions["makers"]> = {},
): Promise<string> {
  const own = await start(settings, makers);
  const served = await serveAsOurs(own);
  closing.push(
    () => own.stop(),
    () => served.stop(),
  );
  return `${served.url}${PATH}`;
}

async function connected(name: keyof typeof MCP_CLIENTS, credential = key, url = `${host.url}${PATH}`) {
  const client = await MCP_CLIENTS[name](url, credential);
  closing.push(() => client.close());
  return client;
}

const textOf = ({ content }: Awaited<ReturnType<McpClient["callTool"]>>): string => content[0]?.text ?? "";

type Answered = { status: number; headers: Headers; text: string; json: Record<string, unknown> };

/** A message of JSON-RPC as bytes over the socket. */
async function post(
  body: unknown,
  headers: Record<string, string> = {},
  url = `${host.url}${PATH}`,
): Promise<Answered> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  // The era of 2025 answers with a stream of one event.
  const data = /^data: (.*)$/m.exec(text)?.[1] ?? text;
  const json = data === "" ? {} : (JSON.parse(data) as Record<string, unknown>);
  return { status: response.status, headers: response.headers, text, json };
}

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "a test", version: "1.0.0" },
  "io.modelcontextprotocol/clientCapabilities": {},
};
const modern = (method: string, params: object = {}) => ({
  jsonrpc: "2.0",
  id: 7,
  method,
  params: { ...params, _meta: META },
});
const modernHeaders = (method: string, name?: string): Record<string, string> => ({
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": method,
  ...(name === undefined ? {} : { "mcp-name": name }),
});
const ECHO = { name: "echo", arguments: { message: "Hi" } };

describe.each(Object.keys(MCP_CLIENTS) as (keyof typeof MCP_CLIENTS)[])("the official client, %s", (name) => {
  const VERSIONS: Partial<Record<string, string>> = {
    "2.x, revision 2026-07-28": "2026-07-28",
    "2.x, what both have": "2026-07-28",
  };

  test("lists the tools with their schemas and hints", async () => {
    const client = await connected(name);
    expect(client.protocolVersion).toBe(VERSIONS[name] ?? "2025-11-25");
    const tools = await client.listTools();
    expect(tools.map((tool) => tool.name)).toEqual(TOOLS);
    for (const tool of tools) {
      expect(tool.inputSchema).toMatchObject({ type: "object" });
      expect(tool.annotations).toEqual({
        title: expect.any(String),
        readOnlyHint: true,
        openWorldHint: TOOLS.indexOf(tool.name) >= 4,
      });
    }
  });

  const pdf = base64(aPdf("First page", "Second page"));
  const CALLS: readonly [string, Record<string, unknown>, RegExp, object?][] = [
    ["current_time", { timeZone: "Asia/Kolkata" }, /UTC\+05:30/, { timeZone: "Asia/Kolkata" }],
    ["random_uuid", { count: 2 }, /^[0-9a-f-]{36}\n[0-9a-f-]{36}$/],
    ["echo", { message: "Grüße 😀" }, /^Grüße 😀$/],
    ["read_document", { name: "a.pdf", data: pdf }, /Page 2]\nSecond page/, { kind: "pdf", pages: 2 }],
    ["exchange_rates", { amount: 100, from: "EUR", to: ["USD"] }, /100\.00 EUR = 115\.25 USD/],
    ["weather", { place: "Paris" }, /Weather in Paris/],
    ["container_tracking", { number: "MSCU6639870" }, /Carrier, by the code MSCU/],
    ["news", { subject: "compilers" }, /A compiler/],
    ["web_search", { query: "Ajax" }, /Ajax won 3-1/],
  ];
  test.each(CALLS)("calls %s", async (tool, args, expected, structured) => {
    const result = await (await connected(name)).callTool(tool, args);
    expect(result.isError).not.toBe(true);
    expect(textOf(result)).toMatch(expected);
    expect(result.content[1]?.text).toMatch(/^Source: \S/);
    if (structured !== undefined) expect(result.structuredContent).toMatchObject(structured);
  });

  test("is told by the result what is wrong in an input, and by an error that a tool does not exist", async () => {
    const client = await connected(name);
    const wrong = await client.callTool("random_uuid", { count: 1_000 });
    expect([wrong.isError, textOf(wrong)]).toEqual([true, expect.stringMatching(/random_uuid at count: /)]);
    await expect(client.callTool("nothing", {})).rejects.toMatchObject({ code: -32_602 });
  });
});

describe("a call", () => {
  test("of a tool that fails is a result that says so", async () => {
    const url = await serve({ FRANKFURTER_BASE_URL: "http://127.0.0.1:9" });
    const client = await connected("2.x, revision 2026-07-28", key, url);
    const result = await client.callTool("exchange_rates", { amount: 1, from: "EUR", to: ["USD"] });
    expect(result).toMatchObject({ isError: true, content: [{ text: "The source could not be reached." }] });
  });

  /** A tool that never ends, and whether its signal has aborted. */
  function endlessTool(): { tool: Tool; state: { calls: number; aborted: number } } {
    const state = { calls: 0, aborted: 0 };
    const tool = defineTool({
      name: "endless",
      description: "Never ends.",
      input: z.object({}),
      timeoutMs: 20_000,
      run: (_, { signal }) => {
        state.calls += 1;
        signal.addEventListener("abort", () => (state.aborted += 1));
        return new Promise(() => undefined);
      },
    });
    return { tool, state };
  }

  test.each([
    ["of 2026-07-28", modern("tools/call", { name: "endless" }), modernHeaders("tools/call", "endless")],
    ["of 2025", { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "endless" } }, {}],
  ] as const)("%s ends when its client leaves, and gives back its place", async (_, body, headers) => {
    const { tool, state } = endlessTool();
    const url = await serve({}, { createLiveTools: () => [tool] });
    const own = await createKey(database, user.userId, { requestsAtOnce: 1 });
    const leaving = new AbortController();
    const asked = fetch(url, {
      method: "POST",
      signal: leaving.signal,
      headers: {
        ...headers,
        authorization: `Bearer ${own}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
      },
      body: JSON.stringify(body),
    }).then((response) => response.text());
    const echo = () =>
      post(
        modern("tools/call", ECHO),
        { ...modernHeaders("tools/call", "echo"), authorization: `Bearer ${own}` },
        url,
      );
    await eventually("the tool runs", () => state.calls === 1);
    const second = await echo();
    expect([second.status, second.json]).toMatchObject([429, { error: { data: { code: "rate_limited" } } }]);
    leaving.abort();
    await expect(asked).rejects.toThrow();
    await eventually("the tool is told", () => state.aborted === 1);
    await eventually("there is a place again", async () => (await echo()).status === 200);
  });

  test("ends when the official client gives it up", async () => {
    const { tool, state } = endlessTool();
    const url = await serve({}, { createLiveTools: () => [tool] });
    const client = await connected("2.x, revision 2026-07-28", key, url);
    const leaving = new AbortController();
    const called = client.callTool("endless", {}, leaving.signal);
    await eventually("the tool runs", () => state.calls === 1);
    leaving.abort();
    await expect(called).rejects.toThrow();
    await eventually("the tool is told", () => state.aborted === 1);
  });

  test("counts for the requests a minute of its key; a list does not", async () => {
    const own = await createKey(database, user.userId, { requestsPerMinute: 2 });
    const headers = { authorization: `Bearer ${own}` };
    const call = () =>
      post(modern("tools/call", ECHO), { ...modernHeaders("tools/call", "echo"), ...headers });
    for (let count = 0; count < 3; count++) {
      expect((await post(modern("tools/list"), { ...modernHeaders("tools/list"), ...headers })).status).toBe(
        200,
      );
    }
    const left = [];
    for (let count = 0; count < 2; count++) {
      const answer = await call();
      expect(answer.json).toMatchObject({ id: 7, result: { content: [{ text: "Hi" }, {}] } });
      left.push(answer.headers.get("x-ratelimit-remaining-requests"));
    }
    expect(left).toEqual(["1", "0"]);
    const refused = await call();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(refused.json).toMatchObject({ jsonrpc: "2.0", error: { code: -32_000 }, id: null });
  });

  test("of what spends searches is none for a key that is limited to modes", async () => {
    const client = await connected("2.x, revision 2026-07-28", limitedKey);
    const names = (await client.listTools()).map((tool) => tool.name);
    expect(names).toEqual(TOOLS.filter((name) => name !== "web_search" && name !== "container_tracking"));
    await expect(client.callTool("web_search", { query: "x" })).rejects.toMatchObject({ code: -32_602 });
    expect(textOf(await client.callTool("echo", { message: "Hi" }))).toBe("Hi");
  });

  test("takes the largest file that can be attached", async () => {
    const client = await connected("2.x, revision 2026-07-28");
    const data = base64(Buffer.alloc(15 * 1024 ** 2, "x"));
    const result = await client.callTool("read_document", { name: "x.bin", data });
    // It is no document, which only the reader can say.
    expect([result.isError, textOf(result)]).toEqual([true, expect.stringContaining("x.bin: ")]);
  });
});

describe("headers against the body, revision 2026-07-28", () => {
  const ROWS: readonly [string, Record<string, string>, object, number, number | undefined][] = [
    ["all agree", modernHeaders("tools/call", "echo"), modern("tools/call", ECHO), 200, undefined],
    [
      "another version",
      { ...modernHeaders("tools/call", "echo"), "mcp-protocol-version": "2025-11-25" },
      modern("tools/call", ECHO),
      400,
      -32_020,
    ],
    [
      "no version",
      { "mcp-method": "tools/call", "mcp-name": "echo" },
      modern("tools/call", ECHO),
      400,
      -32_020,
    ],
    ["another method", modernHeaders("tools/list", "echo"), modern("tools/call", ECHO), 400, -32_020],
    [
      "no method",
      { "mcp-protocol-version": "2026-07-28", "mcp-name": "echo" },
      modern("tools/call", ECHO),
      400,
      -32_020,
    ],
    ["another name", modernHeaders("tools/call", "news"), modern("tools/call", ECHO), 400, -32_020],
    ["no name", modernHeaders("tools/call"), modern("tools/call", ECHO), 400, -32_020],
    [
      "a name that is base64",
      modernHeaders("tools/call", "=?base64?ZWNobw==?="),
      modern("tools/call", ECHO),
      200,
      undefined,
    ],
    [
      "a version that nobody has",
      { ...modernHeaders("tools/list"), "mcp-protocol-version": "2099-01-01" },
      {
        ...modern("tools/list"),
        params: { _meta: { ...META, "io.modelcontextprotocol/protocolVersion": "2099-01-01" } },
      },
      400,
      -32_022,
    ],
    ["a method that nobody has", modernHeaders("tools/burn"), modern("tools/burn"), 404, -32_601],
    [
      "a header of the era, a body without",
      modernHeaders("tools/list"),
      { jsonrpc: "2.0", id: 1, method: "tools/list" },
      400,
      -32_602,
    ],
  ];
  test.each(ROWS)("%s", async (_, headers, body, status, code) => {
    const answer = await post(body, headers);
    expect([answer.status, (answer.json["error"] as { code?: number } | undefined)?.code]).toEqual([
      status,
      code,
    ]);
    if (status === 200) expect(answer.json).toMatchObject({ id: 7, result: { resultType: "complete" } });
  });
});

describe("who may speak", () => {
  const initialize = {
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "a test", version: "1" } },
  };

  const ownHost = () => new URL(host.url).host;
  const ORIGINS: readonly [string, Settings, () => Record<string, string>, number][] = [
    ["a program, without an origin", {}, () => ({}), 200],
    ["this machine's own page", {}, () => ({ origin: host.url }), 200],
    ["another port of this machine", {}, () => ({ origin: "http://127.0.0.1:1" }), 403],
    ["another site", {}, () => ({ origin: "https://evil.example" }), 403],
    ["a sandboxed page", {}, () => ({ origin: "null" }), 403],
    [
      "a name that points here (DNS rebinding)",
      {},
      () => ({ origin: "http://evil.example", host: "evil.example" }),
      403,
    ],
    [
      "the public address",
      { NEXT_PUBLIC_APP_URL: "https://ai.example/" },
      () => ({ origin: "https://ai.example", host: ownHost() }),
      200,
    ],
    [
      "a name like the public address",
      { NEXT_PUBLIC_APP_URL: "https://ai.example/" },
      () => ({ origin: "https://ai.example.evil.example" }),
      403,
    ],
    [
      "an allowed origin",
      { CORS_ALLOWED_ORIGINS: "https://app.example" },
      () => ({ origin: "https://app.example" }),
      200,
    ],
    [
      "any origin, if all are allowed",
      { CORS_ALLOWED_ORIGINS: "*" },
      () => ({ origin: "https://app.example" }),
      200,
    ],
  ];
  test.each(ORIGINS)("%s", async (_, settings, headers, status) => {
    const own = await start(settings);
    closing.push(() => own.stop());
    const { mcpServer } = await import("#lib/server/routes/mcp-server.ts");
    const { serveRoute } = await import("#lib/server/http/route.ts");
    const request = new Request(`${host.url}${PATH}`, { method: "POST", body: JSON.stringify(initialize) });
    // A Request made here may not be told its own origin and host: hosts may.
    const given = {
      host: ownHost(),
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    };
    Object.defineProperty(request, "headers", { value: new Headers({ ...given, ...headers() }) });
    const response = await serveRoute(mcpServer, async () => own.gateway)(request, {
      remoteAddress: "192.0.2.1",
      waitUntil: () => undefined,
    });
    expect(response.status).toBe(status);
    if (status === 403) {
      expect(await response.json()).toMatchObject({
        jsonrpc: "2.0",
        error: { code: -32_000, data: { code: "forbidden" } },
        id: null,
      });
    }
  });

  test("a stranger is asked for a bearer", async () => {
    const response = await post(initialize, { authorization: "Bearer sk-sarmalink-nobody" });
    expect([response.status, response.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    expect(response.json).toMatchObject({
      jsonrpc: "2.0",
      error: { code: -32_000, data: { code: "unauthorized" } },
    });
  });

  test("a page of an allowed origin may send the headers of MCP, and read the answer", async () => {
    const url = await serve({ CORS_ALLOWED_ORIGINS: "https://app.example" });
    const asked = "authorization,content-type,mcp-method,mcp-name,mcp-protocol-version";
    const preflight = await fetch(url, {
      method: "OPTIONS",
      headers: {
        origin: "https://app.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": asked,
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-headers")).toBe(asked);
    expect(preflight.headers.get("access-control-allow-methods")).toContain("POST");
    const answer = await post(
      modern("tools/list"),
      { ...modernHeaders("tools/list"), origin: "https://app.example" },
      url,
    );
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(answer.headers.get("access-control-expose-headers")).toMatch(
      /www-authenticate, mcp-protocol-version, mcp-session-id/,
    );
  });
});

describe("the transport", () => {
  test.each(["GET", "DELETE", "PUT"])("%s is not offered", async (method) => {
    const response = await fetch(`${host.url}${PATH}`, {
      method,
      headers: { authorization: `Bearer ${key}`, accept: "text/event-stream" },
    });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST, OPTIONS"]);
    expect(await response.json()).toMatchObject({
      jsonrpc: "2.0",
      error: { message: expect.any(String) },
      id: null,
    });
  });

  const REFUSED: readonly [string, unknown, Record<string, string>, number, number][] = [
    ["what is no JSON", "{", {}, 400, -32_700],
    ["what is no UTF-8", "\ud800", { "content-type": "text/plain" }, 415, -32_000],
    ["a null", "null", {}, 400, -32_600],
    ["a number", "1", {}, 400, -32_600],
    ["an empty list", "[]", {}, 400, -32_600],
    ["a message without a method", { jsonrpc: "2.0", id: 1 }, {}, 400, -32_600],
    [
      "a client that takes no events, in 2025",
      { jsonrpc: "2.0", id: 1, method: "tools/list" },
      { accept: "application/json" },
      406,
      -32_000,
    ],
    [
      "a revision that nobody has, in 2025",
      { jsonrpc: "2.0", id: 1, method: "tools/list" },
      { "mcp-protocol-version": "2020-01-01" },
      400,
      -32_000,
    ],
    [
      "calls of several tools at once",
      [1, 2].map((id) => ({ jsonrpc: "2.0", id, method: "tools/call", params: ECHO })),
      {},
      422,
      -32_000,
    ],
    ["more than the limit", `"${"x".repeat(21 * 1024 ** 2)}"`, {}, 413, -32_000],
  ];
  test.each(REFUSED)("refuses %s", async (_, body, headers, status, code) => {
    const answer = await post(body, headers);
    expect([answer.status, answer.json["error"]]).toMatchObject([status, { code }]);
  });

  test.each(["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2099-01-01"])(
    "agrees with a client of %s on a revision, without a session",
    async (protocolVersion) => {
      const answer = await post({
        jsonrpc: "2.0",
        id: 1,
        method: "initialize",
        params: { protocolVersion, capabilities: {}, clientInfo: { name: "a test", version: "1" } },
      });
      const agreed = protocolVersion === "2099-01-01" ? "2025-11-25" : protocolVersion;
      expect(answer.json).toMatchObject({ result: { protocolVersion: agreed, capabilities: { tools: {} } } });
      expect(answer.headers.get("mcp-session-id")).toBeNull();
      expect(answer.headers.get("x-request-id")).toBeTruthy();
      expect(answer.headers.get("cache-control")).toContain("no-");
    },
  );

  test("tells a subscriber that there is nothing to wait for", async () => {
    const listen = modern("subscriptions/listen", { notifications: { toolsListChanged: true } });
    const answer = await post(listen, modernHeaders("subscriptions/listen"));
    expect(answer.status).toBe(200);
    expect(answer.text).toContain("notifications/subscriptions/acknowledged");
    expect(answer.text).toContain('"resultType":"complete"');
  });
});
