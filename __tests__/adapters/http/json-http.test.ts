import { once } from "node:events";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jsonHttp } from "#lib/adapters/http/json-http.ts";
import { ToolHttpError, type ToolHttpFailure } from "#lib/tools/tool-http.ts";
import { type FakeUpstream, type Script, startFakeUpstream } from "../../support/fake-upstream.ts";

let source: FakeUpstream;
beforeAll(async () => {
  source = await startFakeUpstream((exchange) => exchange.json(200, { ok: true }));
});
afterAll(() => source.stop());

const options = (signal = new AbortController().signal) => ({ signal, maxBytes: 64 * 1024 });
const get = (script: Script, signal?: AbortSignal): Promise<unknown> => {
  source.script = script;
  return jsonHttp.getJson(new URL("/v1/latest?base=EUR", source.origin), options(signal));
};

describe("JSON over HTTP", () => {
  test("a GET carries its query and headers, and its answer is the JSON", async () => {
    source.script = (exchange) => exchange.json(200, { rates: { USD: 1.1 } });
    const url = new URL("/v1/latest?base=EUR&symbols=USD", source.origin);
    const answer = await jsonHttp.getJson(url, { ...options(), headers: { authorization: "Bearer k" } });
    expect(answer).toEqual({ rates: { USD: 1.1 } });
    expect(source.requests.at(-1)).toMatchObject({
      method: "GET",
      path: "/v1/latest?base=EUR&symbols=USD",
      headers: { authorization: "Bearer k", accept: "application/json" },
    });
    expect(source.requests.at(-1)?.headers["user-agent"]).toMatch(/^SarmaLink-AI\/\d/);
  });

  test("a POST carries its body as JSON", async () => {
    source.script = (exchange) => exchange.json(200, []);
    expect(await jsonHttp.postJson(new URL(source.origin), { query: "é" }, options())).toEqual([]);
    expect(source.requests.at(-1)).toMatchObject({
      method: "POST",
      json: { query: "é" },
      headers: { "content-type": "application/json" },
    });
  });

  test("a compressed answer is read", async () => {
    const answer = await get((exchange) =>
      exchange.respond(200, gzipSync('{"a":1}'), { "content-encoding": "gzip" }),
    );
    expect(answer).toEqual({ a: 1 });
  });
});

const FAILURES: { name: string; script: Script; failure: ToolHttpFailure }[] = [
  {
    name: "Frankfurter's 404",
    script: (exchange) => exchange.json(404, { message: "not found" }),
    failure: { kind: "status", status: 404, reason: "not found" },
  },
  {
    name: "Open-Meteo's 429",
    script: (exchange) =>
      exchange.json(
        429,
        { error: true, reason: "Minutely API request limit exceeded." },
        { "retry-after": "60" },
      ),
    failure: {
      kind: "status",
      status: 429,
      reason: "Minutely API request limit exceeded.",
      retryAfterSeconds: 60,
    },
  },
  {
    name: "Tavily's 432",
    script: (exchange) =>
      exchange.json(432, { detail: { error: "This request exceeds your plan's set usage limit." } }),
    failure: { kind: "status", status: 432, reason: "This request exceeds your plan's set usage limit." },
  },
  {
    name: "a reason with an address and a key in it",
    script: (exchange) =>
      exchange.json(401, { error: "key tvly-0123456789abcdef at https://internal.example/x" }),
    failure: { kind: "status", status: 401, reason: "key [redacted] at [url]" },
  },
  {
    name: "an error page",
    script: (exchange) => exchange.respond(502, "<html>Bad gateway</html>", { "content-type": "text/html" }),
    failure: { kind: "status", status: 502 },
  },
  {
    name: "a redirect, which is not followed",
    script: (exchange) => exchange.respond(302, "", { location: "http://127.0.0.1:1/" }),
    failure: { kind: "status", status: 302 },
  },
  {
    name: "HTML with status 200",
    script: (exchange) => exchange.respond(200, "<html></html>"),
    failure: { kind: "garbage" },
  },
  { name: "nothing", script: (exchange) => exchange.respond(200, ""), failure: { kind: "garbage" } },
  {
    name: "half an object",
    script: (exchange) => exchange.respond(200, '{"a":'),
    failure: { kind: "garbage" },
  },
  {
    name: "what is no HTTP",
    script: async (exchange) => {
      await exchange.raw("hello\r\n\r\n");
      exchange.socket.end();
    },
    failure: { kind: "unreachable" },
  },
  {
    name: "a connection that breaks in the middle of the body",
    script: async (exchange) => {
      await exchange.head(200, { "content-length": "100" });
      await exchange.raw("{");
      exchange.reset();
    },
    failure: { kind: "unreachable" },
  },
  {
    name: "a body that is too long",
    script: (exchange) => exchange.respond(200, JSON.stringify("a".repeat(64 * 1024))),
    failure: { kind: "too_large" },
  },
  {
    name: "a decompression bomb",
    script: (exchange) =>
      exchange.respond(200, gzipSync(Buffer.alloc(50_000_000, " ")), { "content-encoding": "gzip" }),
    failure: { kind: "too_large" },
  },
];

describe("a source that fails is told by its kind", () => {
  test.each(FAILURES)("$name", async ({ script, failure }) => {
    const error = await get(script).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ToolHttpError);
    expect((error as ToolHttpError).failure).toEqual(failure);
    expect((error as ToolHttpError).message).not.toContain("127.0.0.1");
  });

  test("nothing listens", async () => {
    const gone = await startFakeUpstream(() => undefined);
    await gone.stop();
    await expect(jsonHttp.getJson(new URL(gone.origin), options())).rejects.toMatchObject({
      failure: { kind: "unreachable" },
    });
  });

  test("silence ends with the time-out of the call", async () => {
    await expect(get(() => undefined, AbortSignal.timeout(50))).rejects.toMatchObject({
      failure: { kind: "timeout" },
    });
  });

  test("an endless body ends with the time-out too", async () => {
    const trickle: Script = async (exchange) => {
      await exchange.head(200, { "content-length": "1000" });
      await exchange.raw("{");
    };
    await expect(get(trickle, AbortSignal.timeout(50))).rejects.toMatchObject({
      failure: { kind: "timeout" },
    });
  });

  test("an abort closes the connection at once and rejects with its reason", async () => {
    const leaving = new AbortController();
    const closed = new Promise<void>((resolve) => {
      source.script = async ({ socket }) => {
        leaving.abort(new Error("left"));
        await once(socket, "close");
        resolve();
      };
    });
    await expect(jsonHttp.getJson(new URL(source.origin), options(leaving.signal))).rejects.toThrow("left");
    await closed;
  });
});
