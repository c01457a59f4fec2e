import { getEventListeners } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { SANDBOX_ORIGIN, withSandbox } from "#lib/adapters/sandbox/sandbox-upstream.ts";
import type { Upstream } from "#lib/providers/call/upstream.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { startTestSupabase, type TestSupabase } from "../../support/test-database.ts";
import { type Settings, startTestGateway, type TestGateway } from "../../support/test-gateway.ts";

const ATTEMPT = { type: "attempt", engine: "sandbox/first", latencyMs: expect.any(Number) };

let database: TestSupabase;
let credential: string;
const open: TestGateway[] = [];

beforeAll(async () => {
  database = await startTestSupabase();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((gateway) => gateway.stop()));
});

afterAll(() => database.stop());

async function start(settings: Settings = {}): Promise<TestGateway> {
  credential = (await database.signUp()).accessToken;
  const gateway = await startTestGateway({
    database,
    settings: { ENABLE_SANDBOX: "true", FIRST_TOKEN_TIMEOUT_MS: "200", ...settings },
  });
  open.push(gateway);
  return gateway;
}

describe("the sandbox engine", () => {
  test("says what it is, repeats the message, and reports usage", async () => {
    const gateway = await start();
    const answer = await gateway.ask(credential, { message: "Hello! Who are you?" });
    expect(answer.text).toContain("sandbox engine, not a language model");
    expect(answer.text).toContain('"Hello! Who are you?"');
    expect(answer.events).toContainEqual({
      type: "backend",
      label: "Sandbox engine (first)",
      provider: "sandbox",
      model: "first",
    });
    expect(answer.usage).toMatchObject({ costUsd: 0 });
    expect(answer.usage?.completionTokens).toBeGreaterThan(10);
    expect(answer.order).toEqual(["session", "auto_routed", "backend", "token", "usage", "done"]);
  });

  test.each([
    ["/fail 429", "rate_limited"],
    ["/fail 500", "server_error"],
    ["/fail silence", "timeout"],
  ])("%s: the first engine fails, the second answers", async (order, outcome) => {
    const gateway = await start();
    const answer = await gateway.ask(credential, { message: `${order} and tell me a joke` });
    expect(answer.events).toContainEqual({ ...ATTEMPT, outcome });
    expect(answer.events).toContainEqual(expect.objectContaining({ type: "backend", model: "second" }));
    expect(answer.text).toContain("tell me a joke");
    expect(answer.done).toBeDefined();
  });

  test("/fail cut: the second engine continues the broken answer, word for word", async () => {
    const whole = (await (await start()).ask(credential, { message: "x /fail cut" })).text;
    expect(whole.match(/This is SarmaLink-AI/g)).toHaveLength(1);
    expect(whole).toMatch(/^This is SarmaLink-AI.* failover at work\.$/s);
    const gateway = await start();
    const answer = await gateway.ask(credential, { message: "/fail cut and go on" });
    expect(answer.order).toEqual([
      "session",
      "auto_routed",
      "backend",
      "token",
      "attempt",
      "backend",
      "token",
      "usage",
      "done",
    ]);
    expect(answer.events).toContainEqual({ ...ATTEMPT, outcome: "reset" });
  });

  test.each(["/fail 429 all", "/fail 500 all", "/fail silence all"])(
    "%s: no engine answers",
    async (order) => {
      const gateway = await start({ REQUEST_DEADLINE_MS: "1000" });
      const answer = await gateway.ask(credential, { message: order });
      expect(answer.error).toMatchObject({ code: "engines_unavailable", retryAfter: expect.any(Number) });
      expect(answer.text).toBe("");
    },
  );

  test("/fail cut all: an honest end", async () => {
    const gateway = await start();
    const answer = await gateway.ask(credential, { message: "/fail cut all" });
    expect(answer.error?.code).toBe("stream_interrupted");
    expect(answer.text).not.toBe("");
  });

  test("an earlier message's order is not obeyed again", async () => {
    const gateway = await start();
    const opened = await gateway.ask(credential, { message: "/fail 500" });
    const [session] = opened.events;
    const sessionId = session?.type === "session" ? session.id : undefined;
    const next = await gateway.ask(credential, { message: "Thanks", sessionId });
    expect(next.events.some((event) => event.type === "attempt")).toBe(false);
  });

  test.each([
    ["/fail 429", "rate_limited"],
    ["/fail 500", "server_error"],
    ["/fail cut", "reset"],
    ["/fail silence", "timeout"],
  ])("%s shows the same however often it is asked: the sandbox is never benched", async (order, outcome) => {
    const gateway = await start();
    for (let time = 0; time < 7; time++) {
      const answer = await gateway.ask(credential, { message: order });
      expect(answer.events, `time ${time + 1}`).toContainEqual({ ...ATTEMPT, outcome });
    }
    const { health } = gateway.gateway;
    expect(health.report()).toEqual([]);
  });

  test("a whole chain that failed on command answers the next message", async () => {
    const gateway = await start();
    const failed = await gateway.ask(credential, { message: "/fail 429 all" });
    expect(failed.error?.code).toBe("engines_unavailable");
    expect((await gateway.ask(credential, { message: "Hi" })).done).toBeDefined();
  });

  test("what the gateway puts before a message is not repeated", async () => {
    const gateway = await start();
    const { text } = await gateway.ask(credential, { message: "Who won yesterday?", model: "live" });
    expect(text).toContain('"Who won yesterday?"');
  });

  test("an image is no obstacle", async () => {
    const gateway = await start();
    const answer = await gateway.ask(credential, { message: "See?", image: "data:image/png;base64,AAAA" });
    expect(answer.text).toContain('"See?"');
  });

  test("a message is repeated in part when it is long, and never cut through a character", async () => {
    const gateway = await start();
    const answer = await gateway.ask(credential, { message: "😀".repeat(500) });
    expect(answer.text.isWellFormed()).toBe(true);
    expect(answer.text.length).toBeLessThan(1_000);
    expect(answer.text).not.toContain("\ufffd");
  });
});

describe("when the sandbox answers", () => {
  test.each([
    ["nothing is configured, in production", { ENABLE_SANDBOX: "" }, false],
    ["nothing is configured, and it is switched on", {}, true],
    ["a provider has a key", { GROQ_API_KEY: "k" }, false],
    ["Ollama has a URL", { OLLAMA_URL: "http://127.0.0.1:1" }, false],
    [
      "an operator's provider is configured",
      { MODELS_CONFIG: '{"extends":"default","providers":[{"id":"mine","baseUrl":"http://127.0.0.1:1"}]}' },
      false,
    ],
  ])("%s", async (_, settings, sandboxed) => {
    const gateway = await start(settings);
    expect(gateway.gateway.sandboxed).toBe(sandboxed);
  });

  test("without any engine a turn is 404 that says what to set", async () => {
    const gateway = await start({ ENABLE_SANDBOX: "" });
    const answer = await gateway.ask(credential, { message: "Hi" });
    expect(answer.status).toBe(404);
    expect(answer.raw).toMatch(/no_engine_configured.*API key/);
  });
});

describe("the sandbox upstream", () => {
  const never: Upstream = {
    send: () => Promise.reject(new Error("went out")),
  };
  const request = (message: string, stream: boolean, url = `${SANDBOX_ORIGIN}/v1/chat/completions`) => ({
    method: "POST" as const,
    url,
    headers: {},
    body: JSON.stringify({ model: "first", stream, messages: [{ role: "user", content: message }] }),
  });

  test("answers whole when no stream is asked for", async () => {
    const { signal } = new AbortController();
    const response = await withSandbox(never, new FakeClock()).send(request("Hi", false), {
      signal,
      connectTimeoutMs: 1,
    });
    const body = JSON.parse(Buffer.from((await response.body.read()) ?? []).toString("utf8")) as {
      choices: unknown[];
    };
    expect(body.choices).toEqual([
      {
        index: 0,
        message: { role: "assistant", content: expect.stringContaining("Hi") },
        finish_reason: "stop",
      },
    ]);
    expect(await response.body.read()).toBeNull();
  });

  test("passes every other address on", async () => {
    const upstream = withSandbox(never, new FakeClock());
    for (const url of ["https://api.groq.com/x", `${SANDBOX_ORIGIN}.evil.example/v1`]) {
      const sent = upstream.send(request("Hi", true, url), {
        signal: new AbortController().signal,
        connectTimeoutMs: 1,
      });
      await expect(sent).rejects.toThrow("went out");
    }
  });

  test("stops at an abort, with its reason, and leaves no timer and no listener", async () => {
    const clock = new FakeClock();
    const client = new AbortController();
    const options = { signal: client.signal, connectTimeoutMs: 1 };
    const upstream = withSandbox(never, clock);
    const silent = upstream.send(request("/fail silence", true), options);
    const { body } = await upstream.send(request("Hi", true), options);
    const reading = body.read();
    const reason = new Error("left");
    client.abort(reason);
    await expect(silent).rejects.toBe(reason);
    await expect(reading).rejects.toBe(reason);
    expect(clock.pending).toBe(0);
    expect(getEventListeners(client.signal, "abort")).toEqual([]);
    await expect(upstream.send(request("/fail silence", true), options)).rejects.toBe(reason);
  });
});
