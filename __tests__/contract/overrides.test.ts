import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { MODE_IDS, type ModeId } from "#lib/ai-models.ts";
import { overrideListSchema, overrideSchema } from "#lib/apis/native/overrides-answer-schema.ts";
import { type ApiAnswer, apiClient } from "../support/api-client.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import {
  createKey,
  databaseSettings,
  eventually,
  type Settings,
  startTestGateway,
  type TestGateway,
} from "../support/test-gateway.ts";

let database: TestSupabase;
let upstream: FakeUpstream;
let admin: TestUser;
let user: TestUser;
const open: TestGateway[] = [];

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(answers("Answered."));
  [admin, user] = await Promise.all([database.signUp(), database.signUp()]);
});
afterAll(async () => {
  await upstream.stop();
  await database.stop();
});
beforeEach(async () => {
  upstream.requests.length = 0;
  await database.sql`delete from ai_overrides`;
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((gateway) => gateway.stop()));
});

/** The chains of these modes; all others have `one/other`. */
const CHAINS: Partial<Record<ModeId, string[]>> = {
  smart: ["one/a", "two/b", "one/c"],
  fast: ["two/b"],
  coder: ["one/code"],
};

async function start(settings: Settings = {}, log: (line: string) => void = () => undefined) {
  const config = {
    extends: "default",
    providers: ["one", "two"].map((id) => ({ id, baseUrl: `${upstream.origin}/${id}/v1` })),
    modes: Object.fromEntries(
      MODE_IDS.map((mode) => [
        mode,
        {
          failover: (CHAINS[mode] ?? ["one/other"]).map((name) => {
            const [provider = "", model = ""] = name.split("/");
            return { provider, model, label: name };
          }),
        },
      ]),
    ),
  };
  const gateway = await startTestGateway({
    database,
    settings: {
      MODELS_CONFIG: JSON.stringify(config),
      ENABLE_OPENAI_PROXY: "true",
      ADMIN_USER_IDS: admin.userId,
      OPENAI_API_KEY: "k",
      OPENAI_BASE_URL: `${upstream.origin}/openai/v1`,
      TAVILY_API_KEY: "k",
      TAVILY_BASE_URL: upstream.origin,
      ...settings,
    },
    log,
  });
  open.push(gateway);
  const call = apiClient(() => gateway.gateway);
  const chat = (model: string, more: object = {}) =>
    call("POST", "/api/v1/chat/completions", user.accessToken, {
      model,
      messages: [{ role: "user", content: "Hi" }],
      ...more,
    });
  return {
    gateway,
    call,
    chat,
    /** The engine that answers, or the code of the error. */
    answering: async (model: string, more: object = {}) => {
      const { headers, body } = await chat(model, more);
      return headers.get("x-sarmalink-engine") ?? (body["error"] as { code: string }).code;
    },
    put: (body: unknown, credential = admin.accessToken) =>
      call("PUT", "/api/admin/overrides", credential, body),
    list: async (credential = admin.accessToken) => {
      const { body } = await call("GET", "/api/admin/overrides", credential);
      return body["overrides"] as { id: string }[];
    },
    remove: (id: string) => call("DELETE", `/api/admin/overrides/${id}`, admin.accessToken),
  };
}
const codeOf = ({ body }: ApiAnswer) => (body["error"] as { code: string } | undefined)?.code;
const messageOf = ({ body }: ApiAnswer) => (body["error"] as { message: string } | undefined)?.message;

describe("an override", () => {
  test("is made, shown with who made it, replaced by its target, and taken back", async () => {
    const { put, list, remove, call } = await start();
    const off = { kind: "off", engine: "one/a", mode: "smart" };
    const made = await put({ ...off, note: "dying\u200B " });
    expect(made.status).toBe(201);
    const shown = {
      ...off,
      id: expect.any(String),
      note: "dying",
      createdBy: { userId: admin.userId, email: admin.email },
      updatedBy: { userId: admin.userId, email: admin.email },
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    };
    expect(overrideSchema.parse(made.body)).toEqual(shown);
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const again = await put({ ...off, expiresAt });
    expect([again.status, again.body["id"], again.body["expiresAt"]]).toEqual([
      200,
      made.body["id"],
      expiresAt,
    ]);
    const { body } = await call("GET", "/api/admin/overrides", admin.accessToken);
    expect(overrideListSchema.parse(body).overrides).toHaveLength(1);
    const id = String(made.body["id"]);
    const replaced = await call("PUT", `/api/admin/overrides/${id}`, admin.accessToken, {
      kind: "off",
      provider: "two",
    });
    expect([replaced.status, replaced.body]).toEqual([200, expect.objectContaining({ id, provider: "two" })]);
    expect((await remove(id)).status).toBe(204);
    expect([(await remove(id)).status, await list()]).toEqual([404, []]);
  });

  test("is for administrators alone, and a gateway key of one is none", async () => {
    const { call } = await start();
    const key = await createKey(database, admin.userId);
    const body = { kind: "off", provider: "one" };
    for (const [credential, status] of [
      [user.accessToken, 403],
      [key, 403],
      ["", 401],
    ] as const) {
      const calls = [
        await call("GET", "/api/admin/overrides", credential),
        await call("PUT", "/api/admin/overrides", credential, body),
        await call("PUT", `/api/admin/overrides/${randomUUID()}`, credential, body),
        await call("DELETE", `/api/admin/overrides/${randomUUID()}`, credential),
      ];
      expect(calls.map((one) => one.status)).toEqual([status, status, status, status]);
    }
    expect(await database.sql`select id from ai_overrides`).toEqual([]);
  });

  const WRONG: [string, unknown, string][] = [
    ["a misspelt engine", { kind: "off", engine: "one/aa" }, 'Did you mean "one/a"'],
    ["the beginning of a model's name", { kind: "off", engine: "one/cod" }, '"one/code"'],
    ["an engine of another mode", { kind: "off", engine: "one/code", mode: "fast" }, 'mode "fast"'],
    ["a misspelt provider", { kind: "off", provider: "oone" }, 'Did you mean "one"'],
    ["an engine of an unknown provider", { kind: "off", engine: "tvo/b" }, '"two"'],
    [
      "a chain with an unknown engine",
      { kind: "order", mode: "smart", engines: ["two/b", "two/bb"] },
      '"two/b"',
    ],
    ["one engine twice", { kind: "order", mode: "smart", engines: ["two/b", "two/b"] }, "more than once"],
    ["an unknown mode", { kind: "off", engine: "one/a", mode: "smarter" }, '"smart"'],
    ["an unknown kind", { kind: "of", engine: "one/a" }, '"kind"'],
    ["an unknown field", { kind: "off", engine: "one/a", modes: ["smart"] }, "modes"],
    ["nothing to switch off", { kind: "off" }, "either"],
    ["both an engine and a provider", { kind: "off", engine: "one/a", provider: "one" }, "either"],
    ["no chain", { kind: "order", mode: "smart", engines: [] }, "engines"],
    ["a chain without a mode", { kind: "order", engines: ["one/a"] }, "mode"],
    [
      "an end in the past",
      { kind: "off", provider: "one", expiresAt: "2020-01-01T00:00:00Z" },
      "in the future",
    ],
    ["an end that is no time", { kind: "off", provider: "one", expiresAt: "tomorrow" }, "expiresAt"],
    ["a long note", { kind: "off", provider: "one", note: "x".repeat(501) }, "note"],
    ["something else", ["off"], "body"],
  ];
  test("is refused with the reason and stores nothing, if it is wrong", async () => {
    const { put } = await start();
    for (const [what, body, reason] of WRONG) {
      const answer = await put(body);
      expect([what, answer.status, codeOf(answer)]).toEqual([what, 400, "invalid_request"]);
      expect([what, messageOf(answer)]).toEqual([what, expect.stringContaining(reason)]);
    }
    expect(await database.sql`select id from ai_overrides`).toEqual([]);
  });

  test("of an alias is of the engine that it stands for; engines of all uses can be named", async () => {
    const { put } = await start({ OPENROUTER_API_KEY: "k" });
    const alias = await put({ kind: "off", provider: "openrouter-free" });
    expect(alias.body["provider"]).toBe("openrouter");
    for (const engine of ["openai/text-embedding-3-small", "tavily/search"])
      expect((await put({ kind: "off", engine })).status).toBe(201);
  });

  test("needs the service role, and says so", async () => {
    const { list, call } = await start({ SUPABASE_SERVICE_ROLE_KEY: "" });
    const answer = await call("GET", "/api/admin/overrides", admin.accessToken);
    expect([answer.status, codeOf(answer)]).toEqual([503, "not_configured"]);
    expect(await list()).toBeUndefined();
  });

  test("is written down with who did it", async () => {
    const lines: string[] = [];
    const { put, remove } = await start({}, (line) => lines.push(line));
    const { body } = await put({ kind: "off", engine: "one/a" });
    await remove(String(body["id"]));
    const logged = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const message of ["An override was made.", "An override was removed."]) {
      expect(logged).toContainEqual(
        expect.objectContaining({ message, override: body["id"], userId: admin.userId }),
      );
    }
  });
});

describe("an engine that is off", () => {
  test("in a mode is left out there, and stays elsewhere", async () => {
    const { put, answering } = await start();
    expect(await answering("smart")).toBe("one/a");
    await put({ kind: "off", engine: "one/a", mode: "smart" });
    expect([await answering("smart"), await answering("one/a")]).toEqual(["two/b", "one/a"]);
  });

  test("everywhere is in no chain, not to be named, and not listed", async () => {
    const { put, answering, chat, call } = await start();
    await put({ kind: "off", provider: "two" });
    expect(await answering("smart")).toBe("one/a");
    const named = await chat("two/b");
    expect([named.status, codeOf(named)]).toEqual([404, "model_not_found"]);
    expect(messageOf(named)).toContain("an administrator has switched it off");
    expect(await answering("two/b", { models: ["one/c"] })).toBe("one/c");
    const { body } = await call("GET", "/api/v1/models", user.accessToken);
    const ids = (body["data"] as { id: string }[]).map(({ id }) => id);
    expect(ids).toContain("one/a");
    expect(ids).not.toContain("two/b");
    expect(ids).not.toContain("fast");
    for (const id of ["two/b", "fast"])
      expect((await call("GET", `/api/v1/models/${id}`, user.accessToken)).status).toBe(404);
  });

  test("that is the last of a mode leaves it without any, and says who has done it; `auto` goes elsewhere", async () => {
    const { put, chat, answering, gateway } = await start();
    for (const provider of ["one", "two"]) await put({ kind: "off", provider, mode: "smart" });
    const answer = await chat("smart");
    expect([answer.status, codeOf(answer)]).toEqual([404, "no_engine_configured"]);
    expect(messageOf(answer)).toContain("administrator has switched off");
    const native = await gateway.ask(user.accessToken, { message: "Hi", model: "smart" });
    expect(native.status).toBe(404);
    expect(await answering("auto")).toMatch(/^(?:one|two)\//);
    expect((await gateway.ask(user.accessToken, { message: "Hi" })).events.at(-1)?.type).toBe("done");
    expect(await answering("coder"), "no other mode").toBe("one/code");
  });

  test("in a mode is not brought back there by an image, which other modes' engines may take", async () => {
    const { put, answering, chat, gateway } = await start();
    const dot =
      "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    const content = [
      { type: "text", text: "What is this?" },
      { type: "image_url", image_url: { url: dot } },
    ];
    const seen = { messages: [{ role: "user", content }] };
    await put({ kind: "off", engine: "one/code", mode: "coder" });
    await put({ kind: "off", provider: "one", mode: "smart" });
    expect(await answering("smart", seen)).toBe("two/b");
    upstream.script = (exchange) => exchange.json(500, { error: { message: "no" } });
    await answering("smart", seen);
    upstream.script = answers("Answered.");
    const called = upstream.requests.map(({ path }) => path.split("/")[1]);
    expect(called).not.toContain("one");
    const answer = await chat("coder", seen);
    expect([answer.status, codeOf(answer)]).toEqual([404, "no_engine_configured"]);
    const native = await gateway.ask(user.accessToken, { message: "Hi", model: "coder", image: dot });
    expect(native.status).toBe(404);
  });

  test("is not asked for vectors", async () => {
    const { put, call } = await start();
    await put({ kind: "off", engine: "openai/text-embedding-3-small" });
    const embed = { model: "text-embedding-3-small", input: "Hi" };
    const answer = await call("POST", "/api/v1/embeddings", user.accessToken, embed);
    expect([answer.status, codeOf(answer)]).toEqual([404, "model_not_found"]);
    expect(messageOf(answer)).toContain("An administrator has switched off");
    expect(upstream.requests).toEqual([]);
  });

  test("does not search the web, and the turn goes on without", async () => {
    const { put, gateway } = await start();
    await put({ kind: "off", provider: "tavily" });
    const answer = await gateway.ask(user.accessToken, {
      message: "What is in the news today?",
      model: "fast",
    });
    expect(answer.events.at(-1)?.type).toBe("done");
    expect(upstream.requests.filter(({ path }) => path === "/search")).toEqual([]);
  });

  test("is called again once the override is gone or has expired", async () => {
    const { put, remove, answering } = await start();
    const { body } = await put({ kind: "off", engine: "one/a" });
    expect(await answering("smart")).toBe("two/b");
    await remove(String(body["id"]));
    expect(await answering("smart")).toBe("one/a");
    await put({ kind: "off", engine: "one/a", expiresAt: new Date(Date.now() + 700).toISOString() });
    expect(await answering("smart")).toBe("two/b");
    await eventually("it has expired", async () => (await answering("smart")) === "one/a", 3_000);
  });
});

describe("a chain in another order", () => {
  test("begins with the engines that are named; the others follow", async () => {
    const { put, answering } = await start();
    await put({ kind: "order", mode: "smart", engines: ["one/c", "two/b"] });
    expect(await answering("smart")).toBe("one/c");
    await put({ kind: "off", engine: "one/c" });
    expect(await answering("smart")).toBe("two/b");
    await put({ kind: "off", engine: "two/b" });
    expect(await answering("smart"), "not named, behind them").toBe("one/a");
  });
});

describe("several instances", () => {
  test("have it within 2 s, and one that starts later from the start", async () => {
    const [here, there] = await Promise.all([
      start({ STATE_REFRESH_MS: "1000" }),
      start({ STATE_REFRESH_MS: "1000" }),
    ]);
    const { body } = await here.put({ kind: "off", engine: "one/a" });
    expect(await here.answering("smart")).toBe("two/b");
    await eventually("it is there", async () => (await there.answering("smart")) === "two/b", 2_000);
    const later = await start();
    await eventually("it is loaded", async () => (await later.answering("smart")) === "two/b", 2_000);
    await there.remove(String(body["id"]));
    await eventually("it is gone", async () => (await here.answering("smart")) === "one/a", 2_000);
  });

  test("are shown, with how this one is in touch", async () => {
    const { call, gateway } = await start({ STATE_REFRESH_MS: "200" });
    const read = async () =>
      overrideListSchema.parse((await call("GET", "/api/admin/overrides", admin.accessToken)).body).instances;
    await eventually("it is seen", async () => (await read())?.running.length !== 0);
    const instances = await read();
    expect(instances?.thisInstance).toBe(gateway.gateway.instanceId);
    expect(instances?.running.map(({ id }) => id)).toContain(gateway.gateway.instanceId);
    expect(instances?.refreshedMsAgo).toBeLessThan(2_000);
    const { body } = await call("GET", "/api/admin/health", admin.accessToken);
    expect(body["instances"]).toMatchObject({ refreshedMsAgo: expect.toSatisfy(Number.isInteger) });
  });

  test("a start without a database uses none, and turns go on", async () => {
    const lines: string[] = [];
    const { answering } = await start(
      {
        ...databaseSettings(database),
        NEXT_PUBLIC_SUPABASE_URL: "http://127.0.0.1:9",
        STATE_REFRESH_MS: "200",
      },
      (line) => lines.push(line),
    );
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(lines.filter((line) => line.includes("do not share"))).toHaveLength(1);
    expect(await answering("smart")).toBe("one/a");
  });
});
