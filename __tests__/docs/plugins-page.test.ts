import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";

/** What docs/PLUGINS.md shows is what comes. */
const page = readFileSync("docs/PLUGINS.md", "utf8");
const blocks = [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, , text = ""]) => text.trim());
/** The block that has this in it. */
const block = (part: string): string => blocks.find((text) => text.includes(part)) ?? expect.fail(part);
const bodyOf = (path: string): string => /-d '(.+)'/.exec(block(`localhost:3000${path}`))?.[1] ?? "";

let database: TestSupabase;
let plugin: FakeUpstream;
let proxy: ProxyGateway;
let token: string;

beforeAll(async () => {
  database = await startTestSupabase();
  ({ accessToken: token } = await database.signUp());
  plugin = await startFakeUpstream((exchange) => exchange.json(200, { answer: "Sixteen weeks." }));
  const settings = { PLUGIN_RAG_PDF_URL: plugin.origin, ENABLE_PLUGIN_AUTOROUTE: "1" };
  proxy = await startProxyGateway(database, settings, () => undefined);
});
afterAll(async () => {
  await proxy.stop();
  await plugin.stop();
  await database.stop();
});

const call = (path: string, body?: string): Promise<Response> =>
  proxy.fetch(`http://gateway.test${path}`, {
    ...(body === undefined ? {} : { method: "POST", body }),
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
  });

test("the list", async () => {
  const shown = JSON.parse(block('"count"')) as { count: number; plugins: [Record<string, unknown>] };
  const listed = (await (await call("/api/v1/plugins")).json()) as typeof shown;
  expect(listed.count).toBe(shown.count);
  const [{ description: _, ...row }] = shown.plugins;
  expect(listed.plugins.find(({ id }) => id === row["id"])).toMatchObject(row);
});

test("a call", async () => {
  const response = await call("/api/v1/plugins/invoke", bodyOf("/api/v1/plugins/invoke"));
  expect(await response.json()).toEqual(JSON.parse(block('"pluginId"')));
});

test("a message that goes to a plugin", async () => {
  const framesIn = (text: string): unknown[] =>
    text.split("\n").flatMap((line) => (line.startsWith("data: ") ? [JSON.parse(line.slice(6))] : []));
  const session = { type: "session", id: expect.any(String) };
  const [, ...shown] = framesIn(block('"auto_routed"'));
  expect(framesIn(await (await call("/api/ai-chat", bodyOf("/api/ai-chat"))).text())).toEqual([
    session,
    ...shown,
  ]);
});
