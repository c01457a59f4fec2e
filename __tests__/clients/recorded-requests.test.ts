import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { MODE_IDS } from "#lib/ai-models.ts";
import { field, isJsonObject } from "#lib/shared/json.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { modelsConfig } from "../support/test-gateway.ts";

type Recorded = {
  name: string;
  method: string;
  url: string;
  headers: Record<string, string>;
  body: Record<string, unknown> | string;
};

const FOLDER = new URL("../fixtures/clients/", import.meta.url);
const ALL: readonly Recorded[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".json"))
  .map((file) => ({
    ...(JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as Omit<Recorded, "name">),
    name: file.replace(/-(?:GET|POST)-.*$/, ""),
  }));

const pathOf = ({ url }: Recorded): string => url.replace(/\?.*$/, "");
const CHATS = ALL.filter((recorded) => pathOf(recorded) === "/v1/chat/completions");

/** What becomes of a request for each path. A path that is missing here fails the run. */
const STATUS: Readonly<Record<string, number>> = {
  "/v1/chat/completions": 200,
  "/v1/models": 200,
  "/v1/responses": 200,
  "/v1/messages": 200,
  "/v1/messages/count_tokens": 200,
  // No provider of the model is configured at the operator's own server; at OpenAI see below.
  "/v1/embeddings": 404,
  // The form was cut off where it was recorded.
  "/v1/audio/transcriptions": 400,
  // No engine speaks here: speech.test.ts.
  "/v1/audio/speech": 404,
  // No engine draws at the operator's own server.
  "/v1/images/generations": 404,
  // Not ours, and never will be.
  "/v1/nope": 404,
  "/api/chat": 404,
  "/groq/openai/v1/chat/completions": 404,
};

/** Requests that deserve another status than their path. */
const OTHERWISE: Readonly<Record<string, number>> = {
  // It goes on in a stored thread; the SDK sends the whole conversation when there is none.
  "anthropic-sdk-005": 404,
};

let database: TestSupabase;
let openai: FakeUpstream;
/** Whose only engine is OpenAI's: an allow-list of fields, and rules for its models. */
let atOpenAi: ProxyGateway;
/** Whose first engine is an operator's own server, which takes every field. */
let atOwnServer: ProxyGateway;

beforeAll(async () => {
  database = await startTestSupabase();
  openai = await startFakeUpstream(answers("Hello from OpenAI."));
  atOpenAi = await startProxyGateway(database, {
    OPENAI_API_KEY: "sk-upstream",
    OPENAI_BASE_URL: `${openai.origin}/v1`,
    MODELS_CONFIG: modelsConfig(
      {},
      { chain: [{ provider: "openai", model: "gpt-4o-mini" }], modes: MODE_IDS },
    ),
  });
  atOwnServer = await startProxyGateway(database);
});

beforeEach(() => {
  openai.requests.length = 0;
  atOwnServer.first.requests.length = 0;
});

afterAll(async () => {
  await atOpenAi.stop();
  await atOwnServer.stop();
  await openai.stop();
  await database.stop();
});

function replay(recorded: Recorded, gateway: ProxyGateway): Promise<Response> {
  const { method, url, headers, body } = recorded;
  const path = url.startsWith("/v1/") ? `/api${url}` : url;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  // Some values were cut where they were recorded, and no header carries the mark of a cut.
  const sent = new Headers();
  for (const [name, value] of Object.entries(headers)) sent.set(name, value.replaceAll("…", "..."));
  sent.delete("x-api-key");
  sent.set("authorization", "Bearer sk-any");
  return gateway.fetch(new URL(path, gateway.baseUrl), {
    method,
    headers: sent,
    ...(method === "GET" ? {} : { body: text }),
  });
}

test("there are 86 of them, and 49 are chat completions", () => {
  expect(ALL).toHaveLength(86);
  expect(CHATS).toHaveLength(49);
});

test.each(ALL.map((recorded) => ({ ...recorded, path: pathOf(recorded) })))(
  "$name: $method $path is answered as its path deserves",
  async (recorded) => {
    const response = await replay(recorded, atOwnServer);
    const text = await response.text();
    expect(response.status, text).toBe(OTHERWISE[recorded.name] ?? STATUS[recorded.path]);
    expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    if (response.status === 404) expect(text).toMatch(/unknown_url|not_found|no_engine_configured/);
  },
);

type Upstream = {
  what: string;
  gateway: () => ProxyGateway;
  requests: () => FakeUpstream["requests"];
  maxTokensField: string;
  developerRole: boolean;
  /** The only fields that these clients send and that this upstream cannot take. */
  dropped: readonly string[];
  /** The most output tokens that its model may be asked for. */
  ceiling: number;
};

const UPSTREAMS: readonly Upstream[] = [
  {
    what: "OpenAI",
    gateway: () => atOpenAi,
    requests: () => openai.requests,
    maxTokensField: "max_completion_tokens",
    developerRole: true,
    // The model asked is gpt-4o-mini, which does not reason and writes at most 16,384 tokens: opencode asks
    // for 32,000. Its verbosity is fixed.
    dropped: ["reasoning_effort", "max_tokens", "verbosity"],
    ceiling: 16_384,
  },
  {
    what: "an operator's own server",
    gateway: () => atOwnServer,
    requests: () => atOwnServer.first.requests,
    maxTokensField: "max_tokens",
    developerRole: false,
    dropped: [],
    ceiling: Number.POSITIVE_INFINITY,
  },
];

describe.each(UPSTREAMS)("what the client sent arrives at $what", (upstream) => {
  test.each(CHATS)("$name", async (recorded) => {
    const response = await replay(recorded, upstream.gateway());
    await response.text();
    const dropped = response.headers.get("x-sarmalink-dropped")?.split(", ") ?? [];
    expect(upstream.dropped).toEqual(expect.arrayContaining(dropped));
    const [request, ...more] = upstream.requests();
    expect(more).toEqual([]);
    expect(sortedFields(request?.json)).toEqual(
      sortedFields(expected(recorded.body, request?.json, upstream, dropped)),
    );
  });
});

describe("responses arrive at OpenAI as a chat", () => {
  // Codex's own are in responses.test.ts: they have much that no other client sends.
  const others = ALL.filter(({ url, name }) => url === "/v1/responses" && !name.startsWith("codex"));

  test.each(others)("$name", async (recorded) => {
    const body = isJsonObject(recorded.body) ? recorded.body : {};
    const response = await replay(recorded, atOpenAi);
    expect(response.status, await response.text()).toBe(200);
    expect(response.headers.get("x-sarmalink-dropped")).toBeNull();
    const { model, ...arrived } = isJsonObject(openai.requests[0]?.json) ? openai.requests[0].json : {};
    expect(model).toBe("gpt-4o-mini");
    expect(arrived).toEqual(chatOfResponse(body));
  });

  test("there are twelve of them", () => {
    expect(others).toHaveLength(12);
  });
});

/** What a chat says in the place of a request for a response. */
function chatOfResponse(body: Record<string, unknown>): Record<string, unknown> {
  const items = Array.isArray(body["input"]) ? body["input"] : [{ role: "user", content: body["input"] }];
  const format = field(body["text"], "format");
  const chat: Record<string, unknown> = {
    messages: items.map(messageOfItem),
    stream: body["stream"] === true,
  };
  if (body["stream"] === true) chat["stream_options"] = { include_usage: true };
  if (Array.isArray(body["tools"])) {
    chat["tools"] = body["tools"].map(({ type, strict, ...fn }: Record<string, unknown>) => ({
      type,
      function: strict === null ? fn : { ...fn, strict },
    }));
  }
  if (body["tool_choice"] !== undefined) chat["tool_choice"] = body["tool_choice"];
  if (isJsonObject(format)) {
    const { type, ...schema } = format;
    chat["response_format"] = { type, json_schema: schema };
  }
  return chat;
}

function messageOfItem(item: unknown): unknown {
  switch (field(item, "type")) {
    case "function_call": {
      const call = { name: field(item, "name"), arguments: field(item, "arguments") };
      const id = field(item, "call_id");
      return { role: "assistant", content: null, tool_calls: [{ id, type: "function", function: call }] };
    }
    case "function_call_output":
      return { role: "tool", tool_call_id: field(item, "call_id"), content: field(item, "output") };
    default: {
      const content = field(item, "content");
      const texts = Array.isArray(content) ? content.map((part) => field(part, "text")).join("") : content;
      return { role: field(item, "role"), content: texts };
    }
  }
}

describe("embeddings arrive at OpenAI as they were sent", () => {
  test.each(ALL.filter((recorded) => pathOf(recorded) === "/v1/embeddings"))("$name", async (recorded) => {
    const input = isJsonObject(recorded.body) ? recorded.body["input"] : undefined;
    const texts = Array.isArray(input) ? input : [input];
    openai.script = (exchange) =>
      exchange.json(200, { data: texts.map((_, index) => ({ index, embedding: [0.5, index] })) });
    const response = await replay(recorded, atOpenAi);
    expect(response.status, await response.text()).toBe(200);
    expect(openai.requests[0]?.json).toEqual({
      ...(isJsonObject(recorded.body) ? recorded.body : {}),
      input: texts,
    });
    openai.script = answers("Hello from OpenAI.");
  });
});

/** The body that the upstream ought to see: the client's own, in the words of the upstream. */
function expected(
  sent: unknown,
  arrived: unknown,
  { maxTokensField, developerRole, ceiling }: Upstream,
  dropped: readonly string[],
): Record<string, unknown> {
  const body: Record<string, unknown> = { stream: false };
  for (const [name, value] of Object.entries(isJsonObject(sent) ? sent : {})) {
    if (name === "max_tokens" || name === "max_completion_tokens") {
      body[maxTokensField] = Math.min(Number(value), ceiling);
      continue;
    }
    if (dropped.includes(name)) continue;
    if (name === "messages" && Array.isArray(value)) {
      body[name] = value.map((message) => expectedMessage(message, developerRole));
    } else if (name === "n" && value === 1) continue;
    else body[name] = value;
  }
  // The gateway's own: its model, the usage of every stream, and a key for prompt caches.
  const own = isJsonObject(arrived) ? arrived : {};
  body["model"] = own["model"];
  if (body["stream"] === true) body["stream_options"] = { include_usage: true };
  if (body["prompt_cache_key"] === undefined && "prompt_cache_key" in own) {
    body["prompt_cache_key"] = expect.any(String);
  }
  return body;
}

function expectedMessage(message: unknown, developerRole: boolean): unknown {
  if (!isJsonObject(message)) return message;
  const { role, content, name, ...rest } = message;
  const parts: unknown[] = Array.isArray(content) ? content : [];
  const texts = parts.flatMap((part) =>
    isJsonObject(part) && part["type"] === "text" ? [part["text"]] : [],
  );
  // One text is as good as a list of one, and a tool's result is one text.
  const isText = parts.length > 0 && texts.length === parts.length && (parts.length === 1 || role === "tool");
  return {
    ...rest,
    role: role === "developer" && !developerRole ? "system" : role,
    content: isText ? texts.join("") : content,
    // OpenAI knows no name of a tool's result.
    ...(name === undefined || role === "tool" ? {} : { name }),
  };
}

function sortedFields(body: unknown): unknown {
  return isJsonObject(body) ? Object.fromEntries(Object.entries(body).sort()) : body;
}
