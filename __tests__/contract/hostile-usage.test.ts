import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type FakeUpstream,
  isStreaming,
  type Script,
  startFakeUpstream,
  textChunk,
} from "../support/fake-upstream.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { modelsConfig } from "../support/test-gateway.ts";

// An engine that lies about its usage, its cost and its name: the turn was billed, so it leaves a row, and the
// row does no harm to the operator's sums.

let database: TestSupabase;
let user: TestUser;
let proxy: ProxyGateway;
let engine: FakeUpstream;

beforeAll(async () => {
  database = await startTestSupabase();
  user = await database.signUp();
  engine = await startFakeUpstream(lie);
  proxy = await startProxyGateway(database, {
    OPENROUTER_API_KEY: "k",
    OPENROUTER_BASE_URL: `${engine.origin}/v1`,
    OPENAI_API_KEY: "k",
    OPENAI_BASE_URL: `${engine.origin}/v1`,
    MODELS_CONFIG: modelsConfig(
      {},
      { chain: [{ provider: "openrouter", model: "vendor/liar" }], modes: ["smart"] },
    ),
  });
});
afterAll(async () => {
  await proxy.stop();
  await engine.stop();
  await database.stop();
});

const MEGABYTE_NAME = "x".repeat(1_048_576);
/** JSON as text: what JavaScript would not write can be written. */
const USAGES: [string, string][] = [
  ["1e300 tokens", '{"prompt_tokens":1e300,"completion_tokens":1e300,"cost":1e300}'],
  ["infinitely many tokens", '{"prompt_tokens":1e999,"completion_tokens":1e999,"cost":1e999}'],
  ["fewer than no tokens", '{"prompt_tokens":-5,"completion_tokens":-5,"cost":-5}'],
  ["NaN in words", '{"prompt_tokens":"NaN","completion_tokens":"NaN","cost":"NaN"}'],
  ["2^63-1 tokens", '{"prompt_tokens":9223372036854775807,"completion_tokens":9223372036854775807}'],
  ["the most that is believed", '{"prompt_tokens":100000000,"completion_tokens":100000000,"cost":999999.99}'],
  ["a cost of 300 digits", `{"prompt_tokens":1,"completion_tokens":1,"cost":0.${"1".repeat(300)}}`],
  ["the smallest cost there is", '{"prompt_tokens":1,"completion_tokens":1,"cost":5e-324}'],
  ["half a token", '{"prompt_tokens":0.5,"completion_tokens":1.5,"cost":0.1}'],
  ["nothing", "null"],
  ["a list", "[1,2]"],
];

/** Answers with the usage whose number it is asked for, and a name of a megabyte. */
const lie: Script = async (exchange) => {
  const [, usage] = USAGES[Number(/usage (\d+)/.exec(exchange.request.text)?.[1])] ?? [];
  if (!isStreaming(exchange.request)) {
    const message = '{"role":"assistant","content":"Hello."}';
    const embedding = '{"object":"embedding","index":0,"embedding":[0.5,0.5]}';
    await exchange.respond(
      200,
      `{"id":"1","model":"${MEGABYTE_NAME}","choices":[{"index":0,"message":${message},"finish_reason":"stop"}],` +
        `"data":[${embedding}],"usage":${usage}}`,
    );
    return;
  }
  await exchange.startStream();
  await exchange.event({ ...(textChunk("Hello.") as object), model: MEGABYTE_NAME });
  await exchange.event(textChunk("", "stop"));
  await exchange.event(`{"id":"1","model":"${MEGABYTE_NAME}","choices":[],"usage":${usage}}`);
  await exchange.event("[DONE]");
  await exchange.endStream();
};

type Row = { status: string; model: string; prompt: number; completion: number; cost: number | null };

async function rowOf(requestId: string | null): Promise<Row | undefined> {
  const [row] = await database.sql<Row[]>`
    select status, model, prompt_tokens::float8 as prompt, completion_tokens::float8 as completion,
           cost_usd::float8 as cost
    from ai_chat_usage where id = ${requestId}`;
  return row;
}

async function post(path: string, body: unknown): Promise<string | null> {
  const answer = await proxy.fetch(`${proxy.baseUrl}/${path}`, {
    method: "POST",
    headers: { authorization: "Bearer any", "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  await answer.text();
  expect(answer.status).toBe(200);
  await proxy.settled();
  return answer.headers.get("x-request-id");
}

const chat = (text: string) => ({ messages: [{ role: "user", content: text }] });
const ROUTES: [string, (text: string) => Promise<string | null>][] = [
  [
    "native chat",
    async (text) => {
      const answer = await proxy.gateway.ask(user.accessToken, { message: text, model: "smart" });
      await proxy.gateway.settled();
      return answer.headers.get("x-request-id");
    },
  ],
  [
    "chat completions",
    (text) => post("chat/completions", { model: "openrouter/vendor/liar", ...chat(text) }),
  ],
  [
    "chat completions, streamed",
    (text) => post("chat/completions", { model: "openai/gpt-5", ...chat(text), stream: true }),
  ],
  ["messages", (text) => post("messages", { model: "openai/gpt-5", ...chat(text), max_tokens: 10 })],
  ["responses, streamed", (text) => post("responses", { model: "smart", input: text, stream: true })],
  ["embeddings", (text) => post("embeddings", { model: "openai/text-embedding-3-small", input: text })],
];

test.each(ROUTES)("%s: an engine that lies leaves a row, and harms no sum", async (_, ask) => {
  const ids = await Promise.all(USAGES.map((_, index) => ask(`usage ${index}`)));
  for (const [index, id] of ids.entries()) {
    const [what] = USAGES[index] ?? [];
    const row = await rowOf(id);
    expect(row, what).toMatchObject({
      status: "completed",
      model: expect.stringMatching(/^[\w./-]{1,200}$/),
    });
    for (const count of [row?.prompt, row?.completion]) {
      expect(Number.isInteger(count), what).toBe(true);
      expect(count, what).toBeGreaterThanOrEqual(0);
      expect(count, what).toBeLessThanOrEqual(1e9);
    }
    const cost = row?.cost ?? 0;
    expect(cost >= 0 && cost <= 1e6, what).toBe(true);
  }
});
