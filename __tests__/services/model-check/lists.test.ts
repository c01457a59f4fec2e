import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "#lib/adapters/clock.ts";
import { createHttpUpstream, type HttpUpstream } from "#lib/adapters/http/upstream.ts";
import { createRegistry } from "#lib/providers/registry.ts";
import type { OperatorProvider } from "#lib/providers/vendors/operator-provider.ts";
import { PROVIDERS } from "#lib/providers/vendors/providers.ts";
import { askModelList, type ListAnswer } from "#lib/services/model-check/ask-list.ts";
import { type FakeUpstream, type Script, startFakeUpstream } from "../../support/fake-upstream.ts";
import { eventually } from "../../support/test-gateway.ts";

let upstream: FakeUpstream;
let http: HttpUpstream;
beforeEach(async () => {
  upstream = await startFakeUpstream((exchange) => exchange.json(404, {}));
  http = createHttpUpstream();
});
afterEach(async () => {
  await upstream.stop();
  await http.close();
});

const OWN: readonly OperatorProvider[] = ["openai-compatible", "openai-responses", "anthropic", "gemini"].map(
  (protocol) => ({
    id: `own-${protocol}`,
    baseUrl: "http://127.0.0.1:1",
    protocol: protocol as OperatorProvider["protocol"],
    apiKeyEnv: "OWN_KEY",
  }),
);

/** Asks the list of a provider whose base URL has this path behind the upstream's address. */
async function ask(
  provider: string,
  path = "",
  settings: Readonly<Record<string, string>> = {},
  abort = new AbortController(),
): Promise<ListAnswer> {
  const definition = PROVIDERS.find(({ id }) => id === provider);
  const all: Record<string, string> = { OWN_KEY: "hush-own", ...settings };
  if (definition?.baseUrlEnv !== undefined) all[definition.baseUrlEnv] = upstream.origin + path;
  if (definition?.credentials.kind === "key") all[definition.credentials.env] ??= "hush-canary-1";
  const own = OWN.map((one) => ({ ...one, baseUrl: upstream.origin + path }));
  const registry = createRegistry((name) => all[name], own);
  const offer = definition !== undefined && definition.chat === undefined ? "search" : "chat";
  const [engine] = registry.resolve([{ provider, model: "m", label: "M" }], offer);
  if (engine === undefined) throw new Error(`${provider} is not configured.`);
  const effects = { upstream: http, clock: systemClock, random: Math.random };
  return askModelList(engine, { ...effects, signal: abort.signal });
}

const namesOf = (answer: ListAnswer): unknown => (answer.ok ? [...answer.names] : answer);
const OPENAI_LIST = { object: "list", data: [{ id: "a", object: "model" }, { id: "b" }] };

describe("where each provider lists its models", () => {
  const ROWS: [provider: string, base: string, asked: string, header: [string, string], answer: unknown][] = [
    ["openai", "/v1", "/v1/models", ["authorization", "Bearer hush-canary-1"], OPENAI_LIST],
    ["groq", "/openai/v1", "/openai/v1/models", ["authorization", "Bearer hush-canary-1"], OPENAI_LIST],
    ["sambanova", "/v1", "/v1/models", ["authorization", "Bearer hush-canary-1"], OPENAI_LIST],
    ["cerebras", "/v1", "/v1/models", ["authorization", "Bearer hush-canary-1"], OPENAI_LIST],
    ["mistral", "/v1", "/v1/models", ["authorization", "Bearer hush-canary-1"], OPENAI_LIST],
    ["openrouter", "/api/v1", "/api/v1/models", ["authorization", "Bearer hush-canary-1"], OPENAI_LIST],
    [
      "github-models",
      "/inference",
      "/catalog/models",
      ["x-github-api-version", "2022-11-28"],
      [{ id: "a" }, { id: "b" }],
    ],
    [
      "cohere",
      "/compatibility/v1",
      "/v1/models?page_size=1000",
      ["authorization", "Bearer hush-canary-1"],
      { models: [{ name: "a", endpoints: ["chat"] }, { name: "b" }], next_page_token: "" },
    ],
    [
      "anthropic",
      "",
      "/v1/models?limit=1000",
      ["anthropic-version", "2023-06-01"],
      { data: [{ type: "model", id: "a" }, { id: "b" }], has_more: false, last_id: "b" },
    ],
    [
      "gemini-grounded",
      "",
      "/v1beta/models?pageSize=1000",
      ["x-goog-api-key", "hush-canary-1"],
      { models: [{ name: "models/a" }, { name: "models/b" }] },
    ],
    ["ollama", "", "/api/tags", ["accept-encoding", "identity"], { models: [{ name: "a" }, { model: "b" }] }],
    ["own-openai-compatible", "/x", "/x/models", ["authorization", "Bearer hush-own"], ["a", "b"]],
    ["own-openai-responses", "/x", "/x/models", ["authorization", "Bearer hush-own"], OPENAI_LIST],
    ["own-anthropic", "/x", "/x/v1/models?limit=1000", ["x-api-key", "hush-own"], OPENAI_LIST],
    [
      "own-gemini",
      "",
      "/v1beta/models?pageSize=1000",
      ["x-goog-api-key", "hush-own"],
      { models: ["a", "b"] },
    ],
  ];
  test.each(ROWS)("%s%s", async (provider, base, path, [header, value], answer) => {
    upstream.script = (exchange) => exchange.json(200, answer);
    expect(namesOf(await ask(provider, base))).toEqual(["a", "b"]);
    expect(upstream.requests.map((request) => [request.method, request.path, request.text])).toEqual([
      ["GET", path, ""],
    ]);
    expect(upstream.requests[0]?.headers[header]).toBe(value);
    expect(upstream.requests[0]?.headers["content-type"]).toBeUndefined();
  });

  test("every built-in provider that chats is among them", () => {
    const tested = new Set(ROWS.map(([provider]) => provider));
    expect(PROVIDERS.filter(({ id, chat }) => chat !== undefined && !tested.has(id))).toEqual([]);
  });

  test("a search service has none, and is not asked", async () => {
    expect(await ask("tavily")).toMatchObject({ ok: false, reason: "no_list" });
    expect(upstream.requests).toEqual([]);
  });

  test("a server in Ollama's place that has only OpenAI's list is asked for that", async () => {
    upstream.script = (exchange) =>
      exchange.request.path === "/v1/models" ? exchange.json(200, OPENAI_LIST) : exchange.json(404, {});
    expect(namesOf(await ask("ollama"))).toEqual(["a", "b"]);
  });

  test("a host of installed models may have none", async () => {
    upstream.script = (exchange) => exchange.json(200, { models: [] });
    expect(namesOf(await ask("ollama"))).toEqual([]);
  });

  test("names, aliases and slugs count; what its host has switched off does not", async () => {
    const data = [
      { id: "mistral-large-2512", aliases: ["mistral-large-latest"] },
      { id: "z-ai/glm:free", canonical_slug: "z-ai/glm-4.5" },
      { id: "old", active: false },
      { id: "on", active: true },
      { id: "" },
      { id: 7 },
      { id: "x".repeat(500) },
      { id: "two words" },
      { id: "a\u001b]0;title\u0007" },
      { id: "b\u202e" },
      null,
      "bare",
    ];
    upstream.script = (exchange) => exchange.json(200, { data });
    expect(namesOf(await ask("mistral"))).toEqual([
      "mistral-large-2512",
      "mistral-large-latest",
      "z-ai/glm:free",
      "z-ai/glm-4.5",
      "on",
      "bare",
    ]);
  });
});

describe("pages", () => {
  const PAGES: [provider: string, base: string, parameter: string, page: (at: number) => unknown][] = [
    [
      "anthropic",
      "",
      "after_id",
      (at) => ({ data: [{ id: `m${at}` }], has_more: at < 2, last_id: `m${at}` }),
    ],
    [
      "gemini-grounded",
      "",
      "pageToken",
      (at) => ({ models: [{ name: `models/m${at}` }], ...(at < 2 ? { nextPageToken: `m${at}` } : {}) }),
    ],
    [
      "cohere",
      "/compatibility/v1",
      "page_token",
      (at) => ({ models: [{ name: `m${at}` }], next_page_token: at < 2 ? `m${at}` : "" }),
    ],
  ];
  test.each(PAGES)("of %s%s are read to the last, by %s", async (provider, base, parameter, page) => {
    upstream.script = (exchange) => exchange.json(200, page(upstream.requests.length - 1));
    expect(namesOf(await ask(provider, base))).toEqual(["m0", "m1", "m2"]);
    const tokens = upstream.requests.map(({ path }) => new URL(path, "http://x").searchParams.get(parameter));
    expect(tokens).toEqual([null, "m0", "m1"]);
  });

  test.each(PAGES)("of %s%s that never end are left", async (provider, base) => {
    const endless = { data: [{ id: "m" }], has_more: true };
    upstream.script = (exchange) => {
      const token = `t${upstream.requests.length}`;
      return exchange.json(200, { ...endless, last_id: token, nextPageToken: token, next_page_token: token });
    };
    expect(await ask(provider, base)).toMatchObject({ ok: false, reason: "unusable" });
    expect(upstream.requests.length).toBeLessThanOrEqual(20);
  });

  test("that lead to themselves are left at once", async () => {
    upstream.script = (exchange) => exchange.json(200, { models: [], nextPageToken: "same" });
    expect(await ask("gemini-grounded")).toMatchObject({ ok: false, reason: "unusable" });
    expect(upstream.requests).toHaveLength(2);
  });
});

describe("what is no list is told, in bounded time and memory", () => {
  const many = (count: number): string => `{"data":[${Array(count).fill('{"id":"x"}').join(",")}]}`;
  const ROWS: Record<string, [script: Script, reason: string, says: RegExp]> = {
    "a wrong key": [
      (exchange) => exchange.json(401, { error: { message: "Incorrect API key provided: hush-canary-1" } }),
      "refused",
      /status 401/,
    ],
    "a limit": [(exchange) => exchange.json(429, {}), "rate_limited", /status 429/],
    "nothing there": [(exchange) => exchange.json(404, { detail: "Not Found" }), "no_list", /status 404/],
    "another method": [(exchange) => exchange.json(405, {}), "no_list", /status 405/],
    trouble: [(exchange) => exchange.json(503, {}), "unreachable", /status 503/],
    "a list without models, as keys get that may see none": [
      (exchange) => exchange.json(200, { object: "list", data: [] }),
      "unusable",
      /is empty/,
    ],
    "a web page": [
      (exchange) => exchange.respond(200, "<!doctype html><p>Hello", { "content-type": "text/html" }),
      "unusable",
      /unexpected format/,
    ],
    "no JSON": [(exchange) => exchange.respond(200, '{"data":['), "unusable", /unexpected format/],
    "another shape": [(exchange) => exchange.json(200, { models: { a: 1 } }), "unusable", /unexpected/],
    "an error with 200": [
      (exchange) => exchange.json(200, { error: { message: "nope", code: 500 } }),
      "unreachable",
      /nope/,
    ],
    "a redirect": [
      (exchange) => exchange.respond(302, "", { location: "http://127.0.0.1:9/elsewhere" }),
      "unusable",
      /redirect/,
    ],
    "a million models": [
      (exchange) => exchange.respond(200, many(1_000_000)),
      "unusable",
      /too (?:long|complex)/,
    ],
    "50 MB": [(exchange) => exchange.respond(200, Buffer.alloc(50_000_000, 32)), "unusable", /too long/],
    "more models than a person could choose from": [
      (exchange) =>
        exchange.json(
          200,
          Array.from({ length: 20_001 }, (_, at) => `m${at}`),
        ),
      "unusable",
      /more than 20000 models/,
    ],
    "a nest": [(exchange) => exchange.respond(200, "[".repeat(100_000)), "unusable", /complex|format/],
    "a broken connection": [(exchange) => exchange.reset(), "unreachable", /./],
    "half a body": [
      async (exchange) => {
        await exchange.head(200, { "content-length": "1000" });
        await exchange.raw('{"data":[');
        exchange.reset();
      },
      "unreachable",
      /./,
    ],
  };
  test.each(Object.entries(ROWS))("%s", async (_, [script, reason, says]) => {
    upstream.script = script;
    const answer = await ask("openai", "/v1");
    expect(answer).toMatchObject({ ok: false, reason });
    expect(answer.ok ? "" : answer.message).toMatch(says);
    expect(JSON.stringify(answer)).not.toContain("hush-canary");
    expect(upstream.requests.every(({ path }) => path === "/v1/models")).toBe(true);
  });

  test("silence, and a body that never ends", async () => {
    upstream.script = async (exchange) => {
      await exchange.startStream();
      while (!exchange.gone) {
        await exchange.chunk(" ");
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    };
    expect(await ask("openai", "/v1")).toMatchObject({ ok: false, reason: "unreachable" });
    await eventually("it is left", () => upstream.requests[0]?.closedAt !== undefined);
  }, 30_000);

  test("a key that is refused is followed by the next of its pool, at most three", async () => {
    upstream.script = (exchange) =>
      exchange.request.headers["authorization"] === "Bearer k2"
        ? exchange.json(200, OPENAI_LIST)
        : exchange.json(401, {});
    const pool = { OPENAI_API_KEY: "k1", OPENAI_API_KEY_2: "k2", OPENAI_API_KEY_3: "k3" };
    expect(namesOf(await ask("openai", "/v1", pool))).toEqual(["a", "b"]);
    upstream.requests.length = 0;
    upstream.script = (exchange) => exchange.json(401, {});
    const keys = { ...pool, OPENAI_API_KEY_4: "k4" };
    expect(await ask("openai", "/v1", keys)).toMatchObject({ ok: false, reason: "refused" });
    expect(upstream.requests).toHaveLength(3);
  });

  test("a close in between ends it", async () => {
    upstream.script = () => undefined;
    const abort = new AbortController();
    const asked = ask("openai", "/v1", {}, abort);
    await eventually("it is asked", () => upstream.requests.length === 1);
    abort.abort(new Error("closing"));
    await expect(asked).rejects.toThrow("closing");
  });
});
