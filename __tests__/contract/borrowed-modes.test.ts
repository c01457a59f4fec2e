import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ModeId } from "#lib/ai-models.ts";
import { apiRouter } from "#lib/server/routes/api-routes.ts";
import { arrayField, field } from "#lib/shared/json.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { aHost, createKey, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const IMAGE = "data:image/png;base64,iVBORw0KGgo=";

let database: TestSupabase;
let upstream: FakeUpstream;
let user: TestUser;
const open: TestGateway[] = [];

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(answers("Hello."));
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((gateway) => gateway.stop()));
});

afterAll(async () => {
  await upstream.stop();
  await database.stop();
});

type Chains = Partial<Record<ModeId, readonly { model: string; images?: boolean }[]>>;

/** A gateway whose only engines are these; `mine` is the only provider that can be called. */
async function start(chains: Chains, limits: Partial<Record<ModeId, number>> = {}) {
  user = await database.signUp();
  const modes = Object.fromEntries(
    Object.entries(chains).map(([mode, engines]) => [
      mode,
      {
        perUserDailyLimit: limits[mode as ModeId],
        failover: engines.map(({ model, images }) => ({
          provider: "mine",
          model,
          ...(images === undefined ? {} : { capabilities: { images } }),
        })),
      },
    ]),
  );
  const providers = [{ id: "mine", baseUrl: `${upstream.origin}/v1` }];
  const gateway = await startTestGateway({
    database,
    settings: {
      ENABLE_OPENAI_PROXY: "true",
      MODELS_CONFIG: JSON.stringify({ extends: "default", providers, modes }),
    },
  });
  open.push(gateway);
  const route = apiRouter(async () => gateway.gateway);
  const call = async (path: string, init: RequestInit = {}, key = user.accessToken) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const response = await route(`/api/${path}`)(
      new Request(`http://gateway.test/api/${path}`, { headers, ...init }),
      aHost(),
    );
    const body: unknown = await response.json();
    return { status: response.status, headers: response.headers, body, error: field(body, "error") };
  };
  return {
    gateway,
    get: (path: string) => call(path),
    native: (body: object, key = user.accessToken) =>
      gateway.ask(key, { message: "Write an e-mail to my landlord about the broken heating.", ...body }),
    chat: (model: string, { image = false, key = user.accessToken, more = {} } = {}) => {
      const content = image ? [{ type: "image_url", image_url: { url: IMAGE } }] : "Hi";
      const body = JSON.stringify({ model, messages: [{ role: "user", content }], ...more });
      return call("v1/chat/completions", { method: "POST", body }, key);
    },
  };
}

const FAST = { fast: [{ model: "quick" }] };

describe("a mode without engines borrows the nearest mode that has some", () => {
  test.each([
    ["auto", "auto"],
    ["gpt-4o", "gpt-4o"],
    ["smart", "smart"],
    ["codestral", "codestral"],
    ["o3", "o3"],
    ["live", "live"],
  ])("on the OpenAI-compatible routes: %s", async (name) => {
    const { chat } = await start(FAST);
    const answer = await chat(name);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-sarmalink-mode")).toBe("fast");
    expect(answer.headers.get("x-sarmalink-engine")).toBe("mine/quick");
    expect(answer.body).toMatchObject({ model: name });
  });

  test.each(["auto", "smart", "reasoner", "live", "coder"] as const)(
    "in native chat, which says so: %s",
    async (model) => {
      const { native } = await start(FAST);
      const { events, done } = await native({ model });
      const asked = model === "auto" ? "smart" : model;
      expect(events).toContainEqual({
        type: "auto_routed",
        to: "fast",
        label: "Fast",
        reason: `Mode "${asked}" has no configured engine.`,
      });
      expect(done).toMatchObject({ model: "fast", usage: 1 });
    },
  );

  test("and says nothing where the mode has engines of its own", async () => {
    const { native } = await start(FAST);
    expect((await native({ model: "fast" })).events.some(({ type }) => type === "auto_routed")).toBe(false);
  });

  test.each<[ModeId, Chains, string]>([
    ["coder", { fast: [{ model: "f" }], smart: [{ model: "s" }] }, "smart"],
    ["reasoner", { fast: [{ model: "f" }], coder: [{ model: "c" }] }, "coder"],
    ["fast", { vision: [{ model: "v" }], smart: [{ model: "s" }] }, "smart"],
    ["smart", { live: [{ model: "l" }], reasoner: [{ model: "r" }] }, "reasoner"],
  ])("the nearest: %s", async (mode, chains, nearest) => {
    const { chat } = await start(chains);
    expect((await chat(mode)).headers.get("x-sarmalink-mode")).toBe(nearest);
  });

  test("only when no other name of the client's list has an engine", async () => {
    const { chat } = await start({ fast: [{ model: "f" }], smart: [{ model: "s" }] });
    const models = { more: { models: ["fast"] } };
    expect((await chat("coder", models)).headers.get("x-sarmalink-mode")).toBe("fast");
    const named = await chat("coder", { more: { models: ["mine/other"] } });
    expect(named.headers.get("x-sarmalink-engine")).toBe("mine/other");
  });

  test("the turn counts in the mode that answers, and its limit holds", async () => {
    const { native } = await start(FAST, { fast: 2 });
    expect((await native({ model: "smart" })).done).toMatchObject({ usage: 1 });
    expect((await native({ model: "coder" })).done).toMatchObject({ usage: 2 });
    const third = await native({ model: "smart" });
    expect(third.status).toBe(429);
    const rows = await database.sql`
      select distinct tier from public.ai_chat_usage where user_id = ${user.userId}`;
    expect(rows.map(({ tier }) => String(tier))).toEqual(["fast"]);
  });
});

describe("an image is shown to engines only that can see it", () => {
  test.each<[string, Chains, string]>([
    ["vision has no engine", { smart: [{ model: "blind", images: false }, { model: "sees" }] }, "mine/sees"],
    [
      "the nearest mode is blind",
      { smart: [{ model: "blind", images: false }], fast: [{ model: "sees" }] },
      "mine/sees",
    ],
    [
      "vision itself is blind",
      { vision: [{ model: "blind", images: false }], coder: [{ model: "sees" }] },
      "mine/sees",
    ],
  ])("%s", async (_name, chains, engine) => {
    const { chat, native } = await start(chains);
    const answer = await chat("gpt-4o", { image: true });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-sarmalink-engine")).toBe(engine);
    const { events } = await native({ image: IMAGE });
    expect(events).toContainEqual(expect.objectContaining({ type: "backend", model: "sees" }));
    expect(upstream.requests.at(-1)?.json).toMatchObject({ model: "sees" });
  });

  test("the mode that was asked for is nearer than any other", async () => {
    const { chat } = await start({ smart: [{ model: "s" }], coder: [{ model: "c" }] });
    expect((await chat("coder", { image: true })).headers.get("x-sarmalink-mode")).toBe("coder");
  });

  test("nobody sees: 400 that says so, and nobody is called", async () => {
    const { chat, native } = await start({ smart: [{ model: "blind", images: false }] });
    upstream.requests.length = 0;
    const answer = await chat("smart", { image: true });
    expect(answer.status).toBe(400);
    expect(answer.error).toMatchObject({ code: "engines_refused", param: "messages" });
    const turn = await native({ image: IMAGE });
    expect(turn.status).toBe(400);
    expect(turn.raw).toMatch(/image/);
    expect(upstream.requests).toEqual([]);
  });
});

describe("a key's list of modes holds", () => {
  test.each<[string, string[], string, number]>([
    ["for the mode that would answer", ["smart"], "smart", 403],
    ["for the mode that was asked for", ["fast"], "smart", 403],
    ["and lets through who has both", ["smart", "fast"], "smart", 200],
    ["and who asks for what there is", ["fast"], "fast", 200],
  ])("%s", async (_name, modes, model, status) => {
    const { chat, native } = await start(FAST);
    const key = await createKey(database, user.userId, { modes });
    const answer = await chat(model, { key });
    expect(answer.status).toBe(status);
    expect((await native({ model }, key)).status).toBe(status);
    if (status === 403) expect(answer.error).toMatchObject({ code: "forbidden" });
  });
});

describe("no engine at all", () => {
  test("says what to do, once for every mode", async () => {
    const { chat, native } = await start({});
    for (const model of ["auto", "coder", "gpt-4o"]) {
      const answer = await chat(model);
      expect(answer).toMatchObject({ status: 404, error: { code: "no_engine_configured" } });
      expect(String(field(answer.error, "message"))).toMatch(
        /^No engine of mode "(?:smart|coder|fast)" or of another mode is configured\. Set the API key/,
      );
    }
    expect((await native({})).raw).toMatch(/no_engine_configured.*API key/);
  });
});

describe("a name whose provider nobody knows", () => {
  test.each([
    "grok/llama",
    "acme/gpt-4o-mini",
    "mime/quick",
    "Mine/quick",
    "gorq/openai/gpt-oss-20b",
    "x/y/z",
  ])("%s is 404, which names the providers that there are", async (name) => {
    const { chat, get } = await start(FAST);
    const answer = await chat(name);
    expect(answer.status).toBe(404);
    expect(answer.error).toMatchObject({ code: "model_not_found", param: "model" });
    const message = String(field(answer.error, "message"));
    expect(message).toContain(`no provider is called "${name.split("/")[0]}"`);
    expect(message).toMatch(/Configured: mine\./);
    expect(message).not.toContain("sandbox");
    expect((await get(`v1/models/${name}`)).status).toBe(404);
    expect(arrayField((await get("v1/models")).body, "data").map((one) => field(one, "id"))).not.toContain(
      name,
    );
  });

  test("a provider that is known and has no key is told apart", async () => {
    const { chat } = await start(FAST);
    const answer = await chat("groq/llama");
    expect(answer).toMatchObject({ status: 404, error: { code: "model_not_found" } });
    expect(String(field(answer.error, "message"))).toContain('provider "groq" is not configured');
  });

  test("the built-in sandbox is no provider where it does not answer", async () => {
    const { chat } = await start(FAST);
    expect((await chat("sandbox/first")).status).toBe(404);
  });

  test.each(["google/gemini-2.5-pro", "meta-llama/llama-3.3-70b-instruct", "deepseek/deepseek-chat"])(
    "%s is a vendor's name for a model, which clients have built in: it stands for a mode",
    async (name) => {
      const { chat } = await start({ smart: [{ model: "s" }] });
      const answer = await chat(name);
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({ model: name });
    },
  );

  test("another name of the list may answer", async () => {
    const { chat } = await start(FAST);
    expect((await chat("grok/llama", { more: { models: ["mine/quick"] } })).status).toBe(200);
  });
});
