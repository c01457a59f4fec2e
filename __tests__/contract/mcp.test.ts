import { inputRequired } from "@modelcontextprotocol/server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type EverythingServer, startEverythingServer } from "../support/everything-server.ts";
import { MCP_CLIENTS } from "../support/mcp-gateway.ts";
import { startMcpServer, type TestMcpOptions, type TestMcpServer } from "../support/mcp-server.ts";
import type { NativeAnswer } from "../support/native-client.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { inTurn, says } from "../support/scripted-answers.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { createKey, eventually } from "../support/test-gateway.ts";

const TOKEN = "canary-mcp-zzzzzzzzz";
const OTHER_TOKEN = "canary-mcp-yyyyyyyyy";
const MCP = "http://gateway.test/api/v1/mcp";
const ADMIN = "http://gateway.test/api/admin/mcp";

let database: TestSupabase;
let user: TestUser;
let everything: EverythingServer;
let notes: TestMcpServer;
let proxy: ProxyGateway;
let log: string[];

const notesOptions: TestMcpOptions = {
  token: TOKEN,
  more(server) {
    server.registerTool("asks", {}, async () =>
      inputRequired({
        inputRequests: {
          sure: inputRequired.elicit({ message: "Sure?", requestedSchema: z.object({ sure: z.boolean() }) }),
        },
      }),
    );
    server.registerTool("echoes_headers", {}, async () => ({
      content: [{ type: "text", text: `authorization: Bearer ${TOKEN}` }],
      isError: true,
    }));
  },
};

function settings() {
  const servers = {
    everything: { url: everything.url, name: "Everything", requireApproval: ["echo", "gone"] },
    notes: { url: notes.url, tokenEnv: "NOTES_TOKEN", timeoutMs: 1_000 },
    reader: { url: notes.url, tokenEnv: "NOTES_TOKEN", allowedTools: ["read_note", "gone"] },
    wrong: { url: notes.url, tokenEnv: "WRONG_TOKEN" },
    off: { url: notes.url, enabled: false },
  };
  return {
    MCP_CONFIG: JSON.stringify({ servers }),
    ...{ NOTES_TOKEN: TOKEN, WRONG_TOKEN: OTHER_TOKEN },
    // Where no path is named, the toolkit has the protocol at /mcp.
    ...{ PLUGIN_MCP_SERVER_URL: new URL(notes.url).origin, PLUGIN_MCP_SERVER_TOKEN: TOKEN },
    ADMIN_USER_IDS: user.userId,
  };
}

beforeAll(async () => {
  database = await startTestSupabase();
  user = await database.signUp();
  [everything, notes] = await Promise.all([startEverythingServer(), startMcpServer(notesOptions)]);
  log = [];
  proxy = await startProxyGateway(database, settings(), (line) => log.push(line));
});
afterAll(async () => {
  await proxy.stop();
  await everything.kill();
  await notes.stop();
  await database.stop();
  for (const token of [TOKEN, OTHER_TOKEN]) expect(log.join("\n")).not.toContain(token);
});

type Answer = { status: number; json: Record<string, unknown>; text: string };

async function send(url: string, init: RequestInit = {}, credential = user.accessToken): Promise<Answer> {
  const headers = { authorization: `Bearer ${credential}`, "content-type": "application/json" };
  const response = await proxy.fetch(url, { headers, ...init });
  const text = await response.text();
  for (const hidden of [TOKEN, OTHER_TOKEN, "127.0.0.1"]) expect(text).not.toContain(hidden);
  return { status: response.status, text, json: JSON.parse(text) as Record<string, unknown> };
}
const list = (search = "", credential?: string) => send(MCP + search, {}, credential);
const call = (body: unknown, credential?: string, init: RequestInit = {}) =>
  send(
    MCP,
    { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body), ...init },
    credential,
  );
const errorOf = ({ status, json }: Answer) => ({ status, ...(json["error"] as object) });
/** Times of day and ids of sessions differ between two calls. */
const timeless = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value).replace(/\d{1,2}:\d{2}:\d{2}( [AP]M)?|\b[\da-f]{8}-[\da-f-]{27}\b/g, "…"));

const NOTES_CALLS: readonly (readonly [string, object])[] = [
  ["read_note", {}],
  ["write_note", { text: "milk" }],
  ["write_note", { text: "" }],
  ["fails", {}],
  ["picture", {}],
  ["weather", { city: "Rome" }],
];
const EVERYTHING_CALLS: readonly (readonly [string, object])[] = [
  ["echo", { message: "Grüße, 世界 🌍" }],
  ["get-annotated-message", { messageType: "error", includeImage: true }],
  ["get-env", {}],
  ["get-resource-links", { count: 2 }],
  ["get-resource-reference", { resourceType: "Text", resourceId: 2 }],
  ["get-structured-content", { location: "Chicago" }],
  ["get-sum", { a: 1, b: 2 }],
  ["get-sum", { a: "one" }],
  ["get-tiny-image", {}],
  ["gzip-file-as-resource", { name: "a.gz", data: "data:text/plain,Hi", outputType: "resource" }],
  ["toggle-simulated-logging", {}],
  ["toggle-subscriber-updates", {}],
  ["trigger-long-running-operation", { duration: 0.2, steps: 2 }],
];

describe.each([
  { id: "everything", revision: "2025-11-25", calls: EVERYTHING_CALLS, except: ["simulate-research-query"] },
  { id: "notes", revision: "2026-07-28", calls: NOTES_CALLS, except: ["slow", "asks", "echoes_headers"] },
])("the server $id, of the revision $revision", ({ id, revision, calls, except }) => {
  const direct = () => MCP_CLIENTS["2.x, what both have"]((id === "notes" ? notes : everything).url, TOKEN);
  const restart = async (): Promise<void> => {
    if (id === "everything") return everything.restart();
    const port = Number(new URL(notes.url).port);
    await notes.stop();
    notes = await startMcpServer({ ...notesOptions, port });
  };

  test("lists what the official client gets", async () => {
    const client = await direct();
    const { status, json } = await list(`?plugin=${id}`);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      plugin: id,
      protocolVersion: revision,
      server: { name: expect.any(String) },
    });
    expect(json).not.toHaveProperty("problems");
    const tools = json["tools"] as { name: string }[];
    const theirs = (await client.listTools()) as readonly Record<string, unknown>[];
    expect(tools).toEqual(
      theirs.map(({ name, title, description, inputSchema, outputSchema, annotations }) =>
        JSON.parse(JSON.stringify({ name, title, description, inputSchema, outputSchema, annotations })),
      ),
    );
    const called = new Set(calls.map(([name]) => name));
    expect(tools.map(({ name }) => name).filter((name) => !called.has(name))).toEqual(except);
    await client.close();
  });

  test("answers every call as it answers the official client, and again after a restart", async () => {
    for (const round of ["at first", "after a restart"]) {
      if (round !== "at first") await restart();
      // The connections of the test's own client notice.
      await new Promise((resolve) => setTimeout(resolve, 50));
      const client = await direct();
      for (const [tool, args] of calls) {
        const theirs = await client.callTool(tool, args as Record<string, unknown>);
        const { status, json } = await call({ plugin: id, tool, args });
        expect([round, tool, status]).toEqual([round, tool, 200]);
        const { content, structuredContent, isError = false } = theirs;
        const expected = { ok: true, plugin: id, tool, content, structuredContent, isError };
        expect(timeless(json)).toEqual(timeless(expected));
      }
      await client.close();
    }
  });

  test("is told to be away while it is, and found again", async () => {
    const [[tool, args] = ["", {}]] = calls;
    if (id === "everything") await everything.kill();
    else await notes.stop();
    const away = await call({ plugin: id, tool, args });
    expect(errorOf(away)).toMatchObject({ status: 502, code: "plugin_failed" });
    expect(errorOf(await call({ plugin: id, tool, args }))).toMatchObject({ status: 502 });
    if (id === "everything") await everything.restart();
    else notes = await startMcpServer({ ...notesOptions, port: Number(new URL(notes.url).port) });
    expect(await call({ plugin: id, tool, args })).toMatchObject({ status: 200 });
  });
});

describe("which server is meant", () => {
  test("without an id: the plugin, which gets its token in both headers", async () => {
    const { status, json } = await call({ tool: "read_note" });
    expect([status, json["plugin"]]).toEqual([200, "mcp-server-toolkit"]);
    const { authorization, "x-api-key": apiKey } = notes.headers.at(-1) ?? {};
    expect([authorization, apiKey]).toEqual([`Bearer ${TOKEN}`, TOKEN]);
    expect((await list()).json["plugin"]).toBe("mcp-server-toolkit");
  });

  test("the servers that are set up can be listed, without their addresses", async () => {
    expect((await list("?servers=1")).json).toEqual({
      servers: [
        { id: "mcp-server-toolkit", name: "MCP server", default: true },
        { id: "everything", name: "Everything", default: false },
        ...["notes", "reader", "wrong"].map((id) => ({ id, name: id, default: false })),
      ],
    });
  });

  test.each(["nobody", "off", "rag-over-pdf", "constructor", "__proto__"])("%s is none", async (plugin) => {
    for (const answer of [await list(`?plugin=${plugin}`), await call({ plugin, tool: "read_note" })]) {
      const { status, code, message } = errorOf(answer) as unknown as Record<string, string>;
      expect([status, code]).toEqual([404, "not_found"]);
      expect(message).toContain("everything, notes");
    }
  });

  test("is said by an error, where there is no default", async () => {
    const { PLUGIN_MCP_SERVER_URL: _, ...without } = settings();
    const other = await startProxyGateway(database, without);
    const none = await startProxyGateway(database);
    const headers = { authorization: `Bearer ${user.accessToken}` };
    const read = async (gateway: ProxyGateway) => (await gateway.fetch(MCP, { headers })).json();
    expect(await read(other)).toMatchObject({
      error: { code: "invalid_request", message: expect.stringContaining("everything, notes") },
    });
    expect(await read(none)).toMatchObject({
      error: { code: "not_configured", message: expect.stringContaining("PLUGIN_MCP_SERVER_URL") },
    });
    await other.stop();
    await none.stop();
  });
});

describe("a tool", () => {
  test("that the operator does not allow is not there", async () => {
    const { tools } = (await list("?plugin=reader")).json as { tools: { name: string }[] };
    expect(tools.map(({ name }) => name)).toEqual(["read_note"]);
    const before = notes.headers.length;
    const hidden = await call({ plugin: "reader", tool: "write_note", args: { text: "no" } });
    expect(errorOf(hidden)).toMatchObject({ status: 404, code: "not_found" });
    expect(notes.headers.length).toBe(before);
    expect(await call({ plugin: "reader", tool: "read_note" })).toMatchObject({ status: 200 });
  });

  test.each(["nothing", "constructor", "read_note\n", "Read_Note"])(
    "%j, which does not exist, is 404",
    async (tool) => {
      expect(errorOf(await call({ plugin: "notes", tool }))).toMatchObject({
        status: 404,
        code: "not_found",
      });
    },
  );

  test("that wants to ask something is said to", async () => {
    expect(errorOf(await call({ plugin: "notes", tool: "asks" }))).toMatchObject({
      ...{ status: 422, code: "unprocessable", message: expect.stringMatching(/ask/) },
      details: { server: "notes", tool: "asks", inputRequired: true },
    });
  });

  test("that repeats the credential does not give it away", async () => {
    const { json } = await call({ plugin: "notes", tool: "echoes_headers" });
    expect(json).toMatchObject({ isError: true, content: [{ text: "authorization: Bearer [redacted]" }] });
  });

  test("that takes too long is given up, and told so", async () => {
    const before = notes.left;
    expect(errorOf(await call({ plugin: "notes", tool: "slow" }))).toMatchObject({
      ...{ status: 504, code: "plugin_timeout" },
    });
    await eventually("the server is told", () => notes.left === before + 1);
  });

  test("is stopped when the client leaves", async () => {
    const before = notes.left;
    const leaving = new AbortController();
    const { length } = notes.headers;
    const answer = call({ plugin: "notes", tool: "slow" }, undefined, { signal: leaving.signal });
    await eventually("the call has arrived", () => notes.headers.length > length);
    await new Promise((resolve) => setTimeout(resolve, 50));
    leaving.abort();
    expect((await answer.catch(() => undefined))?.status ?? 499).toBe(499);
    await eventually("the server is told", () => notes.left === before + 1);
  });
});

test("a credential that the server refuses is the operator's matter", async () => {
  const answer = await call({ plugin: "wrong", tool: "read_note" });
  expect(errorOf(answer)).toMatchObject({ status: 502, code: "plugin_failed" });
  expect(answer.text).toMatch(/credential/);
});

describe("who may", () => {
  test("a key limited to modes may not", async () => {
    const key = await createKey(database, user.userId, { modes: ["smart"] });
    expect(errorOf(await list("?plugin=notes", key))).toMatchObject({ status: 403 });
    expect(errorOf(await call({ plugin: "notes", tool: "read_note" }, key))).toMatchObject({ status: 403 });
  });

  test("a key's requests are counted", async () => {
    const key = await createKey(database, user.userId, { requestsPerMinute: 2, requestsAtOnce: 1 });
    expect((await list("?plugin=notes", key)).status).toBe(200);
    await proxy.settled();
    expect((await call({ plugin: "notes", tool: "read_note" }, key)).status).toBe(200);
    await proxy.settled();
    expect((await call({ plugin: "notes", tool: "read_note" }, key)).status).toBe(429);
  });
});

describe("a body", () => {
  test.each<[string, unknown, number]>([
    ["without a tool", { plugin: "notes" }, 400],
    ["with an empty tool", { plugin: "notes", tool: "" }, 400],
    ["with a long tool", { plugin: "notes", tool: "x".repeat(129) }, 400],
    ["with arguments as a list", { plugin: "notes", tool: "read_note", args: [] }, 400],
    ["with arguments as a text", { plugin: "notes", tool: "read_note", args: "{}" }, 400],
    ["with an unknown field", { plugin: "notes", tool: "read_note", url: "http://evil.test" }, 400],
    ["with two servers", { plugin: ["notes", "reader"], tool: "read_note" }, 400],
    ["that is a list", [], 400],
    ["that is no JSON", "{", 400],
    [
      "that is too large",
      { plugin: "notes", tool: "write_note", args: { text: "x".repeat(1_100_000) } },
      413,
    ],
  ])("%s is refused", async (_, body, status) => {
    const before = notes.headers.length;
    expect((await call(body)).status).toBe(status);
    expect(notes.headers.length).toBe(before);
  });

  test("with names of prototypes reaches the tool as data", async () => {
    const body =
      '{"plugin":"notes","tool":"write_note","args":{"text":"a","__proto__":{"b":1},"constructor":2}}';
    expect(await call(body)).toMatchObject({ status: 200, json: { isError: false } });
    expect(({} as Record<string, unknown>)["b"]).toBeUndefined();
  });
});

describe("a model in a chat", () => {
  const calls = (name: string, input: object) =>
    says({ calls: [{ id: "c1", name, pieces: [JSON.stringify(input)] }], finish: "tool_calls" });
  const ask = async (body: object) =>
    proxy.gateway.ask(user.accessToken, { model: "smart", mcp: ["notes", "wrong"], ...body });
  const toolsOf = ({ events }: NativeAnswer) =>
    events.flatMap((event) =>
      event.type === "tool" ? [`${event.plugin} ${event.name} ${event.status}`] : [],
    );

  test("calls a tool that reads; a server that cannot be used costs only its own", async () => {
    proxy.first.script = inTurn(calls("notes__read_note", {}), says({ text: ["You need it."] }));
    const read = await ask({ message: "What do I need?" });
    expect(read.text).toBe("You need it.");
    expect(toolsOf(read)).toEqual(["wrong mcp failed", "notes read_note running", "notes read_note done"]);
    const [{ json } = { json: {} }] = proxy.first.requests.slice(-2);
    const { tools } = json as { tools: { function: { name: string; parameters: object } }[] };
    expect(tools.map(({ function: { name } }) => name)).toContain("notes__weather");
  });

  test("asks before it calls one that writes", async () => {
    const { length } = notes.written;
    proxy.first.script = calls("notes__write_note", { text: "bread" });
    const asked = await ask({ message: "Note: bread" });
    const approval = asked.events.find(({ type }) => type === "approval");
    expect(approval).toMatchObject({ plugin: "notes", tool: "write_note", arguments: '{"text":"bread"}' });
    expect(notes.written.length).toBe(length);
    proxy.first.script = says({ text: ["Done."] });
    const { type: _, ...call } = approval ?? expect.fail("Nothing was asked.");
    const session = asked.events.find((event) => event.type === "session");
    const done = await ask({ sessionId: session?.id, message: "", approvals: [{ ...call, approve: true }] });
    expect([done.text, notes.written.at(-1)]).toEqual(["Done.", "bread"]);
  });
});

describe("an administrator", () => {
  const report = async (search = "") => {
    const { status, json } = await send(ADMIN + search);
    expect(status).toBe(200);
    const servers = json["servers"] as Record<string, unknown>[];
    return new Map(servers.map((server) => [server["id"], server]));
  };

  test("sees servers of which nothing is known, and asks them", async () => {
    const fresh = await startProxyGateway(database, settings());
    const headers = { authorization: `Bearer ${user.accessToken}` };
    const before = notes.headers.length;
    const read = async (search: string) =>
      (await (await fresh.fetch(ADMIN + search, { headers })).json()) as { servers: object[] };
    const { servers } = await read("");
    expect(servers).toHaveLength(5);
    for (const server of servers) {
      expect(server).toMatchObject({ state: "unused", since: null, tools: null, problems: [] });
    }
    expect(notes.headers.length).toBe(before);
    const refreshed = await read("?refresh=1");
    expect(refreshed.servers).toMatchObject([
      { id: "mcp-server-toolkit", state: "connected" },
      { id: "everything", state: "connected", protocolVersion: "2025-11-25" },
      { id: "notes", state: "connected", protocolVersion: "2026-07-28", server: { name: "notes" } },
      { id: "reader", state: "connected" },
      { id: "wrong", state: "failed", error: expect.stringMatching(/credential/), tools: null },
    ]);
    expect(await read("")).toEqual(refreshed);
    await fresh.stop();
  });

  test("sees which tools are allowed, and which wait for consent", async () => {
    const servers = await report("?refresh=1");
    const toolsOf = (id: string) =>
      (
        (servers.get(id)?.["tools"] ?? []) as { name: string; allowed: boolean; needsApproval: boolean }[]
      ).map(({ name, allowed, needsApproval }) => `${name} ${allowed} ${needsApproval}`);
    expect(toolsOf("reader").slice(0, 2)).toEqual(["read_note true false", "write_note false true"]);
    expect(toolsOf("everything").slice(0, 2)).toEqual(["echo true true", "get-annotated-message true false"]);
    expect(servers.get("reader")?.["problems"]).toEqual([expect.stringContaining('"gone"')]);
    expect(servers.get("everything")?.["problems"]).toEqual([expect.stringContaining('"gone"')]);
  });

  test("is refused a parameter that does not exist", async () => {
    expect((await send(`${ADMIN}?fresh=1`)).status).toBe(400);
  });
});
