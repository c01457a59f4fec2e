import { createOpenAI } from "@ai-sdk/openai";
import { OpenAIEmbeddings } from "@langchain/openai";
import { embedMany } from "ai";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { arrayField, isJsonObject } from "#lib/shared/json.ts";
import { type FakeUpstream, type Script, startFakeUpstream } from "../support/fake-upstream.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";

let database: TestSupabase;
let upstream: FakeUpstream;
let other: FakeUpstream;
let proxy: ProxyGateway;

const fails: Script = (exchange) => exchange.json(500, { error: { message: "down" } });

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(fails);
  other = await startFakeUpstream(fails);
  proxy = await startProxyGateway(database, {
    OPENAI_API_KEY: "openai-key",
    OPENAI_BASE_URL: `${upstream.origin}/v1`,
    OPENROUTER_API_KEY: "openrouter-key",
    OPENROUTER_BASE_URL: `${other.origin}/api/v1`,
    MISTRAL_API_KEY: "mistral-key",
    MISTRAL_BASE_URL: `${upstream.origin}/v1`,
    GOOGLE_GEMINI_API_KEY: "gemini-key",
    GOOGLE_GEMINI_BASE_URL: upstream.origin,
    COHERE_API_KEY: "cohere-key",
    COHERE_BASE_URL: `${upstream.origin}/compatibility/v1`,
  });
});

afterAll(async () => {
  await proxy.stop();
  await Promise.all([upstream.stop(), other.stop()]);
  await database.stop();
});

afterEach(() => {
  upstream.requests.length = 0;
  other.requests.length = 0;
});

/** Vectors `[1, 0.5]`, `[2, 0.5]` …, in the form that was asked for, and out of order. */
const vectors: Script = (exchange) => {
  const body = isJsonObject(exchange.request.json) ? exchange.request.json : {};
  const count = Array.isArray(body["input"]) ? body["input"].length : 1;
  const data = Array.from({ length: count }, (_, index) => {
    const floats = new Float32Array([index + 1, 0.5]);
    const base64 = Buffer.from(floats.buffer).toString("base64");
    const embedding = body["encoding_format"] === "base64" ? base64 : [...floats];
    return { object: "embedding", index, embedding };
  });
  return exchange.json(200, {
    object: "list",
    data: data.reverse(),
    model: "m",
    usage: { prompt_tokens: 7, total_tokens: 7 },
  });
};

const geminiVectors: Script = (exchange) => {
  const body = isJsonObject(exchange.request.json) ? exchange.request.json : {};
  const requests = Array.isArray(body["requests"]) ? body["requests"] : [];
  return exchange.json(200, { embeddings: requests.map((_, index) => ({ values: [index + 1, 0.5] })) });
};

function client(): OpenAI {
  return new OpenAI({ apiKey: "any", baseURL: proxy.baseUrl, fetch: proxy.fetch, maxRetries: 0 });
}

describe("clients get their vectors in the order of their texts", () => {
  test("the OpenAI SDK, which asks for base64 and decodes it", async () => {
    upstream.script = vectors;
    const answer = await client().embeddings.create({
      model: "text-embedding-3-small",
      input: ["a", "b"],
      dimensions: 2,
    });
    expect(answer.data.map(({ embedding }) => embedding)).toEqual([
      [1, 0.5],
      [2, 0.5],
    ]);
    expect(answer.model).toBe("text-embedding-3-small");
    expect(answer.usage).toEqual({ prompt_tokens: 7, total_tokens: 7 });
    expect(upstream.requests[0]?.json).toEqual({
      model: "text-embedding-3-small",
      input: ["a", "b"],
      encoding_format: "base64",
      dimensions: 2,
    });
  });

  test("LangChain and the Vercel AI SDK", async () => {
    upstream.script = vectors;
    const langchain = new OpenAIEmbeddings({
      model: "text-embedding-3-small",
      apiKey: "any",
      configuration: { baseURL: proxy.baseUrl, fetch: proxy.fetch },
    });
    expect(await langchain.embedDocuments(["a", "b"])).toEqual([
      [1, 0.5],
      [2, 0.5],
    ]);
    const provider = createOpenAI({ apiKey: "any", baseURL: proxy.baseUrl, fetch: proxy.fetch });
    const { embeddings, usage } = await embedMany({
      model: provider.embeddingModel("text-embedding-3-small"),
      values: ["a", "b"],
    });
    expect(embeddings).toEqual([
      [1, 0.5],
      [2, 0.5],
    ]);
    expect(usage.tokens).toBe(7);
  });

  test("one text, a list of tokens, lists of tokens", async () => {
    upstream.script = vectors;
    for (const [input, sent] of [
      ["a", ["a"]],
      [[1, 2], [[1, 2]]],
      [
        [[1], [2]],
        [[1], [2]],
      ],
    ] as const) {
      await client().embeddings.create({
        model: "openai/text-embedding-3-small",
        input: input as string,
        encoding_format: "float",
      });
      expect(upstream.requests.at(-1)?.json).toEqual({
        model: "text-embedding-3-small",
        input: sent,
        encoding_format: "float",
      });
    }
  });
});

describe("each provider is asked in its own words", () => {
  test.each<[string, Script, string, unknown, string]>([
    [
      "mistral/mistral-embed",
      vectors,
      "/v1/embeddings",
      { model: "mistral-embed", input: ["a", "b"], output_dimension: 2 },
      "user",
    ],
    [
      "cohere/embed-v4.0",
      vectors,
      "/compatibility/v1/embeddings",
      { model: "embed-v4.0", input: ["a", "b"], encoding_format: "base64" },
      "dimensions, user",
    ],
    [
      "gemini-grounded/gemini-embedding-001",
      geminiVectors,
      "/v1beta/models/gemini-embedding-001:batchEmbedContents",
      {
        requests: ["a", "b"].map((text) => ({
          model: "models/gemini-embedding-001",
          content: { parts: [{ text }] },
          outputDimensionality: 2,
        })),
      },
      "user",
    ],
  ])("%s", async (model, script, path, body, dropped) => {
    upstream.script = script;
    const { data, response } = await client()
      .embeddings.create({ model, input: ["a", "b"], dimensions: 2, user: "u" })
      .withResponse();
    expect(data.data.map(({ embedding }) => embedding)).toEqual([
      [1, 0.5],
      [2, 0.5],
    ]);
    expect(data.model).toBe(model);
    expect(upstream.requests[0]?.path).toBe(path);
    expect(upstream.requests[0]?.json).toEqual(body);
    expect(response.headers.get("x-sarmalink-dropped")).toBe(dropped);
    expect(response.headers.get("x-sarmalink-engine")).toBe(model);
  });
});

describe("when a provider fails", () => {
  test("the same model elsewhere answers, never another model", async () => {
    upstream.script = fails;
    other.script = vectors;
    const { data, response } = await client()
      .embeddings.create({ model: "text-embedding-3-small", input: "a" })
      .withResponse();
    expect(data.data).toHaveLength(1);
    expect(data.model).toBe("text-embedding-3-small");
    expect(response.headers.get("x-sarmalink-engine")).toBe("openrouter/openai/text-embedding-3-small");
    expect(response.headers.get("x-sarmalink-attempts")).toBe("2");
  });

  test.each<[string, Script]>([
    ["an error", fails],
    ["too few vectors", (exchange) => exchange.json(200, { data: [] })],
    ["an empty vector", (exchange) => exchange.json(200, { data: [{ embedding: "" }] })],
    ["no base64", (exchange) => exchange.json(200, { data: [{ embedding: "no base64!!!" }] })],
    ["a cut vector", (exchange) => exchange.json(200, { data: [{ embedding: "AACAPw" }] })],
    ["half a number", (exchange) => exchange.json(200, { data: [{ embedding: "AACA" }] })],
    ["an index past the end", (exchange) => exchange.json(200, { data: [{ index: 1, embedding: [1] }] })],
    ["no JSON", (exchange) => exchange.respond(200, "<html>")],
    ["an error in a 200", (exchange) => exchange.json(200, { error: { message: "no", code: 503 } })],
  ])("%s everywhere is a 503 with a time to come back", async (_, script) => {
    upstream.script = script;
    other.script = script;
    const failure = await client()
      .embeddings.create({ model: "text-embedding-3-large", input: ["a"] })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OpenAI.InternalServerError);
    expect(failure).toMatchObject({ status: 503 });
  });

  test.each([
    ["a model nobody has", "made-up-embed", "a", 404],
    ["a provider without embeddings", "anthropic/claude", "a", 404],
    ["tokens where only texts are taken", "mistral/mistral-embed", [1, 2], 400],
  ])("%s is refused before anybody is called", async (_, model, input, status) => {
    const failure = await client()
      .embeddings.create({ model, input: input as string })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ status });
    expect(upstream.requests).toEqual([]);
  });
});

describe("more texts than a provider takes at once", () => {
  const texts = Array.from({ length: 201 }, (_, index) => `t${index}`);
  const sizes = (): number[] =>
    upstream.requests.map(
      ({ json }) => arrayField(json, "requests").length + arrayField(json, "input").length,
    );

  test.each<[string, Script, number[], number]>([
    ["gemini-grounded/gemini-embedding-001", geminiVectors, [100, 100, 1], 174],
    ["cohere/embed-v4.0", vectors, [96, 96, 9], 21],
  ])("%s is asked several times, in order", async (model, script, asked, tokens) => {
    upstream.script = script;
    const { data, response } = await client().embeddings.create({ model, input: texts }).withResponse();
    const most = asked[0] ?? 0;
    expect(data.data.map(({ embedding }) => embedding[0])).toEqual(texts.map((_, at) => (at % most) + 1));
    expect(sizes()).toEqual(asked);
    expect(response.headers.get("x-sarmalink-attempts")).toBe("1");
    expect(data.usage.prompt_tokens).toBe(tokens);
  });

  test.each<[string, Script]>([
    ["fails", fails],
    ["has vectors of another length", (exchange) => exchange.json(200, { embeddings: [{ values: [1] }] })],
  ])("when one part %s, all do", async (_, script) => {
    upstream.script = (exchange) => (upstream.requests.length % 3 === 0 ? script : geminiVectors)(exchange);
    const model = "gemini-grounded/gemini-embedding-001";
    const failure = await client()
      .embeddings.create({ model, input: texts })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ status: 503 });
  });
});

test("fields that no provider is given are named", async () => {
  upstream.script = vectors;
  const { response } = await client()
    .embeddings.create({
      model: "mistral/mistral-embed",
      input: "a",
      ...{ input_type: "query", truncate: "END", user: "u", extra: null },
    })
    .withResponse();
  expect(response.headers.get("x-sarmalink-dropped")).toBe("input_type, truncate, user");
});

test("every request that reached a provider has its row", async () => {
  upstream.script = vectors;
  const { response } = await client()
    .embeddings.create({ model: "openai/text-embedding-3-small", input: "a" })
    .withResponse();
  await proxy.settled();
  const id = response.headers.get("x-request-id");
  const [row] = await database.sql`select * from public.ai_chat_usage where id = ${id}`;
  expect(row).toMatchObject({
    status: "completed",
    tier: "named",
    backend: "openai",
    model: "text-embedding-3-small",
    prompt_tokens: "7",
    completion_tokens: "0",
    usage_source: "exact",
  });
  expect(Number(row?.["cost_usd"])).toBeGreaterThan(0);
});

// The last: it benches a key.
test("what is wrong with embeddings is not held against chat, nor against the key", async () => {
  const chat: Script = (exchange) =>
    exchange.json(200, { choices: [{ message: { content: "Hello." }, finish_reason: "stop" }] });
  for (const [status, model, message] of [
    [403, "gpt-a", "You are not allowed to generate embeddings from this model"],
    [404, "gpt-b", "Not found"],
    [401, "gpt-c", "No"],
  ] as const) {
    upstream.script = (exchange) => exchange.json(status, { error: { message } });
    const asked = client().embeddings.create({ model: `openai/${model}`, input: "a" });
    await expect(asked).rejects.toThrow();
    upstream.script = chat;
    const messages = [{ role: "user" as const, content: "Hi" }];
    const answer = await client().chat.completions.create({ model: `openai/${model}`, messages });
    expect(answer.choices[0]?.message.content).toBe("Hello.");
  }
});
