import Anthropic, { NotFoundError as AnthropicNotFound } from "@anthropic-ai/sdk";
import OpenAI, { NotFoundError } from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MODE_IDS } from "#lib/ai-models.ts";
import { arrayField, field } from "#lib/shared/json.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { createKey } from "../support/test-gateway.ts";

const VERSION = { "anthropic-version": "2023-06-01" };

let database: TestSupabase;
let full: ProxyGateway;
/** With OpenAI's key and the built-in chains. */
let openAiAlone: ProxyGateway;
let bare: ProxyGateway;
let off: ProxyGateway;
let anyKey: string;

beforeAll(async () => {
  database = await startTestSupabase();
  anyKey = await createKey(database, (await database.signUp()).userId);
  full = await startProxyGateway(database, { OPENAI_API_KEY: "sk-upstream" });
  const builtIn = { MODELS_CONFIG: "" };
  openAiAlone = await startProxyGateway(database, { ...builtIn, OPENAI_API_KEY: "sk-upstream" });
  bare = await startProxyGateway(database, builtIn);
  off = await startProxyGateway(database, { ENABLE_OPENAI_PROXY: "false" });
});
afterAll(async () => {
  for (const gateway of [full, openAiAlone, bare, off]) await gateway.stop();
  await database.stop();
});

type Answer = { status: number; headers: Headers; body: unknown };

async function call(
  path: string,
  {
    via = full,
    method = "GET",
    headers = {},
    key = anyKey,
  }: {
    via?: ProxyGateway;
    method?: string;
    headers?: Record<string, string>;
    key?: string;
  } = {},
): Promise<Answer> {
  const response = await via.fetch(`http://gateway.test${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...headers },
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? undefined : JSON.parse(text),
  };
}

const idsOf = ({ body }: Answer): string[] =>
  arrayField(body, "data").map((model) => String(field(model, "id")));

describe("W36: the list is what works", () => {
  test("no mode without an engine of its own; auto while there is any", async () => {
    const ids = idsOf(await call("/api/v1/models", { via: openAiAlone }));
    const modes = ids.filter((id) => !id.includes("/"));
    expect(modes).toEqual(["auto", "smart", "reasoner", "fast", "coder"]);
    expect(ids.filter((id) => id.includes("/") && !id.startsWith("openai/"))).toEqual([]);
  });

  test("nothing at all without an engine, in either shape", async () => {
    expect((await call("/api/v1/models", { via: bare })).body).toMatchObject({ object: "list", data: [] });
    expect((await call("/api/v1/models", { via: bare, headers: VERSION })).body).toEqual({
      data: [],
      has_more: false,
      first_id: null,
      last_id: null,
    });
    for (const name of ["auto", "smart", "gpt-4o"]) {
      expect((await call(`/api/v1/models/${name}`, { via: bare })).status).toBe(404);
    }
  });

  test("a key sees what it may use", async () => {
    const { userId } = await database.signUp();
    const key = await createKey(database, userId, { modes: ["fast", "coder"] });
    expect(idsOf(await call("/api/v1/models", { key }))).toEqual(["auto", "fast", "coder"]);
  });
});

describe("W36: names that chat takes resolve, as they were asked for", () => {
  const NAMES = [
    "gpt-4o-mini",
    "gpt-4o",
    "gpt-5.6-sol",
    "claude-sonnet-4-5",
    "claude-opus-4-7[1m]",
    "claude-3-5-haiku-20241022",
    "o3-mini",
    "gemini-2.5-pro",
    "google/gemini-2.5-pro",
    "meta-llama/llama-3.3-70b-instruct:free",
    "auto",
    ...MODE_IDS,
    "openai/gpt-9-of-tomorrow",
    "openai/gpt-4o-mini",
    "anything at all",
  ];
  test.each(NAMES)("%s", async (id) => {
    for (const path of [id, encodeURIComponent(id)]) {
      expect((await call(`/api/v1/models/${path}`, { via: openAiAlone })).body).toMatchObject({
        id,
        object: "model",
        created: expect.any(Number),
        owned_by: expect.any(String),
      });
      expect(
        (await call(`/api/v1/models/${path}`, { via: openAiAlone, headers: VERSION })).body,
      ).toMatchObject({
        id,
        type: "model",
        display_name: expect.any(String),
      });
    }
  });

  test.each(["acme/llama", "groq/llama", "openai/..%2Fx", `openai/${"m".repeat(129)}`, "m".repeat(300)])(
    "%s does not, in each API's words",
    async (id) => {
      expect(await call(`/api/v1/models/${id}`, { via: openAiAlone })).toMatchObject({
        status: 404,
        body: { error: { code: "model_not_found", type: "invalid_request_error", param: "model" } },
      });
      expect(await call(`/api/v1/models/${id}`, { via: openAiAlone, headers: VERSION })).toMatchObject({
        status: 404,
        body: { type: "error", error: { type: "not_found_error" } },
      });
    },
  );
});

const isCountOrNull = (value: unknown): boolean => value === null || Number.isInteger(value);

describe("item 6: the list in Anthropic's shape", () => {
  test("has its fields and no other", async () => {
    const { body, headers } = await call("/api/v1/models?limit=1000", { headers: VERSION });
    expect(Object.keys(body as object).sort()).toEqual(["data", "first_id", "has_more", "last_id"]);
    expect(headers.get("request-id")).toMatch(/^[0-9a-f-]{36}$/);
    for (const model of arrayField(body, "data")) {
      expect(model).toEqual({
        type: "model",
        id: expect.any(String),
        display_name: expect.any(String),
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        capabilities: null,
        max_input_tokens: expect.toSatisfy(isCountOrNull),
        max_tokens: expect.toSatisfy(isCountOrNull),
        lifecycle: "active",
        line: null,
        deprecated_at: null,
        retires_at: null,
      });
    }
  });

  test("has the context window and the output limit where they are known", async () => {
    const model = (await call("/api/v1/models/openai/o3-mini", { via: openAiAlone, headers: VERSION })).body;
    expect(model).toMatchObject({ max_input_tokens: 200_000, max_tokens: 100_000 });
  });

  test.each([1, 2, 3, 5, 1_000])("has pages of %i, forwards and backwards", async (limit) => {
    const all = idsOf(await call("/api/v1/models?limit=1000", { headers: VERSION }));
    const walk = async (cursor: "after_id" | "before_id", next: "last_id" | "first_id") => {
      const pages: string[][] = [];
      let at = "";
      for (let more = true; more; ) {
        const answer = await call(`/api/v1/models?limit=${limit}${at}`, { headers: VERSION });
        pages.push(idsOf(answer));
        more = field(answer.body, "has_more") === true;
        at = `&${cursor}=${encodeURIComponent(String(field(answer.body, next)))}`;
      }
      return pages;
    };
    const forwards = await walk("after_id", "last_id");
    expect(forwards.flat()).toEqual(all);
    expect(forwards.every((page) => page.length <= limit)).toBe(true);
    const last = all.at(-1) ?? "";
    const before: string[] = [];
    for (let at = last, more = true; more; ) {
      const answer = await call(`/api/v1/models?limit=${limit}&before_id=${encodeURIComponent(at)}`, {
        headers: VERSION,
      });
      before.unshift(...idsOf(answer));
      more = field(answer.body, "has_more") === true;
      at = String(field(answer.body, "first_id"));
    }
    expect([...before, last]).toEqual(all);
  });

  test.each([
    "limit=0",
    "limit=1001",
    "limit=x",
    "limit=1.5",
    "after_id=nobody",
    "before_id=nobody",
    "after_id=auto&before_id=smart",
  ])("?%s is 400 in its shape", async (query) => {
    const answer = await call(`/api/v1/models?${query}`, { headers: VERSION });
    expect(answer).toMatchObject({
      status: 400,
      body: { type: "error", error: { type: "invalid_request_error" } },
    });
  });

  test("without the header the list is OpenAI's, and takes no notice of pages", async () => {
    const { body } = await call("/api/v1/models?limit=1&after_id=nobody");
    expect(body).toMatchObject({ object: "list" });
    expect(arrayField(body, "data").length).toBeGreaterThan(3);
  });

  test("the SDKs of both makers list, page by page, and retrieve", async () => {
    const openai = new OpenAI({
      apiKey: anyKey,
      baseURL: "http://gateway.test/api/v1",
      fetch: full.fetch,
      maxRetries: 0,
    });
    const anthropic = new Anthropic({
      apiKey: anyKey,
      baseURL: "http://gateway.test/api",
      fetch: full.fetch,
      maxRetries: 0,
    });
    const theirs: string[] = [];
    for await (const model of openai.models.list()) theirs.push(model.id);
    const pages: string[] = [];
    for await (const model of anthropic.models.list({ limit: 2 })) pages.push(model.id);
    expect(pages).toEqual(theirs);
    const beta: string[] = [];
    for await (const model of anthropic.beta.models.list({ limit: 3 })) beta.push(model.id);
    expect(beta).toEqual(theirs);
    for (const id of [...theirs, "gpt-4o-mini", "claude-sonnet-4-5"]) {
      expect((await openai.models.retrieve(id)).id).toBe(id);
      expect((await anthropic.models.retrieve(id)).id).toBe(id);
    }
    await expect(openai.models.retrieve("acme/x")).rejects.toBeInstanceOf(NotFoundError);
    await expect(anthropic.models.retrieve("acme/x")).rejects.toBeInstanceOf(AnthropicNotFound);
  });

  test("a bad credential, a wrong method and routes that are off answer in the shape of the client", async () => {
    for (const path of ["/api/v1/models", "/api/v1/models/smart"]) {
      expect(await call(path, { via: off, headers: VERSION })).toMatchObject({
        status: 404,
        body: {
          type: "error",
          error: { type: "not_found_error", message: expect.stringContaining("ENABLE_OPENAI_PROXY") },
        },
      });
      const post = await call(path, { method: "POST", headers: VERSION });
      expect(post).toMatchObject({
        status: 405,
        body: { type: "error", error: { type: "invalid_request_error" } },
      });
      expect(post.headers.get("allow")).toBe("GET, OPTIONS");
      const anonymous = await full.fetch(`http://gateway.test${path}`, { headers: VERSION });
      expect(anonymous.status).toBe(401);
      expect(await anonymous.json()).toMatchObject({
        type: "error",
        error: { type: "authentication_error" },
      });
    }
  });
});

describe("W36: an unknown path answers in the shape of its clients", () => {
  const PATHS: readonly (readonly [path: string, meant?: string])[] = [
    ["/api/v1"],
    ["/api/v1/"],
    ["/api/v1/nothing"],
    ["/api/v1/assistants"],
    ["/api/v1/threads/t/runs"],
    ["/api/v1/completions"],
    ["/api/v1/files"],
    ["/api/v1/v1/models", "/api/v1/models"],
    ["/api/v1/v1/chat/completions", "/api/v1/chat/completions"],
    ["/api/v1/v1/messages", "/api/v1/messages"],
    ["/api/v1/api/v1/responses", "/api/v1/responses"],
    ["/api/v1/chat/completions/chat/completions", "/api/v1/chat/completions"],
    ["/api/v1/openai/v1/chat/completions", "/api/v1/chat/completions"],
    ["/api/chat/completions", "/api/v1/chat/completions"],
    ["/api/messages", "/api/v1/messages"],
    ["/api/models", "/api/v1/models"],
    ["/v1/chat/completions", "/api/v1/chat/completions"],
    ["/v1/messages", "/api/v1/messages"],
    ["/chat/completions", "/api/v1/chat/completions"],
    ["/v1/nothing"],
    // As Next.js rewrites it.
    ["/api/not-here/v1/messages", "/api/v1/messages"],
  ];
  const CASES = PATHS.flatMap(([path, meant]) =>
    ["GET", "POST", "DELETE"].map((method) => ({ path, meant, method })),
  );
  test.each(CASES)("$method $path", async ({ path, meant, method }) => {
    for (const via of [full, off]) {
      const openai = await call(path, { method, via });
      expect(openai).toMatchObject({
        status: 404,
        body: { error: { type: "invalid_request_error", code: "unknown_url", param: null } },
      });
      const anthropic = await call(path, { method, via, headers: VERSION });
      expect(anthropic).toMatchObject({
        status: 404,
        body: { type: "error", error: { type: "not_found_error" } },
      });
      expect(anthropic.headers.get("request-id")).toBe(anthropic.headers.get("x-request-id"));
      const message = String(field(field(openai.body, "error"), "message"));
      if (meant !== undefined) expect(message).toContain(`Did you mean ${meant}?`);
      expect(message).toContain("/api/v1");
    }
  });

  test.each([
    "/api/v1/audio/translations",
    "/api/v1/images/variations",
    "/api/v1/files",
    "/api/v1/assistants/a",
  ])("%s, below the right base URL, is called unserved, and the base URL is not doubted", async (path) => {
    const { status, body } = await call(path, { method: "POST" });
    expect(status).toBe(404);
    const message = String(field(field(body, "error"), "message"));
    expect(message).toContain("does not serve it");
    expect(message).not.toContain("base URL");
  });

  test("other paths keep the shape of the native routes", async () => {
    for (const path of ["/api", "/api/", "/api/nothing", "/api/session"]) {
      expect(await call(path)).toMatchObject({
        status: 404,
        body: { error: { code: "not_found", requestId: expect.any(String) } },
      });
    }
  });

  test("HEAD and OPTIONS", async () => {
    expect((await call("/api/v1/nothing", { method: "OPTIONS" })).status).toBe(204);
    expect((await call("/api/v1/nothing", { method: "HEAD" })).status).toBe(404);
  });

  test.each([
    ["/api/v1/chat/completions", "openai"],
    ["/api/v1/responses", "openai"],
    ["/api/v1/embeddings", "openai"],
    ["/api/v1/messages", "anthropic"],
    ["/api/v1/messages/count_tokens", "anthropic"],
  ])("a wrong method of %s is 405 in the shape of its API", async (path, api) => {
    const { status, body } = await call(path, { method: "GET" });
    expect(status).toBe(405);
    expect(field(body, "type")).toBe(api === "anthropic" ? "error" : undefined);
  });
});

describe("W37: APIs that are not served say what to use instead", () => {
  test.each([
    ["/api/v1/openai/v1/chat/completions", /Groq's SDK appends/],
    ["/openai/v1/models", /Groq's SDK appends/],
    ["/api/chat", /Ollama's own API/],
    ["/api/tags", /Ollama's own API/],
    ["/api/generate", /Ollama's own API/],
    ["/api/show", /Ollama's own API/],
    ["/api/v1/api/tags", /Ollama's own API/],
    ["/api/v1beta/models/gemini-2.5-pro:generateContent", /Gemini's API/],
    ["/api/v1/v1beta/models/gemini-2.5-pro:streamGenerateContent", /Gemini's API/],
    ["/v1/models/gemini-2.5-pro:generateContent", /Gemini's API/],
  ])("%s", async (path, words) => {
    const { status, body } = await call(path, { method: "POST" });
    expect(status).toBe(404);
    expect(String(field(field(body, "error"), "message"))).toMatch(words);
  });
});
