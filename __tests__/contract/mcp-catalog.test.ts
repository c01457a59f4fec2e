import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { defineTool, type Tool } from "#lib/tools/tool.ts";
import { aPdf, base64 } from "../support/documents.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { createKey, type Settings } from "../support/test-gateway.ts";

const KEY = "a-key-of-the-operator";
const CATALOG = "http://gateway.test/api/v1/mcp/catalog";

/** Tools that end in every way. */
const doubles: readonly Tool[] = (["slow", "broken", "refusing"] as const).map((name) =>
  defineTool({
    name,
    description: `A ${name} tool.`,
    input: z.object({}),
    timeoutMs: 50,
    run: async () => {
      if (name === "broken") throw new TypeError("secret of the stack");
      if (name === "refusing") return { text: "No.", source: { name: "A double" }, isError: true };
      return new Promise(() => undefined);
    },
  }),
);

let database: TestSupabase;
let user: TestUser;
let proxy: ProxyGateway;
let log: string[];
const open: ProxyGateway[] = [];

beforeAll(async () => {
  database = await startTestSupabase();
  user = await database.signUp();
  log = [];
  proxy = await start({ MCP_INTERNAL_KEY: KEY });
});
afterEach(async () => {
  for (const one of open.splice(0)) if (one !== proxy) await one.stop();
});
afterAll(async () => {
  await proxy.stop();
  await database.stop();
});

async function start(settings: Settings): Promise<ProxyGateway> {
  const own = await startProxyGateway(database, settings, (line) => log.push(line), {
    createLiveTools: () => doubles,
  });
  open.push(own);
  return own;
}

async function ask(body: unknown, headers: Record<string, string> = {}, via = proxy) {
  const response = await via.fetch(CATALOG, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

test("lists the tools with JSON Schemas", async () => {
  const { status, json } = await ask({ tool: "list_tools" });
  expect([status, json["ok"]]).toEqual([200, true]);
  const tools = json["tools"] as { name: string; description: string; inputSchema: object }[];
  const own = ["current_time", "random_uuid", "echo", "read_document"];
  expect(tools.map(({ name }) => name)).toEqual([...own, ...doubles.map(({ name }) => name)]);
  for (const tool of tools) {
    expect(Object.keys(tool)).toEqual(["name", "description", "inputSchema"]);
    expect(tool.inputSchema).toMatchObject({ type: "object" });
  }
});

test.each([
  ["current_time", {}, { text: expect.stringMatching(/day, \d{4}-/), asOf: expect.stringMatching(/Z$/) }],
  ["random_uuid", undefined, { text: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4/) }],
  ["echo", { message: "Hi" }, { text: "Hi", source: { name: "the gateway" } }],
  [
    "read_document",
    { name: "../a.pdf", data: base64(aPdf("Hello")) },
    { text: "[Page 1]\nHello", structured: { kind: "pdf", pages: 1, text: "[Page 1]\nHello" } },
  ],
  ["refusing", {}, { text: "No.", isError: true }],
])("calls %s", async (tool, args, result) => {
  expect(await ask({ tool, args })).toMatchObject({ status: 200, json: { ok: true, tool, result } });
});

const REFUSED: readonly [string, unknown, number, string, RegExp][] = [
  ["an unknown tool", { tool: "nothing" }, 404, "not_found", /"nothing".*list_tools/],
  ["a name of Object", { tool: "constructor" }, 404, "not_found", /"constructor"/],
  ["no tool", {}, 400, "invalid_request", /"tool"/],
  ["another field", { tool: "echo", arguments: {} }, 400, "invalid_request", /arguments/],
  ["an input that is no object", { tool: "echo", args: [] }, 400, "invalid_request", /"args"/],
  ["a missing field", { tool: "echo" }, 400, "invalid_request", /echo at message: /],
  [
    "a wrong field",
    { tool: "current_time", args: { timeZone: "Mars/Base" } },
    400,
    "invalid_request",
    /timeZone/,
  ],
  [
    "a file that is none",
    { tool: "read_document", args: { name: "a", data: "-" } },
    400,
    "invalid_request",
    /data/,
  ],
  [
    "a picture",
    { tool: "read_document", args: { name: "a.png", data: "aGVsbG8" } },
    415,
    "unsupported_media_type",
    /a\.png/,
  ],
  ["a tool that takes too long", { tool: "slow" }, 504, "plugin_timeout", /slow did not answer in time/],
  ["a tool with a bug", { tool: "broken" }, 502, "plugin_failed", /broken failed/],
];
test.each(REFUSED)("refuses %s", async (_, body, status, code, message) => {
  log.length = 0;
  const answer = await ask(body);
  expect(answer).toMatchObject({
    status,
    json: { error: { code, message: expect.stringMatching(message) } },
  });
  expect(JSON.stringify(answer.json)).not.toContain("secret of the stack");
  // Of a bug the operator is told.
  expect(log.join("\n").includes("secret of the stack")).toBe(code === "plugin_failed");
});

describe("the key", () => {
  test("of a gateway, or a user's token, is another", async () => {
    const key = await createKey(database, user.userId);
    for (const bearer of [key, user.accessToken, KEY.slice(0, -1), `${KEY}x`, KEY.toUpperCase(), "x"]) {
      const { status, json } = await ask({ tool: "list_tools" }, { authorization: `Bearer ${bearer}` });
      expect([status, json]).toMatchObject([401, { error: { code: "unauthorized" } }]);
    }
  });

  test("is guessed only so often", async () => {
    const own = await start({ MCP_INTERNAL_KEY: KEY, AUTH_FAILURES_PER_MINUTE: "2" });
    const statuses = [];
    for (const bearer of ["one", "two", "three", KEY]) {
      statuses.push((await ask({ tool: "list_tools" }, { authorization: `Bearer ${bearer}` }, own)).status);
    }
    expect(statuses).toEqual([401, 401, 429, 429]);
  });

  test("has to be set", async () => {
    const { status, json } = await ask({ tool: "list_tools" }, {}, await start({}));
    expect([status, json]).toMatchObject([
      503,
      { error: { code: "not_configured", message: expect.stringContaining("MCP_INTERNAL_KEY") } },
    ]);
  });

  test.each(["short", "with spaces in it, and long"])("may not be %j", async (key) => {
    await expect(start({ MCP_INTERNAL_KEY: key })).rejects.toThrow(/MCP_INTERNAL_KEY is not valid.*16/);
  });
});
