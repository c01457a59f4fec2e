import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readEnv } from "#lib/server/env/env.ts";
import { serveRoute } from "#lib/server/http/route.ts";
import { aiChat } from "#lib/server/routes/ai-chat.ts";
import { createGateway } from "#lib/server/wiring/gateway.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import {
  aHost,
  aRequest,
  captureStderr,
  createKey,
  databaseSettings,
  eventually,
  modelsConfig,
  type Settings,
  startTestGateway,
} from "../support/test-gateway.ts";

let database: TestSupabase;
let upstream: FakeUpstream;
let user: TestUser;

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(answers("Hello."));
  user = await database.signUp();
});

afterAll(async () => {
  await upstream.stop();
  await database.stop();
});

const config = () => modelsConfig({ only: `${upstream.origin}/v1` });

describe("without a service role", () => {
  test("a user chats as themselves, and the turn is saved", async () => {
    const settings = { MODELS_CONFIG: config(), SUPABASE_SERVICE_ROLE_KEY: "" };
    const gateway = await startTestGateway({ database, settings });
    const answer = await gateway.ask(user.accessToken, { message: "Hi" });
    expect(answer.text).toBe("Hello.");
    const rows =
      await database.sql`select status from public.ai_chat_usage where id = ${answer.headers.get("x-request-id")}`;
    expect(rows.map((row) => row["status"])).toEqual(["completed"]);
    await gateway.stop();
  });

  test("a gateway key is 503 not_configured that names the variable", async () => {
    const settings = { MODELS_CONFIG: config(), SUPABASE_SERVICE_ROLE_KEY: "" };
    const gateway = await startTestGateway({ database, settings });
    const answer = await gateway.ask(await createKey(database, user.userId), { message: "Hi" });
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.raw)).toMatchObject({ error: { code: "not_configured" } });
    expect(answer.raw).toContain("SUPABASE_SERVICE_ROLE_KEY");
    await gateway.stop();
  });

  test("nor a JWT secret, the auth server is asked who a token is of", async () => {
    const settings = { MODELS_CONFIG: config(), SUPABASE_SERVICE_ROLE_KEY: "", SUPABASE_JWT_SECRET: "" };
    const gateway = await startTestGateway({ database, settings });
    expect((await gateway.ask(user.accessToken, { message: "Hi" })).text).toBe("Hello.");
    expect((await gateway.ask(`${user.accessToken.slice(0, -3)}AAA`, { message: "Hi" })).status).toBe(401);
    await gateway.stop();
  });
});

describe("where a gateway with a service role has been", () => {
  test("one without is 503 not_configured that names the variable, and one with it goes on", async () => {
    const own = await startTestSupabase();
    const someone = await own.signUp();
    const [withKey, without] = await Promise.all([
      startTestGateway({ database: own, settings: { MODELS_CONFIG: config() } }),
      startTestGateway({
        database: own,
        settings: { MODELS_CONFIG: config(), SUPABASE_SERVICE_ROLE_KEY: "" },
      }),
    ]);
    const begin = { p_request_id: randomUUID(), p_settle_hash: "ab".repeat(32), p_tier: "smart" };
    await eventually("users are shut out", async () => {
      const direct = await own.clients
        .asUser(someone.accessToken)
        .rpc("begin_turn", { ...begin, p_daily_limit: 1 });
      return direct.error?.code === "42501";
    });
    const refused = await without.ask(someone.accessToken, { message: "Hi" });
    expect(refused.status).toBe(503);
    expect(JSON.parse(refused.raw)).toMatchObject({
      error: {
        code: "not_configured",
        message: expect.stringContaining("SUPABASE_SERVICE_ROLE_KEY"),
      },
    });
    expect((await withKey.ask(someone.accessToken, { message: "Hi" })).text).toBe("Hello.");
    await Promise.all([withKey.stop(), without.stop()]);
    await own.stop();
  });
});

describe("a gateway that cannot start", () => {
  test.each([
    ["no database", { NEXT_PUBLIC_SUPABASE_URL: "" }, /NEXT_PUBLIC_SUPABASE_URL/],
    ["a bad base URL", { GROQ_BASE_URL: "api.groq.com" }, /GROQ_BASE_URL/],
    ["a key that is no header", { GROQ_API_KEY: "gsk\u2019" }, /GROQ_API_KEY/],
    [
      "a catalogue with a mistake",
      { MODELS_CONFIG: '{"extends":"default","modez":{}}' },
      /MODELS_CONFIG, line 1.*modez/,
    ],
    [
      "a catalogue that is not there",
      { MODELS_CONFIG: "/nowhere/models.yaml" },
      /MODELS_CONFIG.*cannot be read/,
    ],
    ["a paid provider that is none", { PAID_PROVIDERS: "grok" }, /PAID_PROVIDERS.*"grok".*allowed.*groq/],
    ["a time that is none", { CONNECT_TIMEOUT_MS: "soon" }, /CONNECT_TIMEOUT_MS/],
  ] as const)("for %s says so in the contract's shape, each time", async (_, settings: Settings, says) => {
    const stderr = captureStderr();
    const route = serveRoute(aiChat, async () =>
      createGateway(readEnv({ ...databaseSettings(database), ...settings })),
    );
    try {
      for (let time = 0; time < 2; time++) {
        const response = await route(aRequest(user.accessToken, { message: "Hi" }), aHost());
        expect(response.status).toBe(503);
        expect(response.headers.get("cache-control")).toContain("no-store");
        expect(await response.json()).toEqual({
          error: {
            code: "not_configured",
            message: expect.stringMatching(says),
            requestId: response.headers.get("x-request-id"),
          },
        });
      }
    } finally {
      stderr.stop();
    }
    expect(stderr.text).toMatch(says);
    expect(stderr.text).not.toContain("gsk");
  });
});

test("MODELS_CONFIG may name a file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sarmalink-models-"));
  const file = join(folder, "models.json");
  await writeFile(file, config());
  const gateway = await startTestGateway({ database, settings: { MODELS_CONFIG: file } });
  expect((await gateway.ask(user.accessToken, { message: "Hi" })).text).toBe("Hello.");
  await gateway.stop();
  await rm(folder, { recursive: true });
});
