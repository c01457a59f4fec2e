import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { createClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { MODE_IDS } from "#lib/ai-models.ts";
import { type EmbeddedSupabase, startEmbeddedSupabase } from "#lib/local-supabase/start.ts";
import { answers, type FakeUpstream, type Script, startFakeUpstream } from "../support/fake-upstream.ts";
import { eventually, modelsConfig } from "../support/test-gateway.ts";
import { MIGRATIONS } from "../support/test-postgres.ts";
import { type ServedGateway, serveGateway } from "./served-gateway.ts";

/** What one instance finds out or is told, the others know within this, milliseconds. */
const TOLD_MS = 2_000;
/** After the database is back: the longest pause between two tries, and a refresh in each of two instances. */
const BACK_MS = 14_000;
const MINUTE = 60_000;

let folder: string;
let supabase: EmbeddedSupabase;
let sql: postgres.Sql;
let first: FakeUpstream;
let second: FakeUpstream;
let admin: { userId: string; token: string };
/** Two processes on one database, and a third with two workers. */
let a: ServedGateway;
let b: ServedGateway;
let workers: ServedGateway;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sarmalink-instances-"));
  await chmod(folder, 0o755);
  supabase = await startEmbeddedSupabase({
    dataDir: join(folder, "data"),
    migrationsDir: MIGRATIONS,
    log: () => undefined,
  });
  sql = postgres(supabase.databaseUrl, { max: 1, onnotice: () => undefined });
  admin = await signUp();
  first = await startFakeUpstream(answers("First."));
  second = await startFakeUpstream(answers("Second."));
  [a, b, workers] = await Promise.all([start(), start(), start({ WORKERS: "2" })]);
}, 120_000);
afterAll(async () => {
  await Promise.all([a, b, workers].map((gateway) => gateway?.stop("SIGKILL")));
  await Promise.all([first.stop(), second.stop()]);
  await sql.end();
  await supabase.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  first.script = answers("First.");
  second.script = answers("Second.");
});

async function signUp(): Promise<{ userId: string; token: string }> {
  const client = createClient(supabase.url, supabase.publishableKey, { auth: { persistSession: false } });
  const { data } = await client.auth.signUp({
    email: "admin@example.test",
    password: "correct horse battery",
  });
  return { userId: data.user?.id ?? "", token: data.session?.access_token ?? "" };
}

function start(settings: Readonly<Record<string, string>> = {}): Promise<ServedGateway> {
  return serveGateway("start", {
    NEXT_PUBLIC_SUPABASE_URL: supabase.url,
    NEXT_PUBLIC_SUPABASE_ANON_KEY: supabase.publishableKey,
    SUPABASE_SERVICE_ROLE_KEY: supabase.secretKey,
    SUPABASE_JWT_SECRET: supabase.jwtSecret,
    ENABLE_OPENAI_PROXY: "true",
    ADMIN_USER_IDS: admin.userId,
    MODELS_CONFIG: modelsConfig(
      { first: `${first.origin}/v1`, second: `${second.origin}/v1` },
      { modes: [...MODE_IDS], limit: 5, chain: CHAIN },
    ),
    ...settings,
  });
}

/** Each test has a model of its own, so that no bench of one matters to the next. */
const MODELS = ["limited", "workers", "broken", "off", "outage"] as const;
const CHAIN = MODELS.flatMap((model) => [
  { provider: "first", model },
  { provider: "second", model },
]);

function call(gateway: ServedGateway, method: string, path: string, token: string, body?: unknown) {
  return fetch(`${gateway.url}${path}`, {
    method,
    // A connection of its own, so that workers take turns.
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", connection: "close" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** Asks for this model at the first provider, else at the second; resolves with the engine that answers. */
async function ask(gateway: ServedGateway, model: (typeof MODELS)[number]): Promise<string | null> {
  const answer = await call(gateway, "POST", "/api/v1/chat/completions", supabase.gatewayKey, {
    model: `first/${model}`,
    models: [`second/${model}`],
    messages: [{ role: "user", content: "Hi" }],
  });
  await answer.arrayBuffer();
  return answer.headers.get("x-sarmalink-engine");
}

const callsOf = (model: string): number =>
  first.requests.filter(({ json }) => (json as { model?: string }).model === model).length;
const limited: Script = (exchange) =>
  exchange.json(429, { error: { message: "slow down" } }, { "retry-after": "30" });

test("a rate limit that one has met is not met by the other", async () => {
  first.script = limited;
  expect(await ask(a, "limited")).toBe("second/limited");
  const met = callsOf("limited");
  await pause(TOLD_MS);
  for (let count = 0; count < 5; count++) expect(await ask(b, "limited")).toBe("second/limited");
  expect(callsOf("limited")).toBe(met);
});

test("nor by the other worker of one machine", async () => {
  first.script = limited;
  expect(await ask(workers, "workers")).toBe("second/workers");
  await pause(TOLD_MS);
  const met = callsOf("workers");
  for (let count = 0; count < 10; count++) expect(await ask(workers, "workers")).toBe("second/workers");
  expect(callsOf("workers")).toBe(met);
  const running = await sql`select pid from ai_instances where seen_at > now() - interval '1 minute'`;
  expect(new Set(running.map(({ pid }) => pid as number)).size, "each worker is an instance").toBe(4);
});

test("a breaker that has opened in one is open in the other, until a probe is answered", async () => {
  first.script = (exchange) => exchange.json(500, { error: { message: "broken" } });
  for (let count = 0; count < 3; count++) await ask(a, "broken");
  const opened = performance.now();
  const met = callsOf("broken");
  expect(met).toBeGreaterThanOrEqual(5);
  await pause(TOLD_MS);
  expect(await ask(b, "broken")).toBe("second/broken");
  expect(callsOf("broken")).toBe(met);
  first.script = answers("First.");
  await pause(Math.max(0, 5_500 - (performance.now() - opened)));
  expect(await ask(a, "broken")).toBe("first/broken");
});

test("an override reaches all, and is gone from all", async () => {
  const made = await call(a, "PUT", "/api/admin/overrides", admin.token, {
    kind: "off",
    engine: "first/off",
  });
  expect(made.status).toBe(201);
  expect(await ask(a, "off")).toBe("second/off");
  await pause(TOLD_MS);
  for (const gateway of [b, workers, workers]) expect(await ask(gateway, "off")).toBe("second/off");
  expect(callsOf("off")).toBe(0);
  const { id } = (await made.json()) as { id: string };
  expect((await call(b, "DELETE", `/api/admin/overrides/${id}`, admin.token)).status).toBe(204);
  await pause(TOLD_MS);
  for (const gateway of [a, workers, workers]) expect(await ask(gateway, "off")).toBe("first/off");
});

test("limits hold over all of them: requests a minute of a key, and turns a day of a user", async () => {
  const made = await call(a, "POST", "/api/keys", admin.token, { name: "limited", requestsPerMinute: 6 });
  const { key } = (await made.json()) as { key: string };
  const gateways = [a, b, workers];
  const completion = { model: "fast", messages: [{ role: "user", content: "Hi" }] };
  const statuses = await Promise.all(
    Array.from({ length: 15 }, async (_, index) => {
      const gateway = gateways[index % 3] ?? a;
      return (await call(gateway, "POST", "/api/v1/chat/completions", key, completion)).status;
    }),
  );
  expect(statuses.filter((status) => status === 200)).toHaveLength(6);
  expect(statuses.filter((status) => status === 429)).toHaveLength(9);
  const turns = await Promise.all(
    Array.from({ length: 9 }, async (_, index) => {
      const gateway = gateways[index % 3] ?? a;
      const answer = await call(gateway, "POST", "/api/ai-chat", admin.token, {
        message: "Hi",
        model: "coder",
      });
      await answer.arrayBuffer();
      return answer.status;
    }),
  );
  expect(turns.filter((status) => status === 200)).toHaveLength(5);
});

const KEY_CHANGES: Readonly<Record<string, (id: string) => Promise<Response>>> = {
  revoked: (id) => call(a, "DELETE", `/api/keys/${id}`, admin.token),
  "rotated without grace": (id) =>
    call(a, "POST", `/api/keys/${id}/rotate`, admin.token, { graceSeconds: 0 }),
};
test.for(Object.entries(KEY_CHANGES))(
  "a key that is %s in one is refused by the others",
  async ([, change], { skip }) => {
    const [known] =
      await sql`select to_regprocedure('public.gateway_keys_changed_since(text)') is not null as it`;
    skip(known?.["it"] !== true, "Which keys have changed comes with 020.");
    const made = await call(a, "POST", "/api/keys", admin.token, { name: "mortal" });
    const { id, key } = (await made.json()) as { id: string; key: string };
    const list = (gateway: ServedGateway) => call(gateway, "GET", "/api/v1/models", key);
    for (const gateway of [a, b, workers, workers]) expect((await list(gateway)).status).toBe(200);
    expect((await change(id)).ok).toBe(true);
    await pause(TOLD_MS);
    for (const gateway of [a, b, workers, workers]) expect((await list(gateway)).status).toBe(401);
  },
);

test(
  "while the database is stopped each goes on with what it knows; afterwards they know the same again",
  async () => {
    await ask(b, "outage");
    first.requests.length = 0;
    const { kill } = outage();
    for (const until = performance.now() + 2_500; performance.now() < until; await pause(100)) kill();
    first.script = limited;
    expect(await ask(a, "outage"), "from memory").toBe("second/outage");
    expect(callsOf("outage")).toBeGreaterThan(0);
    for (const until = performance.now() + 2_000; performance.now() < until; await pause(100)) kill();
    for (const { output } of [a, b]) {
      const told = output.match(/do not share their state|share their state again/g) ?? [];
      expect(told[0], "each outage is told").toBe("do not share their state");
      // Postgres may have come back for a moment between two kills.
      const repeated = told.filter((line, index) => line === told[index - 1]);
      expect(repeated, "and told once").toEqual([]);
    }
    await eventually(
      "it is back",
      async () => (await a.output.match(/share their state again/)) !== null,
      BACK_MS,
    );
    await eventually("for both", () => /share their state again/.test(b.output), BACK_MS);
    await pause(TOLD_MS);
    const met = callsOf("outage");
    expect(await ask(b, "outage")).toBe("second/outage");
    expect(callsOf("outage")).toBe(met);
  },
  MINUTE,
);

/** Kills Postgres, which is started again by what looks after it. */
function outage(): { kill(): void } {
  return {
    kill: () => {
      try {
        process.kill(supabase.postgresPid, "SIGKILL");
      } catch {
        // It is dead and not yet started again.
      }
    },
  };
}
