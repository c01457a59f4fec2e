import { afterAll, beforeAll, expect, test } from "vitest";
import { jsonHttp } from "#lib/adapters/http/json-http.ts";
import { publicHolidays } from "../../examples/live-tool.ts";
import { type FakeUpstream, startFakeUpstream, textChunk } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { modelsConfig, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

let database: TestSupabase;
let engine: FakeUpstream;
let source: FakeUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  database = await startTestSupabase();
  engine = await startFakeUpstream(async (exchange) => {
    await exchange.startStream();
    await exchange.event(textChunk("An answer.", "stop"));
    await exchange.event("[DONE]");
    await exchange.endStream();
  });
  source = await startFakeUpstream(() => undefined);
  gateway = await startTestGateway({
    database,
    settings: { MODELS_CONFIG: modelsConfig({ own: `${engine.origin}/v1` }) },
    makers: { createLiveTools: () => [publicHolidays({ http: jsonHttp, baseUrl: source.origin })] },
  });
}, 30_000);
afterAll(async () => {
  await gateway.stop();
  await engine.stop();
  await source.stop();
  await database.stop();
});

async function ask(message: string) {
  const user = await database.signUp();
  const { events } = await gateway.ask(user.accessToken, { message, model: "smart" });
  return { tools: events.filter(({ type }) => type === "tool"), engineGot: engine.requests.at(-1)?.text };
}

test("the example of CONTRIBUTING is a tool: one row, and native chat has it", async () => {
  source.script = (exchange) =>
    exchange.json(200, [{ date: "2027-10-03", name: "German Unity Day", counties: null, types: ["Public"] }]);
  const { tools, engineGot } = await ask("When are the public holidays in Germany in 2027?");
  expect(source.requests[0]?.path).toBe("/api/v3/PublicHolidays/2027/DE");
  expect(tools.at(-1)).toEqual({
    ...{ type: "tool", name: "public_holidays", status: "done", detail: "Nager.Date, 2027" },
  });
  expect(engineGot).toContain("2027-10-03 German Unity Day");
});

test("and says what is missing if there is nothing", async () => {
  source.script = (exchange) => exchange.json(200, []);
  const { tools } = await ask("public holidays in France 2099");
  const detail = "No holidays of FR in 2099 are known.";
  expect(tools.at(-1)).toEqual({ type: "tool", name: "public_holidays", status: "failed", detail });
});
