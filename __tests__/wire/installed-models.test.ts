import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { apiRouter } from "#lib/server/routes/api-routes.ts";
import { arrayField, field } from "#lib/shared/json.ts";
import { answers, type Exchange, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import {
  aHost,
  eventually,
  type Settings,
  startTestGateway,
  type TestGateway,
} from "../support/test-gateway.ts";
import { PROXY_ROUTES, type Reply, readReply, type WireRoute } from "./wire-gateway.ts";

const IMAGE = "data:image/png;base64,iVBORw0KGgo=";

let database: TestSupabase;
let token: string;
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  database = await startTestSupabase();
  token = (await database.signUp()).accessToken;
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});
afterAll(() => database.stop());

type Entry = { name: string; capabilities?: string[]; families?: string[] };

/** An Ollama of some version; tests install and remove models. */
class Ollama {
  entries: Entry[];
  /** What `/api/show` tells, by model; older versions tell nothing of capabilities. */
  shows: Record<string, object> = {};
  /** Answers the list; undefined for Ollama's own way. */
  list: ((exchange: Exchange) => Promise<void> | void) | undefined;
  readonly upstream: FakeUpstream;

  constructor(upstream: FakeUpstream, entries: Entry[]) {
    this.upstream = upstream;
    this.entries = entries;
    upstream.script = (exchange) => this.#answer(exchange);
  }

  get chats(): unknown[] {
    return this.upstream.requests
      .filter(({ path }) => path === "/v1/chat/completions")
      .map(({ json }) => field(json, "model"));
  }

  paths(path: string): number {
    return this.upstream.requests.filter((request) => request.path === path).length;
  }

  async #answer(exchange: Exchange): Promise<void> {
    const { path, json } = exchange.request;
    if (path === "/api/tags")
      return this.list === undefined ? exchange.json(200, this.#tags()) : this.list(exchange);
    if (path === "/api/show") return exchange.json(200, this.shows[String(field(json, "model"))] ?? {});
    if (path !== "/v1/chat/completions")
      return exchange.respond(404, "404 page not found", { "content-type": "text/plain" });
    const model = String(field(json, "model"));
    if (this.entries.some(({ name }) => name === model || name === `${model}:latest`))
      return answers(`Hello from ${model}.`)(exchange);
    const error = {
      message: `model "${model}" not found, try pulling it first`,
      type: "api_error",
      param: null,
      code: null,
    };
    return exchange.json(404, { error });
  }

  #tags(): object {
    return {
      models: this.entries.map(({ name, capabilities, families }) => ({
        name,
        model: name,
        modified_at: "2026-11-01T10:00:00Z",
        size: 1_000,
        digest: "d",
        details: { format: "gguf", family: families?.[0] ?? "llama", families: families ?? null },
        ...(capabilities === undefined ? {} : { capabilities }),
      })),
    };
  }
}

async function startOllama(...entries: (Entry | string)[]): Promise<Ollama> {
  const upstream = await startFakeUpstream(() => undefined);
  stops.push(() => upstream.stop());
  return new Ollama(
    upstream,
    entries.map((entry) =>
      typeof entry === "string" ? { name: entry, capabilities: ["completion"] } : entry,
    ),
  );
}

type Running = {
  gateway: TestGateway;
  ask(model: string, more?: object, route?: WireRoute): Promise<Reply>;
  models(): Promise<string[]>;
};

async function start(settings: Settings): Promise<Running> {
  const gateway = await startTestGateway({
    database,
    settings: { ENABLE_OPENAI_PROXY: "true", ...settings },
  });
  stops.push(() => gateway.stop());
  const router = apiRouter(async () => gateway.gateway);
  const call = (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const request = new Request(`http://gateway.test/api/${path}`, { headers, ...init });
    return router(new URL(request.url).pathname)(request, aHost());
  };
  return {
    gateway,
    async ask(model, more = {}, route = "v1/chat/completions") {
      const said = [{ role: "user", content: "Hi" }];
      const bodies = {
        "ai-chat": { message: "Hi", model },
        "v1/chat/completions": { model, messages: said },
        "v1/responses": { model, input: said, store: false },
        "v1/messages": { model, messages: said, max_tokens: 100 },
      };
      const body = JSON.stringify({ ...bodies[route], ...more });
      return readReply(route, await call(route, { method: "POST", body }));
    },
    async models() {
      const list: unknown = await (await call("v1/models")).json();
      return arrayField(list, "data").map((model) => String(field(model, "id")));
    },
  };
}

const image = { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: IMAGE } }] }] };
const tools = {
  tools: [{ type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } }],
};

describe("W29: OLLAMA_URL alone, with models that no chain names", () => {
  test.each([
    "auto",
    "smart",
    "reasoner",
    "live",
    "fast",
    "coder",
    "gpt-4o-mini",
    "claude-sonnet-4-5",
    "gpt-5.6-sol",
  ])("the first request of a gateway is answered: %s", async (model) => {
    const ollama = await startOllama("gemma3:270m");
    const { ask } = await start({ OLLAMA_URL: ollama.upstream.origin });
    const reply = await ask(model);
    expect(reply).toMatchObject({ status: 200, text: "Hello from gemma3:270m." });
    expect(reply.headers.get("x-sarmalink-engine")).toBe("ollama/gemma3:270m");
    expect(reply.headers.get("x-sarmalink-attempts")).toBe("1");
    expect(ollama.chats).toEqual(["gemma3:270m"]);
  });

  test.each([...PROXY_ROUTES, "ai-chat" as const])("%s", async (route) => {
    const ollama = await startOllama("gemma3:270m");
    const { ask } = await start({ OLLAMA_URL: ollama.upstream.origin });
    for (const stream of [true, false])
      expect((await ask("smart", { stream }, route)).text).toBe("Hello from gemma3:270m.");
  });

  test.each([
    "",
    "/",
    "//",
    "/v1",
    "/v1/",
    "/V1",
    "/api",
    "/api/",
    "/v1/chat/completions",
    "/api/chat",
    "/api/generate",
    "/api/tags",
    "/v1/models",
  ])("a URL that ends in %j is understood", async (end) => {
    const ollama = await startOllama("gemma3:270m");
    const { ask } = await start({ OLLAMA_URL: ollama.upstream.origin + end });
    expect((await ask("smart")).text).toBe("Hello from gemma3:270m.");
    expect((await ask("ollama/gemma3:270m")).text).toBe("Hello from gemma3:270m.");
  });

  test("a path in front of it is kept", async () => {
    const ollama = await startOllama("gemma3:270m");
    const { gateway } = await start({ OLLAMA_URL: `${ollama.upstream.origin}/v1/ollama/v1` });
    expect(gateway.gateway.registry.providerEndpoint("ollama")).toBe(`${ollama.upstream.origin}/v1/ollama`);
  });

  test("models that the chains name and it has come first, and other chain rows are not asked", async () => {
    const ollama = await startOllama("gemma3:270m", "llama3.1:8b", "qwen2.5-coder:7b");
    const { ask } = await start({ OLLAMA_URL: ollama.upstream.origin });
    expect((await ask("smart")).text).toBe("Hello from llama3.1:8b.");
    expect((await ask("coder")).text).toBe("Hello from qwen2.5-coder:7b.");
    expect(ollama.chats).toEqual(["llama3.1:8b", "qwen2.5-coder:7b"]);
  });

  test("each mode begins with what is made for it", async () => {
    const ollama = await startOllama("deepseek-coder-v2:16b", "gemma3:270m", {
      name: "qwen3:8b",
      capabilities: ["completion", "tools", "thinking"],
    });
    const { ask } = await start({ OLLAMA_URL: ollama.upstream.origin });
    for (const mode of ["smart", "coder", "reasoner", "fast"]) await ask(mode);
    expect(ollama.chats).toEqual(["gemma3:270m", "deepseek-coder-v2:16b", "qwen3:8b", "gemma3:270m"]);
  });

  test("one that fails is followed by the next", async () => {
    const ollama = await startOllama("broken:1b", "gemma3:270m");
    const { ask } = await start({ OLLAMA_URL: ollama.upstream.origin });
    const usual = ollama.upstream.script;
    ollama.upstream.script = (exchange) =>
      field(exchange.request.json, "model") === "broken:1b"
        ? exchange.json(500, { error: { message: "llama runner process has terminated" } })
        : usual(exchange);
    expect((await ask("smart")).text).toBe("Hello from gemma3:270m.");
  });

  test.each<[string, Entry, object?]>([
    ["by its capabilities", { name: "nomic-embed-text:latest", capabilities: ["embedding"] }],
    ["by its details", { name: "mystery:latest" }, { capabilities: ["embedding"] }],
    ["by its name", { name: "mxbai-embed-large:latest" }],
    ["by its name, of another maker", { name: "hf.co/someone/bge-m3:latest" }],
    ["by its architecture", { name: "all-things:latest", families: ["bert"] }],
    ["an image generator", { name: "flux:latest", capabilities: ["image"] }],
  ])("a model that cannot chat is no engine: %s", async (_, entry, details) => {
    const ollama = await startOllama(entry, "gemma3:270m");
    if (details !== undefined) ollama.shows[entry.name] = details;
    const { ask, models } = await start({ OLLAMA_URL: ollama.upstream.origin });
    expect((await ask("smart")).text).toBe("Hello from gemma3:270m.");
    expect(ollama.chats).toEqual(["gemma3:270m"]);
    expect(await models()).not.toContain(`ollama/${entry.name}`);
  });

  test.each<[string, Entry, object?]>([
    ["by its capabilities", { name: "eyes:4b", capabilities: ["completion", "vision"] }],
    ["by its details", { name: "eyes:4b" }, { capabilities: ["completion", "vision"] }],
    ["by its architecture", { name: "eyes:4b", families: ["llama", "clip"] }],
  ])("an image goes to a model that can see, whatever its name: %s", async (_, entry, details) => {
    const ollama = await startOllama("blind:1b", entry);
    if (details !== undefined) ollama.shows[entry.name] = details;
    const { ask } = await start({ OLLAMA_URL: ollama.upstream.origin });
    for (const model of ["smart", "vision", "auto"]) {
      const reply = await ask(model, image);
      expect(reply).toMatchObject({ status: 200, text: "Hello from eyes:4b." });
    }
    expect(new Set(ollama.chats)).toEqual(new Set(["eyes:4b"]));
  });

  test("no model that can see, or that takes tools: 400 with the field, no call", async () => {
    const ollama = await startOllama("blind:1b");
    const { ask } = await start({ OLLAMA_URL: ollama.upstream.origin });
    expect(await ask("smart", image)).toMatchObject({ status: 400, error: { param: "messages" } });
    expect(await ask("smart", tools)).toMatchObject({ status: 400, error: { param: "tools" } });
    expect(ollama.chats).toEqual([]);
  });

  test("its details are asked once", async () => {
    const ollama = await startOllama({ name: "old:1b" });
    const { ask } = await start({ OLLAMA_URL: ollama.upstream.origin });
    await ask("smart");
    await new Promise((resolve) => setTimeout(resolve, 5_200));
    await ask("smart");
    await eventually("the list was read again", () => ollama.paths("/api/tags") > 1);
    expect(ollama.paths("/api/show")).toBe(1);
  }, 15_000);

  test("a model that is pulled is usable within seconds, and one that is removed is not asked", async () => {
    const ollama = await startOllama("first:1b");
    const { ask, models } = await start({ OLLAMA_URL: ollama.upstream.origin });
    expect((await ask("smart")).text).toBe("Hello from first:1b.");
    ollama.entries = [{ name: "second:1b", capabilities: ["completion"] }];
    await new Promise((resolve) => setTimeout(resolve, 5_200));
    expect((await ask("smart")).text).toBe("Hello from second:1b.");
    expect(await models()).toContain("ollama/second:1b");
    expect(ollama.chats).toEqual(["first:1b", "second:1b"]);
  }, 15_000);

  test("nothing installed: 404 that says so, and the first model answers at once", async () => {
    const ollama = await startOllama();
    const { ask, models } = await start({ OLLAMA_URL: ollama.upstream.origin });
    for (const route of PROXY_ROUTES) {
      const reply = await ask("smart", {}, route);
      expect(reply.status).toBe(404);
      expect(String(reply.error?.["message"])).toMatch(
        /OLLAMA_URL is set, but Ollama has no model installed/,
      );
    }
    expect(await models()).toEqual([]);
    ollama.entries = [{ name: "gemma3:270m", capabilities: ["completion"] }];
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect((await ask("smart")).text).toBe("Hello from gemma3:270m.");
    expect(await models()).toContain("ollama/gemma3:270m");
  });

  test("a server with OpenAI's list alone (LM Studio, llama.cpp, vLLM) is understood, too", async () => {
    const ollama = await startOllama("qwen/qwen3-8b");
    const usual = ollama.upstream.script;
    ollama.upstream.script = (exchange) => {
      const { path } = exchange.request;
      if (path === "/api/tags") return exchange.json(200, { error: "Unexpected endpoint or method." });
      if (path === "/v1/models")
        return exchange.json(200, {
          object: "list",
          data: [{ id: "text-embedding-nomic" }, { id: "qwen/qwen3-8b" }],
        });
      return usual(exchange);
    };
    const { ask } = await start({ OLLAMA_URL: ollama.upstream.origin });
    expect((await ask("smart")).text).toBe("Hello from qwen/qwen3-8b.");
    expect(ollama.paths("/api/show")).toBe(0);
  });
});

describe("W29: a model that is missing at its provider", () => {
  test.each(PROXY_ROUTES)(
    "%s: 404 with the provider's words, and benched for seconds",
    async (route) => {
      const ollama = await startOllama("gemma3:270m");
      const { ask } = await start({ OLLAMA_URL: ollama.upstream.origin });
      for (let time = 0; time < 2; time++) {
        const reply = await ask("ollama/qwen3:8b", {}, route);
        expect(reply.status).toBe(404);
        expect(String(reply.error?.["message"])).toContain(
          'model "qwen3:8b" not found, try pulling it first',
        );
        if (route !== "v1/messages") expect(reply.error?.["code"]).toBe("model_not_found");
      }
      expect(ollama.chats).toEqual(["qwen3:8b"]);
      ollama.entries.push({ name: "qwen3:8b", capabilities: ["completion"] });
      await new Promise((resolve) => setTimeout(resolve, 5_200));
      expect((await ask("ollama/qwen3:8b", {}, route)).text).toBe("Hello from qwen3:8b.");
    },
    15_000,
  );

  test("a chain that the operator wrote is used as it is: its missing model is 404, too", async () => {
    const ollama = await startOllama("gemma3:270m");
    const failover = [{ provider: "ollama", model: "mistral-small" }];
    const modes = Object.fromEntries(
      ["smart", "reasoner", "live", "fast", "coder", "vision"].map((mode) => [mode, { failover }]),
    );
    const { ask } = await start({
      OLLAMA_URL: ollama.upstream.origin,
      MODELS_CONFIG: JSON.stringify({ extends: "default", modes }),
    });
    const reply = await ask("smart");
    expect(reply).toMatchObject({ status: 404, error: { code: "model_not_found" } });
    expect(String(reply.error?.["message"])).toContain("try pulling it first");
    expect(ollama.chats).toEqual(["mistral-small"]);
  });

  test("a model of a provider in the cloud is still benched for an hour", async () => {
    const cloud = await startFakeUpstream((exchange) =>
      exchange.json(404, { error: { message: "The model `x` does not exist", code: "model_not_found" } }),
    );
    stops.push(() => cloud.stop());
    const { ask, gateway } = await start({ GROQ_API_KEY: "gsk_0123456789", GROQ_BASE_URL: cloud.origin });
    await ask("groq/x");
    const [report] = gateway.gateway.health.report();
    expect(report?.benchedForMs).toBeGreaterThan(3_000_000);
  });
});

describe("W29: an Ollama that is dead or strange delays nothing", () => {
  const cloudSettings = (cloud: FakeUpstream): Settings => ({
    GROQ_API_KEY: "gsk_0123456789",
    GROQ_BASE_URL: cloud.origin,
  });

  test.each<[string, (exchange: Exchange) => Promise<void> | void]>([
    ["silent", () => undefined],
    ["a web page", (exchange) => exchange.respond(200, "<h1>Hi</h1>", { "content-type": "text/html" })],
    ["a redirect", (exchange) => exchange.respond(302, "", { location: "http://127.0.0.1:9/" })],
    ["a server error", (exchange) => exchange.json(500, {})],
    ["null", (exchange) => exchange.json(200, null)],
    ["entries that are none", (exchange) => exchange.json(200, { models: [null, 7, {}, { name: 3 }] })],
    ["a reset", (exchange) => exchange.reset()],
  ])("%s: other providers answer at once", async (_, list) => {
    const ollama = await startOllama("gemma3:270m");
    ollama.list = list;
    const cloud = await startFakeUpstream(answers("Hello from the cloud."));
    stops.push(() => cloud.stop());
    const { ask } = await start({ OLLAMA_URL: ollama.upstream.origin, ...cloudSettings(cloud) });
    await ask("smart");
    const before = performance.now();
    expect((await ask("smart")).text).toBe("Hello from the cloud.");
    expect(performance.now() - before).toBeLessThan(250);
  });

  test("a list that does not come leaves the rows of the chains, after a second", async () => {
    const ollama = await startOllama("llama3.1:8b");
    ollama.list = () => undefined;
    const { ask } = await start({ OLLAMA_URL: ollama.upstream.origin });
    expect((await ask("smart")).text).toBe("Hello from llama3.1:8b.");
  });

  test("nobody there: 503, since it may come back, and soon", async () => {
    const { ask } = await start({ OLLAMA_URL: "http://127.0.0.1:9" });
    const before = performance.now();
    const reply = await ask("smart");
    expect(reply).toMatchObject({ status: 503, error: { code: "engines_unavailable" } });
    expect(performance.now() - before).toBeLessThan(2_000);
  });

  test("an Ollama that starts later is found", async () => {
    const ollama = await startOllama("gemma3:270m");
    ollama.list = (exchange) => exchange.json(503, {});
    const { ask } = await start({ OLLAMA_URL: ollama.upstream.origin });
    expect((await ask("smart")).status).toBe(404);
    ollama.list = undefined;
    await new Promise((resolve) => setTimeout(resolve, 5_200));
    expect((await ask("smart")).text).toBe("Hello from gemma3:270m.");
  }, 15_000);

  test("its list is kept while it does not answer", async () => {
    const ollama = await startOllama("gemma3:270m");
    const { ask } = await start({ OLLAMA_URL: ollama.upstream.origin });
    expect((await ask("smart")).status).toBe(200);
    ollama.list = (exchange) => exchange.json(500, {});
    await new Promise((resolve) => setTimeout(resolve, 5_200));
    expect((await ask("smart")).text).toBe("Hello from gemma3:270m.");
  }, 15_000);

  test("its models follow the other engines of a chain", async () => {
    const ollama = await startOllama("gemma3:270m");
    const cloud = await startFakeUpstream((exchange) => exchange.json(500, {}));
    stops.push(() => cloud.stop());
    const { ask } = await start({ OLLAMA_URL: ollama.upstream.origin, ...cloudSettings(cloud) });
    await eventually("the list is read", () => ollama.paths("/api/tags") > 0);
    const reply = await ask("fast");
    expect(reply.text).toBe("Hello from gemma3:270m.");
    expect(cloud.requests.length).toBeGreaterThan(0);
  });
});
