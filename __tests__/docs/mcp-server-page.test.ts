import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NOT_APPLICABLE } from "../slow/mcp/not-applicable.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";

/** What docs/MCP-SERVER.md shows is what comes. */
const page = readFileSync("docs/MCP-SERVER.md", "utf8");
const blocks = [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, , text = ""]) => text.trim());
const KEY = "a-key-of-the-operator";

let database: TestSupabase;
let proxy: ProxyGateway;

beforeAll(async () => {
  database = await startTestSupabase();
  proxy = await startProxyGateway(database, { MCP_INTERNAL_KEY: KEY, TAVILY_API_KEY: "tvly-one" });
});
afterAll(async () => {
  await proxy.stop();
  await database.stop();
});

async function call(body: string): Promise<Record<string, unknown>> {
  const response = await proxy.fetch("http://gateway.test/api/v1/mcp/catalog", {
    method: "POST",
    body,
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
  });
  return (await response.json()) as Record<string, unknown>;
}

test("the tools", async () => {
  const [, table = ""] = /## The tools\n\n([\s\S]*?)\n\n/.exec(page) ?? [];
  const first = table.split("\n").map((row) => row.split("|")[1] ?? "");
  const told = first.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name));
  const { tools } = (await call('{"tool": "list_tools"}')) as { tools: { name: string }[] };
  expect(told.sort()).toEqual(tools.map(({ name }) => name).sort());
});

test("a call of the catalogue", async () => {
  const asked = blocks.flatMap((text) => /-d '(.+)'/.exec(text)?.[1] ?? []);
  const answers = blocks
    .filter((text) => text.startsWith('{ "ok"'))
    .map((text) => JSON.parse(text) as object);
  expect([asked.length, answers.length]).toEqual([2, 2]);
  const [list, echo] = await Promise.all(asked.map(call));
  expect(Object.keys(list ?? {})).toEqual(Object.keys(answers[0] ?? {}));
  expect(echo).toEqual(answers[1]);
});

test("the scenarios of 2025-11-25 that are not passed", () => {
  const row = page.split("\n").find((line) => line.startsWith("| 2025-11-25 |")) ?? "";
  const told = [...row.matchAll(/`([\w-]+)`/g)].map(([, name = ""]) => name);
  const failing = (NOT_APPLICABLE["2025-11-25"] ?? []).filter(({ worst }) => worst === "FAILURE");
  expect(told).toEqual(failing.map(({ scenario }) => scenario));
});

test("configurations that are JSON parse", () => {
  const shown = blocks.filter((text) => text.startsWith("{"));
  expect(shown.length).toBeGreaterThan(4);
  for (const text of shown) expect(() => JSON.parse(text) as unknown, text).not.toThrow();
});
