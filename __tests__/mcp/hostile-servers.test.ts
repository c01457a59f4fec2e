import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "#lib/adapters/clock.ts";
import { HttpMcpConnections } from "#lib/adapters/mcp/connections.ts";
import type { McpServer } from "#lib/plugins/mcp.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { deep } from "../support/bad-inputs.ts";
import {
  type Exchange,
  type FakeUpstream,
  type Script,
  startFakeUpstream,
} from "../support/fake-upstream.ts";
import {
  A_TOOL,
  FAREWELL,
  type Misdeeds,
  MODERN,
  messageOf,
  result,
  STREAM,
  startHostileMcp,
} from "../support/hostile-mcp.ts";
import { startMcpServer, type TestMcpServer } from "../support/mcp-server.ts";
import { eventually } from "../support/test-gateway.ts";

const TOKEN = "canary-hostile-zzzzzzz";
/** Of servers from which no answer is to come, and of the others. */
const SHORT_MS = 300;
const LONG_MS = 10_000;
const signal = new AbortController().signal;

let good: TestMcpServer;
let elsewhere: FakeUpstream;
let connections: HttpMcpConnections;
let hostile: FakeUpstream | undefined;

beforeAll(async () => {
  good = await startMcpServer();
  elsewhere = await startFakeUpstream((exchange) => exchange.json(200, {}));
  connections = new HttpMcpConnections({ clock: systemClock, version: "0.1.0" });
});
afterEach(async () => {
  await hostile?.stop();
  hostile = undefined;
  expect(elsewhere.connectionsEver).toBe(0);
});
afterAll(async () => {
  await connections.close();
  await good.stop();
  await elsewhere.stop();
});

const settings = (id: string, url: string, timeoutMs = LONG_MS): McpServer => ({
  ...{ id, name: id, url, allowedTools: undefined, requireApproval: "writes", timeoutMs },
  headers: { authorization: `Bearer ${TOKEN}` },
});

let count = 0;
async function serve(misdeeds: Misdeeds, timeoutMs?: number): Promise<McpServer> {
  hostile = await startHostileMcp(misdeeds);
  count += 1;
  return settings(`hostile-${count}`, `${hostile.origin}/mcp`, timeoutMs);
}

const list = (server: McpServer) => connections.listTools(server, { signal });
const call = (server: McpServer, args = {}) => connections.callTool(server, { tool: "t", args }, { signal });

async function failureOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => expect.fail("It did not fail."),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof GatewayError)) throw error;
  expect(error.message).not.toMatch(/canary|127\.0\.0\.1|https?:/);
  expect(String(JSON.stringify(error.details))).not.toContain(TOKEN);
  return `${error.code}: ${error.message}`;
}

/** Sends for as long as somebody reads. */
async function forever(exchange: Exchange, piece: string, pauseMs = 0): Promise<void> {
  const gone = exchange.closed();
  while (!exchange.gone) {
    await Promise.race([exchange.chunk(piece), gone]);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

const stream =
  (piece: string, type: string, pauseMs = 0): Script =>
  async (exchange) => {
    await exchange.startStream({ "content-type": type });
    await forever(exchange, piece, pauseMs);
  };
const JSON_TYPE = "application/json";
const SSE_TYPE = "text/event-stream";
const answerTo = (exchange: Exchange, value: unknown) => ({
  ...{ jsonrpc: "2.0", id: messageOf(exchange).id },
  result: value,
});
const sse =
  (write: (exchange: Exchange) => Promise<void>): Script =>
  async (exchange) => {
    await exchange.startStream();
    await write(exchange);
    await exchange.endStream();
  };
const resultText =
  (text: string): Script =>
  (exchange) =>
    exchange.respond(200, `{"jsonrpc":"2.0","id":${messageOf(exchange).id},"result":${text}}`);
const OK = { content: [{ type: "text", text: "ok" }] };
const raw =
  (text: string, headers: Record<string, string> = {}): Script =>
  async (exchange) => {
    await exchange.head(200, { "content-type": JSON_TYPE, connection: "close", ...headers });
    await exchange.raw(text);
    exchange.socket.end();
  };

const FAILED = "plugin_failed: ";
const LATE = /^plugin_timeout: /;
const UNUSABLE = /^plugin_failed: .*(?:cannot be used|cannot be reached|broke off)/;

/** What a server may do instead of an answer, in any of its answers, and what is said of it. */
const ANSWERS: readonly (readonly [string, Script, RegExp])[] = [
  ["an endless JSON text", stream('"aaaaaaaaaaaaaaaa'.repeat(4_000), JSON_TYPE), /10 MB/],
  ["endless JSON values", stream(`{"a":[${"1,1,1,1,".repeat(8_000)}`, JSON_TYPE), /too many values/],
  ["a slow drip of JSON", stream(" ", JSON_TYPE, 20), LATE],
  ["a slow drip of events", stream(": still here\n\n", SSE_TYPE, 20), LATE],
  ["nothing", () => undefined, LATE],
  ["an endless event", stream("data: aaaaaaaaaaaaa".repeat(4_000), SSE_TYPE), /too large|10 MB/],
  ["endless events", stream('data: {"jsonrpc":"2.0","method":"x"}\n\n'.repeat(500), SSE_TYPE), /too/],
  [
    "a stream without the answer",
    sse((exchange) => exchange.event({ jsonrpc: "2.0", method: "x" })),
    UNUSABLE,
  ],
  [
    "the answer to another request",
    sse((exchange) => exchange.event({ jsonrpc: "2.0", id: 4_711, result: OK })),
    UNUSABLE,
  ],
  [
    "an answer to nobody, in JSON",
    (exchange) => exchange.json(200, { jsonrpc: "2.0", id: "x", result: OK }),
    LATE,
  ],
  ["a page", (exchange) => exchange.respond(200, "<html>", { "content-type": "text/html" }), UNUSABLE],
  ["a page that calls itself JSON", (exchange) => exchange.respond(200, "<html>"), UNUSABLE],
  ["no content", raw("", { "content-length": "0" }), UNUSABLE],
  ["JSON that is no message", (exchange) => exchange.json(200, { hello: "world" }), UNUSABLE],
  ["deep JSON", raw(`{"jsonrpc":"2.0","id":1,"result":${deep(100_000)}}`), UNUSABLE],
  ["a batch", (exchange) => exchange.json(200, [answerTo(exchange, OK)]), /several answers/],
  ["less than it announced", raw('{"jsonrpc"', { "content-length": "1000" }), UNUSABLE],
  ["more than it announced", raw('{"jsonrpc":"2.0","id":1}', { "content-length": "10" }), UNUSABLE],
  [
    "a connection that breaks",
    async (exchange) => {
      await exchange.startStream();
      await exchange.chunk('data: {"jsonrpc"');
      exchange.reset();
    },
    UNUSABLE,
  ],
  [
    "a bomb of gzip",
    (exchange) =>
      exchange.respond(200, gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20)), { "content-encoding": "gzip" }),
    /10 MB/,
  ],
  ["huge headers", raw("{}", { "x-huge": "a".repeat(100_000) }), UNUSABLE],
  ["the status 401", (exchange) => exchange.json(401, { error: TOKEN }), /credential/],
  ["the status 403", (exchange) => exchange.json(403, { error: TOKEN }), /credential/],
  [
    "the status 403 for a scope",
    (exchange) =>
      exchange.respond(403, "", { "www-authenticate": 'Bearer error="insufficient_scope", scope="all"' }),
    /credential/,
  ],
  ["the status 500", (exchange) => exchange.respond(500, `at http://127.0.0.1/${TOKEN}`), /status 500/],
  ["the status 404", (exchange) => exchange.respond(404, "No such session"), /status 404/],
  [
    "a redirect",
    (exchange) => exchange.respond(307, "", { location: `${elsewhere.origin}/mcp` }),
    /redirect/,
  ],
  [
    "a redirect below itself",
    (exchange) => exchange.respond(302, "", { location: `${hostile?.origin}/other` }),
    /redirect/,
  ],
  [
    "an error that names addresses and secrets",
    (exchange) =>
      exchange.json(200, {
        ...{ jsonrpc: "2.0", id: messageOf(exchange).id },
        error: { code: -32_000, message: `Cannot reach http://127.0.0.1:5432/x with ${TOKEN}` },
      }),
    /^plugin_failed: .*(?:refused|cannot be used)/,
  ],
  ["a result that is null", result(null), UNUSABLE],
  ["a result that is a list", result([1]), UNUSABLE],
];

/** Rows that take long, and mean the same in every answer. */
const SLOW = (says: RegExp): boolean => says === LATE || /10 MB/.test(says.source);

describe.each([
  { method: "initialize", others: {}, revision: "of 2025" },
  { method: "tools/list", others: {}, revision: "of 2025" },
  { method: "tools/call", others: {}, revision: "of 2025" },
  { method: "tools/call", others: MODERN, revision: "of 2026" },
])("$method $revision is answered with", ({ method, others }) => {
  const answers = ANSWERS.filter(([, , says]) => method === "tools/call" || !SLOW(says));
  test.each(answers)("%s", async (_, script, says) => {
    const server = await serve({ ...others, [method]: script }, says === LATE ? SHORT_MS : LONG_MS);
    const failure = await failureOf(method === "tools/call" ? call(server) : list(server));
    expect(failure).toMatch(says);
    if (!LATE.test(failure)) expect(failure.startsWith(FAILED)).toBe(true);
    // No loop, and nothing is left open beside the connection itself.
    expect(hostile?.requests.length).toBeLessThan(12);
    await eventually("what was asked is given up", () => (hostile?.inFlight ?? 0) === 0);
    // Others are served.
    expect((await connections.listTools(settings("good", good.url), { signal })).tools).toHaveLength(6);
  });
});

describe("a result with", () => {
  test.each<[string, string]>([
    [
      "content that is nested without end",
      `{"content":[{"type":"text","text":"a","_meta":{"x":${deep(5_000)}}}]}`,
    ],
    ["data that is nested without end", `{"content":[],"structuredContent":{"x":${deep(5_000)}}}`],
    ["content that is none", JSON.stringify({ content: Array(250_000).fill(1) })],
    ["blocks without a kind", JSON.stringify({ content: Array(50_000).fill({ text: "hologram" }) })],
    ["content that is a text", '{"content":"text"}'],
    ["a failure that is a text", '{"content":[],"isError":"no"}'],
  ])("%s is refused", async (_, text) => {
    const server = await serve({ "tools/call": resultText(text) });
    expect(await failureOf(call(server))).toMatch(/^plugin_failed: /);
  });

  test("names of prototypes changes nothing here", async () => {
    const text =
      '{"content":[{"type":"text","text":"a"}],"structuredContent":{"__proto__":{"bad":1},"constructor":1}}';
    const server = await serve({ "tools/call": resultText(text) });
    expect(await call(server)).toMatchObject({ kind: "complete", isError: false });
    expect(({} as Record<string, unknown>)["bad"]).toBeUndefined();
  });

  test("the credential in it is passed on without it", async () => {
    const server = await serve({
      "tools/call": result({ content: [{ type: "text", text: `Bearer ${TOKEN}` }] }),
    });
    expect(await call(server)).toMatchObject({ content: [{ text: "Bearer [redacted]" }] });
  });
});

describe("a server that asks its client", () => {
  test.each(["sampling/createMessage", "elicitation/create", "roots/list", "ping", "anything"])(
    "%s gets no more than an answer, and its result arrives",
    async (method) => {
      const server = await serve({
        "tools/call": sse(async (exchange) => {
          await exchange.event({ jsonrpc: "2.0", id: 99, method, params: {} });
          await exchange.event(answerTo(exchange, OK));
        }),
      });
      expect(await call(server)).toMatchObject({ content: [{ text: "ok" }] });
    },
  );
});

test("a server that answers notifications with null, and has no stream and no sessions, is in order", async () => {
  const server = await serve({
    "notifications/initialized": (exchange) => exchange.json(200, null),
    initialize: result({
      ...{ protocolVersion: "2025-06-18", capabilities: { tools: { listChanged: false } } },
      serverInfo: { name: "toolkit", version: "1" },
    }),
  });
  expect(await list(server)).toMatchObject({ protocolVersion: "2025-06-18", tools: [{ name: "t" }] });
  expect(await call(server)).toMatchObject({ content: [{ text: "ok" }] });
});

describe("a list", () => {
  const listed = async (tools: readonly unknown[]) => list(await serve({ "tools/list": result({ tools }) }));
  const many = (length: number, from = 0) =>
    Array.from({ length }, (_, index) => ({ ...A_TOOL, name: `t${from + index}` }));

  test("of 10,000 tools is cut, which is said", async () => {
    const { tools, problems } = await listed(many(10_000));
    expect([tools.length, problems]).toEqual([1_000, [expect.stringContaining("1000")]]);
  });

  test("with pages without end is cut, which is said", async () => {
    let pages = 0;
    const server = await serve({
      "tools/list": (exchange) => {
        pages += 1;
        return exchange.json(200, answerTo(exchange, { tools: many(2, 2 * pages), nextCursor: `c${pages}` }));
      },
    });
    const { tools, problems } = await list(server);
    expect(pages).toBeLessThan(100);
    expect(tools.length).toBe(2 * pages);
    expect(problems).toEqual([expect.stringContaining(String(tools.length))]);
  });

  test.each<[string, unknown]>([
    ["null", null],
    ["a text", "t"],
    ["no name", { inputSchema: { type: "object" } }],
    ["a name that is a number", { ...A_TOOL, name: 7 }],
    ["an empty name", { ...A_TOOL, name: "" }],
    ["a long name", { ...A_TOOL, name: "x".repeat(129) }],
    ["a name of two lines", { ...A_TOOL, name: "a\nb" }],
    ["an invisible name", { ...A_TOOL, name: "a\u200bb" }],
    ["the name of another", { ...A_TOOL, name: "fine" }],
    ["no schema", { name: "t" }],
    ["a schema that is a text", { name: "t", inputSchema: "object" }],
    ["a schema of a list", { name: "t", inputSchema: { type: "array" } }],
    ["a huge schema", { name: "t", inputSchema: { type: "object", description: "x".repeat(70_000) } }],
    ["a deep schema", { name: "t", inputSchema: { type: "object", x: JSON.parse(deep(60)) } }],
    [
      "a huge schema of its output",
      { ...A_TOOL, outputSchema: { type: "object", description: "x".repeat(70_000) } },
    ],
    ["a description that is a number", { ...A_TOOL, description: 7 }],
    ["hints that are texts", { ...A_TOOL, annotations: { readOnlyHint: "yes" } }],
  ])("with a tool with %s keeps the others", async (_, tool) => {
    const { tools, problems } = await listed([{ ...A_TOOL, name: "fine" }, tool]);
    expect(tools.map(({ name }) => name)).toEqual(["fine"]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).not.toMatch(/\p{Cc}|\p{Cf}/u);
  });

  test("keeps names of prototypes as names", async () => {
    const names = ["__proto__", "constructor", "toString"];
    const { tools } = await listed(names.map((name) => ({ ...A_TOOL, name })));
    expect(tools.map(({ name }) => name)).toEqual(names);
  });

  test("says little of a thousand bad tools", async () => {
    const { tools, problems } = await listed(Array(1_000).fill({ name: 1 }));
    expect([tools.length, problems.length <= 21]).toEqual([0, true]);
  });
});

describe("a session", () => {
  test("that is forgotten is opened again, once for each call", async () => {
    let forgets = 0;
    const server = await serve({
      "tools/call": (exchange) => {
        if (forgets-- > 0) return exchange.respond(404, "");
        return exchange.json(200, answerTo(exchange, OK));
      },
    });
    const opened = () => hostile?.requests.filter(({ text }) => text.includes('"initialize"')).length;
    await call(server);
    expect(opened()).toBe(1);
    forgets = 1;
    expect(await call(server)).toMatchObject({ content: [{ text: "ok" }] });
    expect(opened()).toBe(2);
    forgets = 1_000;
    expect(await failureOf(call(server))).toMatch(/status 404/);
    expect(opened()).toBe(3);
  });

  test("whose call breaks off is not called again, and others on it end well", async () => {
    let calls = 0;
    const server = await serve({
      "tools/call": async (exchange) => {
        calls += 1;
        if (
          messageOf(exchange).params?.["arguments"] !== undefined &&
          exchange.request.text.includes("break")
        ) {
          await exchange.startStream();
          exchange.reset();
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, 200));
        await exchange.json(200, answerTo(exchange, OK));
      },
    });
    await list(server);
    const others = call(server);
    expect(await failureOf(call(server, { now: "break" }))).toMatch(UNUSABLE);
    expect(await others).toMatchObject({ content: [{ text: "ok" }] });
    expect(calls).toBe(2);
  });

  test("whose stream of announcements ends at once, and wants to be opened at once, is not in a hurry", async () => {
    const server = await serve({
      [STREAM]: sse(async (exchange) => {
        await exchange.chunk("retry: 0\n\n");
      }),
    });
    await list(server);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(hostile?.requests.filter(({ method }) => method === "GET")).toHaveLength(1);
    await connections.close();
    connections = new HttpMcpConnections({ clock: systemClock, version: "0.1.0" });
    expect(hostile?.requests.at(-1)?.method).toBe("DELETE");
  });

  test("whose end is never confirmed delays nobody for long", async () => {
    const server = await serve({ [FAREWELL]: () => undefined });
    const own = new HttpMcpConnections({ clock: systemClock, version: "0.1.0" });
    await own.listTools(server, { signal });
    const ended = own.close().then(() => true);
    const late = new Promise((resolve) => setTimeout(resolve, 8_000, false));
    expect(await Promise.race([ended, late])).toBe(true);
    expect(hostile?.requests.at(-1)?.method).toBe("DELETE");
  });

  test("whose list has changed is asked for it again", async () => {
    let announce: (() => Promise<void>) | undefined;
    const names = ["old"];
    const server = await serve({
      [STREAM]: async (exchange) => {
        await exchange.startStream();
        announce = () => exchange.event({ jsonrpc: "2.0", method: "notifications/tools/list_changed" });
        await exchange.closed();
      },
      "tools/list": (exchange) =>
        exchange.json(200, answerTo(exchange, { tools: names.map((name) => ({ ...A_TOOL, name })) })),
    });
    expect((await list(server)).tools).toMatchObject([{ name: "old" }]);
    await eventually("the stream is open", () => announce !== undefined);
    names[0] = "new";
    expect((await list(server)).tools).toMatchObject([{ name: "old" }]);
    await announce?.();
    await eventually("the new list is there", async () => (await list(server)).tools[0]?.name === "new");
  });
});

test("a call that takes longer than a thousand others keeps its result", async () => {
  const release = Promise.withResolvers<void>();
  let isHeld = false;
  const server = await serve(
    {
      "tools/call": async (exchange) => {
        const { params } = messageOf(exchange);
        const { isLong = false } = (params?.["arguments"] ?? {}) as { isLong?: boolean };
        isHeld ||= isLong;
        if (isLong) await release.promise;
        await result({ content: [{ type: "text", text: isLong ? "the long one" : "ok" }] })(exchange);
      },
    },
    60_000,
  );
  const long = call(server, { isLong: true });
  await eventually("the long call has come", () => isHeld);
  for (let made = 0; made < 1_010; made += 10) {
    await Promise.all(Array.from({ length: 10 }, () => call(server)));
  }
  release.resolve();
  expect(await long).toMatchObject({ content: [{ type: "text", text: "the long one" }] });
}, 60_000);
