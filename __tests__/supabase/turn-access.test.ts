import { createHash, randomUUID } from "node:crypto";
import { createClient } from "@supabase/supabase-js";
import type postgres from "postgres";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createSupabaseClients, type DatabaseClient } from "#lib/adapters/supabase/clients.ts";
import { closeTurnsToUsers } from "#lib/adapters/supabase/turn-access.ts";
import { readMigrations } from "#lib/local-supabase/migrations.ts";
import { FakeClock } from "../support/fake-clock.ts";
import {
  applySql,
  type HostedServer,
  OLD_DEFAULT_PRIVILEGES,
  startHostedServer,
} from "../support/hosted-database.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { MIGRATIONS } from "../support/test-postgres.ts";
import { aTurn, settled, turnStores } from "../support/turns.ts";

const SECRET = "s";
const HASH = createHash("sha256").update(SECRET).digest("hex");
const beginArguments = () => ({
  p_request_id: randomUUID(),
  p_settle_hash: HASH,
  p_tier: "smart",
  p_daily_limit: 100,
});
const settleArguments = (id: string) => ({
  p_turn: { id, settle_secret: SECRET, status: "completed", delivered: true },
});

let supabase: TestSupabase;
let user: TestUser;
let other: TestUser;

beforeAll(async () => {
  supabase = await startTestSupabase();
  user = await supabase.signUp();
  other = await supabase.signUp();
}, 30_000);
afterAll(() => supabase.stop());
afterEach(async () => {
  await supabase.sql`select public.open_turns_to_users()`;
});

const close = () =>
  closeTurnsToUsers({
    clients: supabase.clients,
    clock: new FakeClock(),
    signal: new AbortController().signal,
  });
const withoutKey = () =>
  createSupabaseClients({ url: supabase.url, publishableKey: supabase.publishableKey });

describe("once a gateway with the service role has started", () => {
  test.each<[string, () => DatabaseClient]>([
    ["anon", () => createClient(supabase.url, supabase.publishableKey, { auth: { persistSession: false } })],
    ["the user", () => supabase.clients.asUser(user.accessToken)],
    ["another user", () => supabase.clients.asUser(other.accessToken)],
  ])("%s neither begins nor settles a turn", async (_, client) => {
    const own = beginArguments();
    await supabase.clients.asUser(user.accessToken).rpc("begin_turn", own);
    await close();
    const begun = await client().rpc("begin_turn", beginArguments());
    const ended = await client().rpc("settle_turn", settleArguments(own.p_request_id));
    expect([begun.error?.code, ended.error?.code]).toEqual(["42501", "42501"]);
    const [row] = await supabase.sql`select status from ai_chat_usage where id = ${own.p_request_id}`;
    expect(row?.["status"]).toBe("started");
  });

  test("the gateway goes on, and its rows say that they are its own", async () => {
    expect(await close()).toBeUndefined();
    const store = turnStores({ clients: supabase.clients, now: Date.now });
    const turn = aTurn(user.caller);
    await store.begin(turn);
    await store.settle(settled(turn));
    const [row] =
      await supabase.sql`select status, recorded_by from ai_chat_usage where id = ${turn.requestId}`;
    expect(row).toEqual({ status: "completed", recorded_by: "service" });
  });

  test("a gateway without the key says what it lacks, at the begin and at the end of a turn", async () => {
    const store = turnStores({ clients: withoutKey(), now: Date.now });
    const turn = aTurn(user.caller);
    await store.begin(turn);
    await close();
    const lacks = {
      code: "not_configured",
      message: expect.stringContaining("SUPABASE_SERVICE_ROLE_KEY"),
    };
    await expect(store.settle(settled(turn))).rejects.toMatchObject(lacks);
    await expect(store.begin(aTurn(user.caller))).rejects.toMatchObject(lacks);
  });

  test("the operator opens them again, and everything is as before", async () => {
    await close();
    await supabase.sql`select public.open_turns_to_users()`;
    const store = turnStores({ clients: withoutKey(), now: Date.now });
    const turn = aTurn(user.caller);
    await store.begin(turn);
    await store.settle(settled(turn));
    const [row] =
      await supabase.sql`select status, recorded_by from ai_chat_usage where id = ${turn.requestId}`;
    expect(row).toEqual({ status: "completed", recorded_by: "user" });
  });

  test("many that start at once all succeed", async () => {
    expect(await Promise.all(Array.from({ length: 20 }, close))).toEqual(Array(20).fill(undefined));
    const { error } = await supabase.clients.asUser(user.accessToken).rpc("begin_turn", beginArguments());
    expect(error?.code).toBe("42501");
  });
});

describe("a gateway that starts", () => {
  test("without the key asks nothing", async () => {
    const clients = withoutKey();
    const result = await closeTurnsToUsers({
      clients,
      clock: new FakeClock(),
      signal: new AbortController().signal,
    });
    expect(result).toBeUndefined();
    const { error } = await supabase.clients.asUser(user.accessToken).rpc("begin_turn", beginArguments());
    expect(error).toBeNull();
  });

  test("tries again while the database is unavailable, until it is closed itself", async () => {
    const clock = new FakeClock();
    const closing = new AbortController();
    let calls = 0;
    const clients = createSupabaseClients({
      url: supabase.url,
      publishableKey: supabase.publishableKey,
      serviceRoleKey: supabase.secretKey,
      fetch: (input, init) => {
        calls++;
        return calls < 3 ? Promise.reject(new Error("away")) : fetch(input, init);
      },
    });
    const closed = closeTurnsToUsers({ clients, clock, signal: closing.signal });
    await expect.poll(() => clock.pending).toBe(1);
    await clock.advanceAsync(1_000);
    await expect.poll(() => clock.pending).toBe(1);
    await clock.advanceAsync(5_000);
    expect(await closed).toBeUndefined();
    expect(calls).toBe(3);

    calls = Number.NEGATIVE_INFINITY;
    const endless = closeTurnsToUsers({ clients, clock, signal: closing.signal });
    await expect.poll(() => clock.pending).toBe(1);
    closing.abort();
    expect(await endless).toBeUndefined();
    expect(clock.pending).toBe(0);
  });

  test("with a wrong key says so, and does not go on", async () => {
    const clients = createSupabaseClients({
      url: supabase.url,
      publishableKey: supabase.publishableKey,
      serviceRoleKey: "sb_secret_wrong",
    });
    const signal = new AbortController().signal;
    expect(await closeTurnsToUsers({ clients, clock: new FakeClock(), signal })).toMatchObject({
      code: "not_configured",
      message: expect.stringContaining("SUPABASE_SERVICE_ROLE_KEY"),
    });
  });
});

describe("on a hosted project", () => {
  let hosted: HostedServer;
  beforeAll(async () => {
    hosted = await startHostedServer();
  }, 30_000);
  afterAll(() => hosted.stop());

  test.each([
    ["without default privileges", ""],
    ["with the old ones", OLD_DEFAULT_PRIVILEGES],
  ])("%s: closed stays closed when the migrations are applied again", async (_, extra) => {
    const database = await hosted.create(extra);
    const all = (await readMigrations(MIGRATIONS)).map(({ sql }) => sql);
    const users = await database.aUser();
    const callers = async (): Promise<unknown> =>
      (
        await database.sql`
          select routine_name || ' ' || grantee as line from information_schema.routine_privileges
          where routine_schema = 'public' and routine_name in ('begin_turn', 'settle_turn')
            and grantee in ('PUBLIC', 'anon', 'authenticated', 'service_role') order by 1`
      ).map((row) => row["line"]);
    // begin_turn has two forms: that of gateways from before 014, too.
    const open = [
      "begin_turn authenticated",
      "begin_turn authenticated",
      "begin_turn service_role",
      "begin_turn service_role",
      "settle_turn anon",
      "settle_turn authenticated",
      "settle_turn service_role",
    ];
    const closed = ["begin_turn service_role", "begin_turn service_role", "settle_turn service_role"];
    await applySql(database.owner, ...all);
    expect(await callers()).toEqual(open);
    const asRole = (role: "anon" | "authenticated" | "service_role", statement: string) =>
      database.as(role, role === "authenticated" ? users : undefined, (sql: postgres.TransactionSql) =>
        sql.unsafe(statement),
      );
    for (const role of ["anon", "authenticated"] as const) {
      await expect(asRole(role, "select public.close_turns_to_users()")).rejects.toMatchObject({
        code: "42501",
      });
    }
    await asRole("service_role", "select public.close_turns_to_users()");
    expect(await callers()).toEqual(closed);
    await applySql(database.owner, ...all);
    expect(await callers()).toEqual(closed);
    await expect(asRole("service_role", "select public.open_turns_to_users()")).rejects.toMatchObject({
      code: "42501",
    });
    await database.owner`select public.open_turns_to_users()`;
    expect(await callers()).toEqual(open);
  });
});
