import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ModeId } from "#lib/ai-models.ts";
import { apiRouter } from "#lib/server/routes/api-routes.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import {
  aHost,
  createKey,
  type Settings,
  startTestGateway,
  type TestGateway,
} from "../support/test-gateway.ts";
import { PROXY_ROUTES, type Reply, readReply, type WireRoute } from "./wire-gateway.ts";

const DATA = "iVBORw0KGgo=";
const IMAGE = `data:image/png;base64,${DATA}`;

let database: TestSupabase;
let upstream: FakeUpstream;
let userId: string;
let token: string;
const running: TestGateway[] = [];

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(answers("Hello."));
  ({ userId, accessToken: token } = await database.signUp());
});
afterEach(async () => {
  upstream.script = answers("Hello.");
  await Promise.all(running.splice(0).map((gateway) => gateway.stop()));
});
afterAll(async () => {
  await upstream.stop();
  await database.stop();
});

/** The models of a chain; a name that begins with `blind` takes no images. */
type Chains = Partial<Record<ModeId, readonly string[]>>;

async function start(chains: Chains, settings: Settings = {}) {
  const chain = (models: readonly string[]) =>
    models.map((model) => ({
      provider: "mine",
      model,
      ...(model.startsWith("blind") ? { capabilities: { images: false } } : {}),
    }));
  const modes = Object.fromEntries(
    Object.entries(chains).map(([mode, models]) => [mode, { failover: chain(models) }]),
  );
  const config = { extends: "default", providers: [{ id: "mine", baseUrl: `${upstream.origin}/v1` }], modes };
  const gateway = await startTestGateway({
    database,
    settings: { ENABLE_OPENAI_PROXY: "true", MODELS_CONFIG: JSON.stringify(config), ...settings },
  });
  running.push(gateway);
  const route = apiRouter(async () => gateway.gateway);
  upstream.requests.length = 0;
  return async (path: WireRoute, body: object, credential = token): Promise<Reply> => {
    const request = new Request(`http://gateway.test/api/${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${credential}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return readReply(path, await route(new URL(request.url).pathname)(request, aHost()));
  };
}

const askedModels = (): unknown[] =>
  upstream.requests.map(({ json }) => (json as { model?: unknown } | undefined)?.model);

type Place = "in the question" | "in an old turn" | "in a tool's result";

/** A request of each route with an image somewhere in its conversation. */
function body(route: (typeof PROXY_ROUTES)[number], place: Place, more: object): object {
  switch (route) {
    case "v1/chat/completions":
      return { messages: completionMessages(place), ...more };
    case "v1/responses":
      return { input: responsesInput(place), store: false, ...more };
    case "v1/messages":
      return { messages: anthropicMessages(place), max_tokens: 100, ...more };
  }
}

function completionMessages(place: Place): object[] {
  const image = { type: "image_url", image_url: { url: IMAGE } };
  const call = { id: "c1", type: "function", function: { name: "read", arguments: "{}" } };
  switch (place) {
    case "in the question":
      return [{ role: "user", content: [{ type: "text", text: "What is it?" }, image] }];
    case "in an old turn":
      return [
        { role: "user", content: [image] },
        { role: "assistant", content: "A cat." },
        { role: "user", content: "Thanks. Now the code." },
      ];
    case "in a tool's result":
      return [
        { role: "user", content: "Read it." },
        { role: "assistant", content: null, tool_calls: [call] },
        { role: "tool", tool_call_id: "c1", content: [image] },
      ];
  }
}

function responsesInput(place: Place): object[] {
  const image = { type: "input_image", image_url: IMAGE };
  switch (place) {
    case "in the question":
      return [{ role: "user", content: [{ type: "input_text", text: "What is it?" }, image] }];
    case "in an old turn":
      return [
        { role: "user", content: [image] },
        { role: "assistant", content: "A cat." },
        { role: "user", content: "Thanks. Now the code." },
      ];
    case "in a tool's result":
      return [
        { role: "user", content: "Read it." },
        { type: "function_call", call_id: "c1", name: "read", arguments: "{}" },
        { type: "function_call_output", call_id: "c1", output: [image] },
      ];
  }
}

function anthropicMessages(place: Place): object[] {
  const image = { type: "image", source: { type: "base64", media_type: "image/png", data: DATA } };
  switch (place) {
    case "in the question":
      return [{ role: "user", content: [{ type: "text", text: "What is it?" }, image] }];
    case "in an old turn":
      return [
        { role: "user", content: [image] },
        { role: "assistant", content: "A cat." },
        { role: "user", content: "Thanks. Now the code." },
      ];
    case "in a tool's result":
      return [
        { role: "user", content: "Read it." },
        { role: "assistant", content: [{ type: "tool_use", id: "c1", name: "read", input: {} }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "c1", content: [image] }] },
      ];
  }
}

const PLACES: readonly Place[] = ["in the question", "in an old turn", "in a tool's result"];
const CASES = PROXY_ROUTES.flatMap((route) =>
  PLACES.flatMap((place) => [true, false].map((stream) => ({ route, place, stream }))),
);

describe("W28: an image does not change the mode", () => {
  test.each(CASES)("$route, $place, stream $stream", async ({ route, place, stream }) => {
    const ask = await start({ coder: ["blind-c", "c2"], smart: ["s1"], fast: ["f1"], vision: ["v1"] });
    for (const [model, mode, engine] of [
      ["coder", "coder", "c2"],
      ["smart", "smart", "s1"],
      ["auto", "smart", "s1"],
      ["gpt-4o-mini", "fast", "f1"],
      ["claude-sonnet-4-5", "smart", "s1"],
      ["gpt-5.6-sol", "smart", "s1"],
      ["vision", "vision", "v1"],
      ["pixtral-12b", "vision", "v1"],
    ]) {
      const reply = await ask(route, body(route, place, { model, stream }));
      expect(reply).toMatchObject({ status: 200, text: "Hello." });
      expect([model, reply.headers.get("x-sarmalink-mode")]).toEqual([model, mode]);
      expect([model, reply.headers.get("x-sarmalink-engine")]).toEqual([model, `mine/${engine}`]);
    }
  });

  test.each(PROXY_ROUTES)("%s: vision's engines follow those of the mode, each once", async (route) => {
    const ask = await start({ coder: ["blind-c", "c2", "both"], smart: ["s1"], vision: ["both", "v1"] });
    upstream.script = (exchange) =>
      (exchange.request.json as { model: string }).model === "v1"
        ? answers("Seen.")(exchange)
        : exchange.json(500, { error: { message: "down" } });
    const reply = await ask(route, body(route, "in an old turn", { model: "coder" }));
    expect(reply).toMatchObject({ status: 200, text: "Seen." });
    expect(askedModels()).toEqual(["c2", "both", "v1"]);
    expect(reply.headers.get("x-sarmalink-mode")).toBe("coder");
  });

  test("a mode that is blind answers by vision's engines, and counts as itself", async () => {
    const ask = await start({ coder: ["blind-c"], smart: ["s1"], vision: ["v1"] });
    const reply = await ask("v1/messages", body("v1/messages", "in a tool's result", { model: "coder" }));
    expect(reply.headers.get("x-sarmalink-mode")).toBe("coder");
    expect(askedModels()).toEqual(["v1"]);
    await running[0]?.settled();
  });

  test("all names of a list come before vision's engines", async () => {
    const ask = await start({ coder: ["c1"], fast: ["blind", "f1"], vision: ["v1"] });
    upstream.script = (exchange) => exchange.json(500, { error: { message: "down" } });
    const more = { model: "coder", models: ["fast"] };
    await ask("v1/chat/completions", body("v1/chat/completions", "in the question", more));
    expect(askedModels()).toEqual(["c1", "f1", "v1"]);
  });

  test("without an image nothing of vision is tried", async () => {
    const ask = await start({ coder: ["c1"], vision: ["v1"] });
    upstream.script = (exchange) => exchange.json(500, { error: { message: "down" } });
    await ask("v1/chat/completions", { model: "coder", messages: [{ role: "user", content: "Hi" }] });
    expect(askedModels()).toEqual(["c1"]);
  });

  test("an engine that the client named gets no tail", async () => {
    const ask = await start({ coder: ["c1"], vision: ["v1"] });
    upstream.script = (exchange) => exchange.json(400, { error: { message: "no images" } });
    const more = { model: "mine/blind-by-name" };
    const reply = await ask("v1/chat/completions", body("v1/chat/completions", "in the question", more));
    expect(reply.status).toBe(400);
    expect(askedModels()).toEqual(["blind-by-name"]);
  });

  test.each([
    ["auto", "vision", "v1"],
    ["coder", "coder", "c1"],
    ["smart", "smart", "s1"],
    ["vision", "vision", "v1"],
  ])("native chat: %s with a new image is %s", async (model, mode, engine) => {
    const ask = await start({ coder: ["blind-c", "c1"], smart: ["s1"], vision: ["v1"] });
    const reply = await ask("ai-chat", { message: "What is it?", image: IMAGE, model });
    expect(reply.text).toBe("Hello.");
    expect(reply.frames).toContainEqual(expect.objectContaining({ type: "done", model: mode }));
    expect(reply.frames).toContainEqual(expect.objectContaining({ type: "backend", model: engine }));
    const routed = reply.frames.filter((frame) => (frame as { type: string }).type === "auto_routed");
    expect(routed).toEqual(
      mode === model ? [] : [{ type: "auto_routed", to: mode, label: "Vision", reason: "image" }],
    );
  });

  test("native chat: auto after an image is smart again", async () => {
    const ask = await start({ smart: ["s1"], vision: ["v1"] });
    const first = await ask("ai-chat", { message: "What is it?", image: IMAGE });
    const sessionId = (first.frames[0] as { id: string }).id;
    await running[0]?.settled();
    const second = await ask("ai-chat", { message: "Thanks.", sessionId });
    expect(second.frames).toContainEqual(expect.objectContaining({ type: "done", model: "smart" }));
  });

  test("a built-in chain: with OpenAI's key alone, a screenshot goes to the mode's own engine", async () => {
    const ask = await start(
      {},
      { OPENAI_API_KEY: "sk-upstream-0123456789", OPENAI_BASE_URL: `${upstream.origin}/v1` },
    );
    for (const model of ["claude-opus-4-7", "coder", "auto", "vision"]) {
      const reply = await ask("v1/messages", body("v1/messages", "in a tool's result", { model }));
      expect([model, reply.status, reply.headers.get("x-sarmalink-provider")]).toEqual([
        model,
        200,
        "openai",
      ]);
    }
  });
});

describe("W28: a key's modes", () => {
  test("vision's engines are no tail for a key that may not use vision", async () => {
    const ask = await start({ coder: ["c1"], vision: ["v1"] });
    upstream.script = (exchange) => exchange.json(500, { error: { message: "down" } });
    const key = await createKey(database, userId, { modes: ["coder"] });
    const image = body("v1/chat/completions", "in the question", { model: "coder" });
    expect((await ask("v1/chat/completions", image, key)).status).toBe(503);
    expect(askedModels()).toEqual(["c1"]);
  });

  test("and if only they can see, the request is forbidden", async () => {
    const ask = await start({ coder: ["blind"], vision: ["v1"] });
    const key = await createKey(database, userId, { modes: ["coder"] });
    const image = body("v1/chat/completions", "in the question", { model: "coder" });
    const reply = await ask("v1/chat/completions", image, key);
    expect(reply).toMatchObject({ status: 403, error: { code: "forbidden" } });
    expect(askedModels()).toEqual([]);
  });
});

describe("W28: nobody can, and clients do not try for ever", () => {
  const RETRIED = [408, 409, 429, 500, 502, 503, 504, 529];

  test.each(PROXY_ROUTES)("%s: no engine sees: 400 with the field, no call", async (route) => {
    const ask = await start({ smart: ["blind"], coder: ["blind-2"] });
    const reply = await ask(route, body(route, "in an old turn", { model: "coder", stream: true }));
    expect(reply.status).toBe(400);
    expect(reply.error?.["type"]).toBe("invalid_request_error");
    expect(String(reply.error?.["message"])).toContain("images");
    if (route !== "v1/messages") expect(reply.error?.["param"]).toBe("messages");
    expect(askedModels()).toEqual([]);
  });

  test.each(PROXY_ROUTES)("%s: no engine at all: 404 that names the variables", async (route) => {
    const ask = await start({});
    for (const model of ["auto", "coder", "vision", "live", "gpt-4o", "claude-sonnet-4-5"]) {
      for (const place of [undefined, "in the question"] as const) {
        const request =
          place === undefined
            ? body(route, "in the question", {
                model,
                [route === "v1/responses" ? "input" : "messages"]: [{ role: "user", content: "Hi" }],
              })
            : body(route, place, { model });
        const reply = await ask(route, request);
        expect(reply.status).toBe(404);
        expect(RETRIED).not.toContain(reply.status);
        expect(reply.headers.get("retry-after")).toBeNull();
        expect(reply.error?.["type"]).toBe(
          route === "v1/messages" ? "not_found_error" : "invalid_request_error",
        );
        expect(String(reply.error?.["message"])).toMatch(/[A-Z]+_API_KEY.*MODELS_CONFIG/);
      }
    }
  });

  test("the message names the variables of the mode's chain, the successor's for a retired provider", async () => {
    const ask = await start({});
    const reply = await ask("ai-chat", { message: "Hi", model: "coder" });
    expect(reply.status).toBe(404);
    const message = String(reply.error?.["message"]);
    for (const name of ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GROQ_API_KEY", "OLLAMA_URL"])
      expect(message).toContain(name);
    expect(message).not.toContain("GITHUB_MODELS_TOKEN");
    expect(message).not.toContain("COHERE_API_KEY");
  });

  test("native chat with an image that no engine sees: 400", async () => {
    const ask = await start({ smart: ["blind"] });
    const reply = await ask("ai-chat", { message: "What is it?", image: IMAGE });
    expect(reply).toMatchObject({ status: 400, error: { code: "engines_refused" } });
  });

  test("a mode without seeing engines borrows some, and native chat says why", async () => {
    const ask = await start({ smart: ["blind"], fast: ["f1"] });
    const reply = await ask("ai-chat", { message: "What is it?", image: IMAGE, model: "smart" });
    expect(reply.frames).toContainEqual({
      type: "auto_routed",
      to: "fast",
      label: "Fast",
      reason: 'No engine of mode "smart" accepts images.',
    });
  });
});
