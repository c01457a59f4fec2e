import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MODE_IDS } from "#lib/ai-models.ts";
import { arrayField, field } from "#lib/shared/json.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { modelsConfig } from "../support/test-gateway.ts";

let database: TestSupabase;
let proxy: ProxyGateway;
/** With the built-in chains, and keys for Groq and OpenRouter alone. */
let builtIn: ProxyGateway;

beforeAll(async () => {
  database = await startTestSupabase();
  proxy = await startProxyGateway(database, { OPENAI_API_KEY: "sk-upstream" });
  builtIn = await startProxyGateway(database, {
    GROQ_API_KEY: "gsk",
    OPENROUTER_API_KEY: "or",
    MODELS_CONFIG: modelsConfig(
      {},
      { chain: [{ provider: "groq", model: "g", label: "Groq G" }], modes: ["fast"] },
    ),
  });
});

afterAll(async () => {
  await proxy.stop();
  await builtIn.stop();
  await database.stop();
});

type Asked = { status: number; headers: Headers; body: unknown };

async function get(path: string, init: RequestInit = {}, gateway = proxy): Promise<Asked> {
  const response = await gateway.fetch(`${gateway.baseUrl}/models${path}`, {
    headers: { authorization: "Bearer any" },
    ...init,
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? undefined : JSON.parse(text),
  };
}

const idsOf = ({ body }: Asked): unknown[] => arrayField(body, "data").map((model) => field(model, "id"));

describe("the list", () => {
  test("has auto, the modes, every engine of a chain, once each, and what embeds", async () => {
    const ids = idsOf(await get("")).map(String);
    const embeds = ids.filter((id) => id.includes("embedding"));
    expect(embeds).toContain("openai/text-embedding-3-small");
    expect(ids).toEqual(["auto", ...MODE_IDS, "first/m", "second/m", ...embeds]);
  });

  test("is what the SDKs of OpenAI and of Anthropic page through", async () => {
    const asked = await get("");
    const { status, headers, body } = asked;
    expect(status).toBe(200);
    expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(body).toMatchObject({
      object: "list",
      has_more: false,
      first_id: "auto",
      last_id: idsOf(asked).at(-1),
    });
    for (const model of arrayField(body, "data")) {
      expect(model).toEqual({
        id: expect.any(String),
        object: "model",
        created: expect.any(Number),
        owned_by: expect.any(String),
        type: "model",
        display_name: expect.any(String),
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      });
    }
  });

  test("has the engines of configured providers only, by the names that chat completions take", async () => {
    const ids = idsOf(await get("", {}, builtIn)).map(String);
    const engines = ids.filter((id) => id.includes("/"));
    expect(engines).toContain("groq/g");
    expect(engines.some((id) => id.startsWith("openrouter/"))).toBe(true);
    expect(engines.filter((id) => !/^(?:groq|openrouter)\//.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("is there with a slash at its end", async () => {
    expect((await get("/")).body).toMatchObject({ object: "list" });
  });
});

describe("one model", () => {
  test.each(["auto", ...MODE_IDS, "first/m", "second/m"])("%s is found", async (id) => {
    expect((await get(`/${id}`)).body).toMatchObject({ id, object: "model" });
    expect((await get(`/${encodeURIComponent(id)}`)).body).toMatchObject({ id });
  });

  test("says who has it, and what people call it", async () => {
    expect((await get("/groq/g", {}, builtIn)).body).toMatchObject({
      owned_by: "groq",
      display_name: "Groq G",
    });
    expect((await get("/smart")).body).toMatchObject({ owned_by: "sarmalink-ai" });
  });

  test.each(["openai/gpt-9-of-tomorrow", "first/some/other:model@v2"])(
    "%s is found though no chain has it: it can be called",
    async (id) => {
      expect((await get(`/${id}`)).body).toMatchObject({ id, owned_by: id.split("/")[0] });
    },
  );

  test.each(["gpt-4o", "constructor", "__proto__", "SMART"])(
    "%s is found, since chats take any name for a mode",
    async (id) => {
      expect((await get(`/${id}`)).body).toMatchObject({ id, object: "model", owned_by: "sarmalink-ai" });
    },
  );

  test("another name of a provider is kept", async () => {
    const id = "openrouter-free/meta-llama/llama:free";
    expect((await get(`/${id}`, {}, builtIn)).body).toMatchObject({ id, owned_by: "openrouter" });
  });

  test.each([
    ["a provider that is not configured", "groq/llama"],
    ["a provider that nobody knows", "acme/llama"],
    ["no model", "openai/"],
    ["a name that climbs", "openai/..%2Fx"],
    ["an empty part", "openai/a//b"],
    ["a name that is too long", `openai/${"m".repeat(129)}`],
    ["a name of any mode that is too long", "m".repeat(257)],
  ])("%s is not there", async (_, path) => {
    const { status, body } = await get(`/${path}`);
    expect(status).toBe(404);
    expect(body).toMatchObject({
      error: { type: "invalid_request_error", code: "model_not_found", param: "model" },
    });
  });

  test("a name that is badly encoded is the client's mistake", async () => {
    const { status, body } = await get("/%E0%A4%A");
    expect(status).toBe(400);
    expect(body).toMatchObject({
      error: { message: expect.stringContaining("encoded"), code: "invalid_request" },
    });
  });
});

describe("who may ask, and how", () => {
  test.each(["", "/smart"])("nobody without a bearer (%s)", async (path) => {
    const { status, body } = await get(path, { headers: {} });
    expect(status).toBe(401);
    expect(body).toMatchObject({ error: { type: "authentication_error", code: "invalid_api_key" } });
  });

  test("Anthropic's SDK, by x-api-key", async () => {
    expect((await get("", { headers: { "x-api-key": "any" } })).status).toBe(200);
  });

  test.each(["POST", "PUT", "PATCH", "DELETE"])("not by %s", async (method) => {
    for (const path of ["", "/smart"]) {
      const { status, headers, body } = await get(path, { method, headers: { authorization: "Bearer any" } });
      expect(status).toBe(405);
      expect(headers.get("allow")).toBe("GET, OPTIONS");
      expect(body).toMatchObject({ error: { code: "method_not_allowed", type: "invalid_request_error" } });
    }
  });

  test("a probe, by HEAD", async () => {
    expect((await get("", { method: "HEAD" })).status).toBe(200);
  });

  test("nobody at all while the routes are switched off", async () => {
    const off = await startProxyGateway(database, { ENABLE_OPENAI_PROXY: "false" });
    for (const path of ["", "/smart"]) {
      const { status, body } = await get(path, {}, off);
      expect(status).toBe(404);
      expect(body).toMatchObject({
        error: { code: "not_found", message: expect.stringContaining("ENABLE_OPENAI_PROXY") },
      });
    }
    await off.stop();
  });
});
