import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { field } from "#lib/shared/json.ts";
import {
  type Exchange,
  type FakeUpstream,
  type Script,
  startFakeUpstream,
} from "../support/fake-upstream.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { eventually } from "../support/test-gateway.ts";

/** For slow machines, milliseconds. */
const SLACK = 1_500;
const DEADLINE_MS = 800;

let database: TestSupabase;
let upstream: FakeUpstream;
let proxy: ProxyGateway;

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(() => undefined);
  proxy = await startProxyGateway(database, {
    OPENAI_API_KEY: "openai-key",
    OPENAI_BASE_URL: `${upstream.origin}/v1`,
    ANTHROPIC_API_KEY: "anthropic-key",
    ANTHROPIC_BASE_URL: upstream.origin,
    ANSWER_TIMEOUT_MS: "400",
    REQUEST_DEADLINE_MS: String(DEADLINE_MS),
  });
});

afterAll(async () => {
  await proxy.stop();
  await upstream.stop();
  await database.stop();
});

async function post(path: string, body: object) {
  const startedAt = performance.now();
  const response = await proxy.fetch(`${proxy.baseUrl}/${path}`, {
    method: "POST",
    headers: { authorization: "Bearer any", "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const json: unknown = await response.json();
  return { status: response.status, body: json, tookMs: performance.now() - startedAt };
}

const endless =
  (beginning: string, piece: string, everyMs: number): Script =>
  async (exchange: Exchange) => {
    await exchange.head(200, { "content-type": "application/json", "transfer-encoding": "chunked" });
    if (beginning !== "") await exchange.chunk(beginning);
    while (!exchange.gone) {
      await exchange.chunk(piece);
      await pause(everyMs);
    }
  };

describe("an answer without end is given up", () => {
  test.each<[string, Script]>([
    ["numbers that come slowly", endless('{"data":[{"embedding":[', "0.1,", 40)],
    ["white space", endless("", " ", 40)],
    ["comments of a stream", endless("", ": ping\n\n", 40)],
    ["a body as fast as it can", endless('{"data":[{"embedding":[', "0.1,".repeat(50_000), 0)],
  ])("embeddings, in time and in size: %s", async (_name, script) => {
    upstream.script = script;
    const answer = await post("embeddings", { model: "openai/text-embedding-3-small", input: "a" });
    expect(answer.status).toBe(503);
    expect(field(answer.body, "error")).toMatchObject({ code: "engines_unavailable" });
    expect(answer.tookMs).toBeLessThan(DEADLINE_MS + SLACK);
    await eventually("the connection is closed", () => upstream.inFlight === 0);
  });

  test("a count of tokens, in size: the estimate stands in", async () => {
    upstream.script = endless('{"input_tokens":', "1".repeat(16 * 1024), 1);
    const messages = [{ role: "user", content: "Hello there" }];
    const answer = await post("messages/count_tokens", { model: "anthropic/claude-sonnet-4-5", messages });
    expect(answer).toMatchObject({ status: 200, body: { input_tokens: expect.any(Number) } });
    expect(Number(field(answer.body, "input_tokens"))).toBeLessThan(100);
    await eventually("the connection is closed", () => upstream.inFlight === 0);
  });

  test("a count of tokens, in time", async () => {
    upstream.script = endless("", " ", 40);
    const messages = [{ role: "user", content: "Hello there" }];
    const answer = await post("messages/count_tokens", { model: "anthropic/claude-sonnet-4-5", messages });
    expect(answer.status).toBe(200);
    expect(answer.tookMs).toBeLessThan(5_000 + SLACK);
    await eventually("the connection is closed", () => upstream.inFlight === 0);
  });

  test.each(["chat/completions", "responses", "messages"])(
    "an unstreamed answer of %s, whatever its shape",
    async (path) => {
      const chunk = { choices: [{ index: 0, delta: { content: "word " } }] };
      upstream.script = async (exchange) => {
        await exchange.startStream();
        while (!exchange.gone) {
          await exchange.event(chunk);
          await pause(40);
        }
      };
      const messages = [{ role: "user", content: "Hi" }];
      const body = path === "responses" ? { input: "Hi" } : { messages, max_tokens: 100 };
      const answer = await post(path, { model: "openai/gpt-4o", ...body });
      expect(answer.status).toBe(503);
      expect(String(field(field(answer.body, "error"), "message"))).toMatch(
        /^The provider did not answer in time\. Try again in a second\.$/,
      );
      expect(answer.tookMs).toBeLessThan(DEADLINE_MS + SLACK);
      await eventually("the connection is closed", () => upstream.inFlight === 0);
    },
  );
});
