import { createHash } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { apiRouter } from "#lib/server/routes/api-routes.ts";
import { field } from "#lib/shared/json.ts";
import { certificate } from "../faults/places.ts";
import { fails } from "../faults/scripts.ts";
import { answers, type FakeUpstream, type Script, startFakeUpstream } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { aHost, type Settings, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const KEY = "gsk_causeOfDeath0123456789abcdef";
const FINGERPRINT = createHash("sha256").update(KEY).digest("hex").slice(0, 8);
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let database: TestSupabase;
let upstream: FakeUpstream;
let token: string;
const open: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(answers("Hello."));
  token = (await database.signUp()).accessToken;
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.stop()));
});

afterAll(async () => {
  await upstream.stop();
  await database.stop();
});

type Asked = { status: number; text: string; message: unknown; code: unknown };
type Line = Record<string, unknown>;

/** A gateway whose mode `smart` is `groq/m`, then `mistral/m`, both at the upstream unless told otherwise. */
async function start(settings: Settings = {}) {
  const lines: string[] = [];
  const smart = {
    failover: [
      { provider: "groq", model: "m" },
      { provider: "mistral", model: "m" },
    ],
  };
  const gateway: TestGateway = await startTestGateway({
    database,
    settings: {
      ENABLE_OPENAI_PROXY: "true",
      LOG_TURNS: "false",
      GROQ_API_KEY: KEY,
      GROQ_BASE_URL: `${upstream.origin}/v1`,
      MISTRAL_BASE_URL: `${upstream.origin}/v1`,
      MODELS_CONFIG: JSON.stringify({ extends: "default", modes: { smart } }),
      ...settings,
    },
    log: (line) => lines.push(line),
  });
  open.push(gateway);
  const route = apiRouter(async () => gateway.gateway);
  return {
    lines: (): Line[] => lines.map((line) => JSON.parse(line) as Line),
    raw: () => lines.join("\n"),
    async ask(path: string, body: object): Promise<Asked> {
      const request = new Request(`http://gateway.test/api/${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      const response = await route(`/api/${path}`)(request, aHost());
      const text = await response.text();
      const json: unknown = text.startsWith("{") ? JSON.parse(text) : {};
      const error = field(json, "error");
      return {
        status: response.status,
        text: text + JSON.stringify([...response.headers]),
        message: field(error, "message"),
        code: field(error, "code"),
      };
    },
  };
}

const chat = (model: string): object => ({ model, messages: [{ role: "user", content: "Hi" }] });

describe("the operator sees each bench when it begins", () => {
  test("a rejected key that another engine covers: once, by its fingerprint", async () => {
    upstream.script = (exchange) =>
      exchange.request.headers["authorization"] === `Bearer ${KEY}`
        ? fails(401, { error: { message: `Incorrect API key provided: ${KEY}` } })(exchange)
        : answers("Hello.")(exchange);
    const gateway = await start({ MISTRAL_API_KEY: "other-key-of-mistral" });
    for (let time = 0; time < 5; time++) {
      expect((await gateway.ask("v1/chat/completions", chat("smart"))).status).toBe(200);
    }
    const [bench, attempt, ...others] = gateway.lines();
    expect(others).toEqual([]);
    expect(attempt).toMatchObject({ engine: "groq/m", outcome: "key_rejected", status: 401 });
    expect([bench]).toEqual([
      {
        time: expect.stringMatching(ISO),
        level: "warn",
        message: "A provider key is benched.",
        provider: "groq",
        key: FINGERPRINT,
        cause: "key_rejected",
        status: 401,
        reason: "Incorrect API key provided: [redacted]",
        until: expect.stringMatching(ISO),
      },
    ]);
    const [line] = gateway.lines();
    const lasts = Date.parse(String(line?.["until"])) - Date.now();
    expect(lasts).toBeGreaterThan(590_000);
    expect(lasts).toBeLessThanOrEqual(600_000);
    expect(gateway.raw()).not.toContain(KEY.slice(4));
  });

  test.each<[string, Script, Line]>([
    [
      "a model",
      fails(404, { error: { message: "The model `m` does not exist." } }),
      { message: "A model is benched.", provider: "groq", model: "m", cause: "model_gone", status: 404 },
    ],
    [
      "a rate limit",
      fails(429, { error: { message: "Slow down." } }, { "retry-after": "60" }),
      {
        message: "A provider key is benched for one model.",
        provider: "groq",
        model: "m",
        key: FINGERPRINT,
        cause: "rate_limited",
        status: 429,
        reason: "Slow down.",
      },
    ],
    [
      "no credit",
      fails(402, { error: { message: "Insufficient credits" } }),
      { provider: "groq", key: FINGERPRINT, cause: "account", problem: "no_credit", status: 402 },
    ],
    [
      "a base URL without its path",
      fails(404, { detail: "Not Found" }),
      {
        provider: "groq",
        model: "m",
        problem: "wrong_address",
        detail: "404 from 127.0.0.1: check the base URL (GROQ_BASE_URL)",
      },
    ],
  ])("%s", async (_name, script, line) => {
    upstream.script = script;
    const gateway = await start();
    for (let time = 0; time < 3; time++) await gateway.ask("v1/chat/completions", chat("smart"));
    const benches = gateway.lines().filter((one) => one["until"] !== undefined);
    expect(benches).toMatchObject([{ ...line, until: expect.stringMatching(ISO) }]);
  });

  test("a breaker that opens", async () => {
    upstream.script = fails(500, { error: { message: "Down for maintenance." } });
    const gateway = await start();
    for (let time = 0; time < 7; time++) await gateway.ask("v1/chat/completions", chat("smart"));
    const benches = gateway.lines().filter((line) => line["until"] !== undefined);
    expect(benches).toMatchObject([
      { message: "A model is benched.", cause: "server_error", status: 500, reason: "Down for maintenance." },
    ]);
  });

  test("benches of embeddings are told as such", async () => {
    upstream.script = fails(401);
    const gateway = await start({ OPENAI_API_KEY: "k-openai", OPENAI_BASE_URL: `${upstream.origin}/v1` });
    const asked = await gateway.ask("v1/embeddings", { model: "openai/text-embedding-3-small", input: "a" });
    expect(asked).toMatchObject({
      status: 503,
      message: expect.stringMatching(/^The provider rejected its key\./),
    });
    expect(gateway.lines()[0]).toMatchObject({
      provider: "openai",
      use: "embeddings",
      cause: "key_rejected",
    });
  });
});

describe("the log line of a request that nobody answered", () => {
  test("names why each engine was not called, and until when", async () => {
    upstream.script = (exchange) =>
      exchange.request.headers["authorization"] === `Bearer ${KEY}`
        ? fails(401, { error: { message: "Invalid API key" } })(exchange)
        : fails(429, { error: { message: "Slow down." } }, { "retry-after": "60" })(exchange);
    const gateway = await start({ MISTRAL_API_KEY: "other-key-of-mistral" });
    await gateway.ask("v1/chat/completions", chat("smart"));
    const asked = await gateway.ask("v1/chat/completions", chat("smart"));
    expect(asked).toMatchObject({ status: 503, code: "engines_unavailable" });
    const failures = gateway.lines().filter((line) => line["code"] === "engines_unavailable");
    expect(failures).toHaveLength(2);
    expect(failures[0]).toMatchObject({
      attempts: "groq/m key_rejected 401 Invalid API key; mistral/m rate_limited 429 Slow down.",
    });
    expect(failures[0]).not.toHaveProperty("skipped");
    expect(failures[1]).not.toHaveProperty("attempts");
    expect(failures[1]?.["skipped"]).toMatch(
      /^groq\/m key_rejected 401 Invalid API key until \d{4}-\S+Z; mistral\/m rate_limited 429 Slow down\. until \d{4}-\S+Z$/,
    );
    // Who asked for a mode hears nothing of its engines.
    expect(asked.text).not.toMatch(/groq|mistral|Invalid API key|Slow down/);
  });

  test("also of native chat", async () => {
    upstream.script = fails(401);
    const gateway = await start();
    for (let time = 0; time < 2; time++) await gateway.ask("ai-chat", { message: "Hi", model: "smart" });
    const failures = gateway.lines().filter((line) => line["code"] === "engines_unavailable");
    expect(failures[1]?.["skipped"]).toMatch(/^groq\/m key_rejected 401 .* until /);
  });
});

describe("who cannot be reached is named in the log, and never in an answer", () => {
  const cases: [string, () => Promise<{ url: string; stop(): Promise<void> }>, RegExp][] = [
    [
      "nobody listens",
      async () => ({ url: "http://127.0.0.1:1", stop: async () => undefined }),
      /ECONNREFUSED 127\.0\.0\.1:1\b/,
    ],
    [
      "the name does not resolve",
      async () => ({ url: "https://nope.invalid", stop: async () => undefined }),
      /(?:ENOTFOUND|EAI_AGAIN) nope\.invalid:443\b/,
    ],
    [
      "a self-signed certificate",
      async () => {
        const server = await startFakeUpstream(answers("no"), certificate("self-signed"));
        return { url: server.origin, stop: () => server.stop() };
      },
      /DEPTH_ZERO_SELF_SIGNED_CERT 127\.0\.0\.1:\d+/,
    ],
  ];

  test.each(cases)("%s", async (_name, place, wanted) => {
    const { url, stop } = await place();
    open.push({ stop });
    const gateway = await start({ GROQ_BASE_URL: `${url}/v1` });
    const told = [];
    for (const model of ["groq/m", "smart"]) {
      for (let time = 0; time < 4; time++) told.push(await gateway.ask("v1/chat/completions", chat(model)));
    }
    expect(told.map(({ status }) => status)).toEqual(told.map(() => 503));
    expect(told[0]?.message).toMatch(/^The provider cannot be reached\. /);
    const { host, hostname } = new URL(url);
    for (const { text } of told) {
      expect(text).not.toContain(host);
      expect(text).not.toContain(hostname);
      expect(text).not.toMatch(/ECONN|ENOTFOUND|EAI_|CERT|caused by/);
    }
    // The attempt, the request, and the bench of the address.
    expect(gateway.lines()[0]).toMatchObject({
      message: "An engine gave no complete answer.",
      engine: "groq/m",
      outcome: "connect",
      detail: expect.stringMatching(wanted),
    });
    expect(gateway.lines()[1]?.["attempts"]).toMatch(wanted);
    const benches = gateway.lines().filter((line) => line["until"] !== undefined);
    expect(benches).toMatchObject([
      { message: "A provider's address is benched.", provider: "groq", cause: "connect" },
    ]);
    expect(benches[0]?.["detail"]).toMatch(wanted);
    const last = gateway.lines().findLast((line) => line["code"] === "engines_unavailable");
    expect(last?.["skipped"]).toMatch(wanted);
  });
});
