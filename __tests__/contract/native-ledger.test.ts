import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type FakeUpstream, startFakeUpstream, textChunk } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import {
  createKey,
  type Door,
  eventually,
  modelsConfig,
  type Settings,
  startDoor,
  startTestGateway,
  type TestGateway,
} from "../support/test-gateway.ts";

let database: TestSupabase;
let upstream: FakeUpstream;
let door: Door;
let folder: string;
let user: TestUser;
let log: string[];
const open: TestGateway[] = [];

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(() => undefined);
  door = await startDoor(database.url, { hidesLeaving: true });
}, 30_000);
afterAll(async () => {
  await upstream.stop();
  await door.stop();
  await database.stop();
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sarmalink-native-"));
  user = await database.signUp();
  log = [];
  door.state = "open";
  upstream.script = async (exchange) => {
    await exchange.startStream();
    await exchange.event(textChunk("An answer.", "stop"));
    await exchange.event("[DONE]");
    await exchange.endStream();
  };
});
afterEach(async () => {
  door.state = "open";
  for (const gateway of open.splice(0)) await gateway.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(settings: Settings = {}, limit?: number): Promise<TestGateway> {
  const chain = [{ provider: "own", model: "m", label: "A label for people" }];
  const gateway = await startTestGateway({
    database,
    settings: {
      NEXT_PUBLIC_SUPABASE_URL: door.url,
      SARMALINK_DATA_DIR: folder,
      MODELS_CONFIG: modelsConfig(
        { own: `${upstream.origin}/v1` },
        { chain, ...(limit === undefined ? {} : { limit }) },
      ),
      ...settings,
    },
    log: (line) => log.push(line),
  });
  open.push(gateway);
  return gateway;
}

const rows = () => database.sql`
  select id, status, delivered, backend, completion_tokens > 0 as counted
  from public.ai_chat_usage where user_id = ${user.userId} order by created_at`;
const used = async (): Promise<unknown> =>
  (await database.sql`select used from public.ai_quota_counters where user_id = ${user.userId}`)[0]?.["used"];
const message = { message: "Something private", model: "smart" };
const journal = (): string => {
  const path = join(folder, "journal");
  if (!existsSync(path)) return "";
  return readdirSync(path)
    .map((name) => readFileSync(join(path, name), "utf8"))
    .join("");
};

test("`backend` is the provider's id: in the stream, in the turn's row and in its attempts", async () => {
  const gateway = await start();
  const { events } = await gateway.ask(user.accessToken, message);
  await gateway.settled();
  expect(events).toContainEqual({
    type: "backend",
    label: "A label for people",
    provider: "own",
    model: "m",
  });
  const streamed = events.flatMap((event) => (event.type === "usage" ? [event.backend] : []));
  const [row] = await rows();
  const attempts = await database.sql`select backend from public.ai_events where request_id = ${row?.["id"]}`;
  expect({ streamed, stored: row?.["backend"], attempts: [...attempts] }).toEqual({
    streamed: ["own"],
    stored: "own",
    attempts: [{ backend: "own" }],
  });
});

describe("a native turn is in the journal", () => {
  test("before its provider is asked, for us alone to read, and gone when its row is stored", async () => {
    const gateway = await start();
    let seen = "";
    let mode = 0;
    const { script } = upstream;
    upstream.script = async (exchange) => {
      seen = journal();
      const [name = ""] = readdirSync(join(folder, "journal"));
      mode = statSync(join(folder, "journal", name)).mode & 0o777;
      await script(exchange);
    };
    await gateway.ask(user.accessToken, message);
    expect(seen).toContain('"settleSecret"');
    expect(mode).toBe(0o600);
    await open.pop()?.stop();
    expect(existsSync(join(folder, "journal")) ? readdirSync(join(folder, "journal")) : []).toEqual([]);
    expect(await rows()).toMatchObject([{ status: "completed", delivered: true, counted: true }]);
  });

  test("with its messages, if the database is unavailable at its end: the next start stores them", async () => {
    const gateway = await start();
    const { script } = upstream;
    upstream.script = (exchange) => {
      door.state = "shut";
      return script(exchange);
    };
    const { events } = await gateway.ask(user.accessToken, message);
    expect(events.at(-1)?.type).toBe("done");
    // The database is unavailable until the end of the process.
    await gateway.gateway.close();
    expect(journal()).toContain("Something private");
    expect(await rows()).toMatchObject([{ status: "started" }]);
    open.pop();
    door.state = "open";
    await start();
    await eventually("it is stored", async () => (await rows())[0]?.["status"] === "completed", 10_000);
    expect(await rows()).toMatchObject([{ status: "completed", delivered: true, counted: true }]);
    const [session] =
      await database.sql`select messages from ai_chat_sessions where user_id = ${user.userId}`;
    expect(session?.["messages"]).toEqual([
      { role: "user", content: "Something private" },
      { role: "assistant", content: "An answer." },
    ]);
    expect(await used()).toBe(1);
  });

  test("and not as begun, if it was refused: a quota that is used up leaves nothing", async () => {
    const gateway = await start({}, 1);
    await gateway.ask(user.accessToken, message);
    const refused = await gateway.ask(user.accessToken, message);
    expect(refused.status).toBe(429);
    await new Promise((resolve) => setImmediate(resolve));
    expect(journal()).toMatch(/"forget"/);
    await open.pop()?.stop();
    await start({}, 1);
    expect(await rows()).toMatchObject([{ status: "completed" }]);
    expect(await used()).toBe(1);
    expect(log.filter((line) => line.includes('"error"'))).toEqual([]);
  });
});

describe("a turn that the gateway has given up before the database could begin it", () => {
  const gateways = [
    ["with a service role", {}],
    ["without one", { SUPABASE_SERVICE_ROLE_KEY: "" }],
  ] as const;

  /** Asks while nothing can be counted, and lets the database go on behind the answer. */
  async function askInVain(settings: Settings, until = async (): Promise<void> => undefined): Promise<void> {
    // A gateway of an earlier test, which had the key, has closed them.
    await database.sql`select public.open_turns_to_users()`;
    const gateway = await start(settings);
    const held = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    const lock = database.sql.begin(async (transaction) => {
      await transaction`lock table public.ai_quota_counters in access exclusive mode`;
      locked.resolve();
      await held.promise;
    });
    await locked.promise;
    const answer = await gateway.ask(user.accessToken, message);
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    await until();
    held.resolve();
    await lock;
  }

  test.each(gateways)("%s never begins", async (_, settings) => {
    const isWaiting = () => database.sql`
      select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await askInVain(settings, () =>
      eventually("the database has given up", async () => (await isWaiting()).length === 0),
    );
    expect(await rows()).toEqual([]);
    expect(await used()).toBeUndefined();
    expect(await database.sql`select 1 from ai_chat_sessions where user_id = ${user.userId}`).toHaveLength(0);
    expect(upstream.requests.filter(({ text }) => text.includes(user.userId))).toEqual([]);
  });

  test.each(gateways)(
    "%s is closed as failed if it begins all the same, and gives its unit back",
    async (_, settings) => {
      // As functions of before 016, which do not know how long the gateway waits.
      const [limit] = await database.sql`
      select pg_get_functiondef('public.ai_limit_begin'::regproc) as text,
             pg_get_functiondef('public.ai_assert_in_time'::regproc) as other`;
      await database.sql.unsafe(`
      create or replace function public.ai_limit_begin(p_turn jsonb, p_recorder text) returns void
        language sql security definer set search_path = '' as '';
      create or replace function public.ai_assert_in_time(p_turn jsonb) returns void
        language sql security definer set search_path = '' as '';`);
      await askInVain(settings);
      await eventually("the database begins it", async () => (await rows()).length === 1, 10_000);
      await database.sql.unsafe(`${limit?.["text"]}; ${limit?.["other"]}`);
      await eventually("it is closed", async () => (await rows())[0]?.["status"] !== "started", 10_000);
      expect(await rows()).toMatchObject([{ status: "failed", delivered: false }]);
      expect(await used()).toBe(0);
      expect(await database.sql`select 1 from ai_chat_sessions where user_id = ${user.userId}`).toHaveLength(
        0,
      );
      expect(upstream.requests.filter(({ text }) => text.includes(user.userId))).toEqual([]);
    },
  );
});

test("many turns that end at once are few calls, and a key's spend counts each of them", async () => {
  const gateway = await start();
  const key = await createKey(database, user.userId);
  const answers = await Promise.all(Array.from({ length: 12 }, () => gateway.ask(key, message)));
  await gateway.settled();
  expect(answers.map(({ events }) => events.at(-1)?.type)).toEqual(Array(12).fill("done"));
  expect(await rows()).toHaveLength(12);
  expect((await rows()).every((row) => row["status"] === "completed" && row["counted"] === true)).toBe(true);
});
