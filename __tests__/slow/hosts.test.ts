import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answers, type FakeUpstream, startFakeUpstream, textChunk } from "../support/fake-upstream.ts";
import { type NativeAnswer, readNative, readSome } from "../support/native-client.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { createKey, databaseSettings, eventually, modelsConfig } from "../support/test-gateway.ts";
import { type HostName, type ServedGateway, serveGateway } from "./served-gateway.ts";

type Served = Pick<ServedGateway, "url" | "key">;

function post(gateway: Served, body: unknown, init: RequestInit = {}): Promise<Response> {
  return fetch(`${gateway.url}/api/ai-chat`, {
    method: "POST",
    headers: { authorization: `Bearer ${gateway.key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
    ...init,
  });
}

async function ask(gateway: Served, body: unknown): Promise<NativeAnswer> {
  return readNative(await post(gateway, body));
}

describe("a newcomer, with nothing configured", () => {
  let gateway: ServedGateway;
  beforeAll(async () => {
    gateway = await serveGateway("dev");
  });
  afterAll(async () => {
    await gateway.stop();
  });

  test("gets a key and a command that works", async () => {
    expect(gateway.key).toMatch(/^sk-sarmalink-/);
    // What is printed may land in a journal that others read.
    expect(gateway.output).not.toContain(gateway.key);
    expect(gateway.output).toMatch(/curl -N http:\/\/localhost:[\s\S]*Bearer \$\(cat \S+\/dev-key\)/);
    const answer = await ask(gateway, { message: "Hello! Who are you?" });
    expect(answer.order).toEqual(["session", "auto_routed", "backend", "token", "usage", "done"]);
    expect(answer.text).toContain("sandbox engine");
  });

  test("sees an engine fail in the middle of its answer, and the next go on", async () => {
    const { order, text } = await ask(gateway, { message: "/fail cut" });
    expect(order).toEqual([
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
    expect(text.match(/This is SarmaLink-AI/g)).toHaveLength(1);
  });

  test("finds a page that says what is running", async () => {
    const page = await fetch(gateway.url);
    expect(page.status).toBe(200);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'self'");
    expect(await page.text()).toContain("<title>SarmaLink-AI</title>");
  });
});

let database: TestSupabase;
beforeAll(async () => {
  database = await startTestSupabase();
});
afterAll(async () => {
  await database.stop();
});

describe.each<{ host: HostName }>([{ host: "start" }, { host: "next-start" }])(
  "the production build under $host",
  ({ host }) => {
    let upstream: FakeUpstream;
    let served: ServedGateway;
    let gateway: Served;
    beforeAll(async () => {
      upstream = await startFakeUpstream(answers("Good ", "day."));
      const config = modelsConfig({ own: upstream.origin });
      served = await serveGateway(host, { ...databaseSettings(database), MODELS_CONFIG: config });
      gateway = { url: served.url, key: await createKey(database, (await database.signUp()).userId) };
    });
    afterAll(async () => {
      await served.stop();
      await upstream.stop();
    });

    test("streams an answer from a provider", async () => {
      upstream.script = answers("Good ", "day.");
      const answer = await ask(gateway, { message: "Hi", model: "smart" });
      expect(answer.status).toBe(200);
      expect(answer.text).toBe("Good day.");
      expect(answer.order).toEqual(["session", "backend", "token", "usage", "done"]);
      expect(answer.headers.get("cache-control")).toContain("no-store");
      expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    });

    test("sends tokens as they come, not at the end", async () => {
      let release = (): void => undefined;
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      upstream.script = async (exchange) => {
        await exchange.startStream();
        await exchange.event(textChunk("first "));
        await released;
        await exchange.event(textChunk("second", "stop"));
        await exchange.event("[DONE]");
        await exchange.endStream();
      };
      const response = await post(gateway, { message: "Hi", model: "smart" });
      const reader = response.body?.getReader();
      if (reader === undefined) throw new Error("no body");
      const early = await readSome(reader, (events) => events.some((event) => event.type === "token"));
      expect(early.at(-1)).toEqual({ type: "token", text: "first " });
      release();
      const late = await readSome(reader, (events) => events.some((event) => event.type === "done"));
      expect(late).toContainEqual({ type: "token", text: "second" });
    });

    test("closes the upstream within a second when the client leaves", async () => {
      upstream.script = async (exchange) => {
        await exchange.startStream();
        await exchange.event(textChunk("Once upon a time"));
      };
      const client = new AbortController();
      const response = await post(gateway, { message: "Hi", model: "smart" }, { signal: client.signal });
      const reader = response.body?.getReader();
      if (reader === undefined) throw new Error("no body");
      await readSome(reader, (events) => events.some((event) => event.type === "token"));
      const calls = upstream.requests.length;
      const leftAt = performance.now();
      client.abort();
      await eventually("the upstream is closed", () => upstream.requests.at(-1)?.closedAt !== undefined);
      expect((upstream.requests.at(-1)?.closedAt ?? Number.NaN) - leftAt).toBeLessThan(1_000);
      expect(upstream.requests).toHaveLength(calls);
    });

    test.each([
      {
        name: "a wrong method",
        path: "/api/ai-chat",
        init: { method: "GET" },
        status: 405,
        code: "method_not_allowed",
      },
      { name: "an unknown path", path: "/api/nothing/here", init: {}, status: 404, code: "not_found" },
      {
        name: "no credential",
        path: "/api/ai-chat",
        init: { method: "POST", body: "{}" },
        status: 401,
        code: "unauthorized",
      },
      {
        name: "no credential, as Next's own router would ask",
        path: "/api/ai-chat",
        init: { method: "POST", body: "{}", headers: { "x-middleware-subrequest": "middleware", rsc: "1" } },
        status: 401,
        code: "unauthorized",
      },
    ])("answers $name in the API's own shape", async ({ path, init, status, code }) => {
      const response = await fetch(`${gateway.url}${path}`, init);
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({
        error: { code, requestId: response.headers.get("x-request-id") },
      });
    });

    test("serves its page with the headers that keep it safe", async () => {
      const page = await fetch(gateway.url);
      expect(page.status).toBe(200);
      expect(await page.text()).toContain("<title>SarmaLink-AI</title>");
      expect(Object.fromEntries(page.headers)).toMatchObject({
        "content-security-policy": expect.stringContaining("frame-ancestors 'none'"),
        "x-content-type-options": "nosniff",
        "referrer-policy": "strict-origin-when-cross-origin",
        "x-frame-options": "DENY",
        "permissions-policy": expect.stringContaining("camera=()"),
      });
      expect(page.headers.has("x-powered-by")).toBe(false);
      const missing = await fetch(`${gateway.url}/nothing-here`);
      expect(missing.status).toBe(404);
      expect(missing.headers.get("content-type")).toContain("text/html");
    });

    test("does not hand an escaped path a second API", async () => {
      const response = await fetch(`${gateway.url}/%61pi/ai-chat`, { method: "POST", body: "{}" });
      expect([401, 404]).toContain(response.status);
    });
  },
);
