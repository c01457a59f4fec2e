import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openApiThread, type RunningApi } from "#lib/local-supabase/api.ts";
import { databaseUrl } from "#lib/local-supabase/postgres-process.ts";
import { startTestSupabase, type TestSupabase, type TestUser, testServer } from "../support/test-database.ts";
import { MIGRATIONS } from "../support/test-postgres.ts";

type Who = "nobody" | "user" | "service";
type Answer = { status: number; body: unknown; range: string | null };

let database: TestSupabase;
let api: RunningApi;
let user: TestUser;
let folder: string;
const logFile = (): string => join(folder, "supabase.log");

beforeAll(async () => {
  database = await startTestSupabase();
  user = await database.signUp();
  await database.sql.unsafe(await readFile(new URL("./function-calls.sql", import.meta.url), "utf8"));
  const { server } = await testServer();
  const [row] = await database.sql<{ name: string }[]>`select current_database() as name`;
  folder = await mkdtemp(join(tmpdir(), "sarmalink-functions-"));
  // Started now, so that `@supabase/lite` knows the functions as well.
  api = await openApiThread({ file: logFile(), logger: { info: fail, warn: fail, error: fail } }).serve({
    databaseUrl: databaseUrl(server.port, server.secrets.postgresPassword, row?.name),
    migrationsDir: MIGRATIONS,
    publishableKey: database.publishableKey,
    secretKey: database.secretKey,
    jwtSecret: database.jwtSecret,
    port: 0,
    seed: undefined,
  });
}, 60_000);

afterAll(async () => {
  await api.stop();
  await database.stop();
  await rm(folder, { recursive: true, force: true });
});

function fail(message: string): never {
  throw new Error(message);
}

function credentials(who: Who): Record<string, string> {
  const apikey = who === "service" ? database.secretKey : database.publishableKey;
  return { apikey, authorization: `Bearer ${who === "user" ? user.accessToken : apikey}` };
}

/** `@supabase/lite` answers a call with a preference, which it then ignores. */
const THROUGH_LITE = { prefer: "handling=lenient" };

async function post(name: string, body: string, changes: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${api.url}/rest/v1/rpc/${name}`, { method: "POST", body, ...changes });
  const text = await response.text();
  return {
    status: response.status,
    body: text === "" ? undefined : JSON.parse(text),
    range: response.headers.get("content-range"),
  };
}

function call(
  name: string,
  args: unknown,
  who: Who = "service",
  more: Record<string, string> = {},
): Promise<Answer> {
  const headers = { "content-type": "application/json", ...credentials(who), ...more };
  return post(name, typeof args === "string" ? args : JSON.stringify(args), { headers });
}

const refusal = (code: string, changes: object = {}): object =>
  expect.objectContaining({ code, details: "D", hint: "H", message: "M", ...changes });
const THING = { id: 1, name: "a", at: "2026-01-02T03:04:05.678901+00:00", tags: ["x", "y"], price: 1.5 };
const OTHER = { id: null, name: null, at: null, price: null, big: null, tags: null, doc: null };

/** Function, arguments, status, body; `lite` where that answers otherwise, and PostgREST as we do. */
type Row = [string, unknown, number, unknown, { who?: Who; lite?: unknown }?];
const CALLS: readonly Row[] = [
  ["t_integer", { p: 1 }, 200, 2],
  ["t_integer", { p: "1" }, 200, 2],
  ["t_integer", { p: null }, 200, null],
  ["t_integer", { p: "x" }, 400, expect.objectContaining({ code: "22P02" })],
  ["t_integer", {}, 404, expect.objectContaining({ code: "PGRST202" })],
  ["t_integer", { q: 1 }, 404, expect.objectContaining({ code: "PGRST202" })],
  ["t_integer", { p: 1, q: 2 }, 404, expect.objectContaining({ code: "PGRST202" })],
  ["t_integer", "{", 400, expect.objectContaining({ code: "PGRST102" })],
  ["t_integer", "", 404, expect.objectContaining({ code: "PGRST202" })],
  ["t_none", {}, 404, expect.objectContaining({ code: "PGRST202" })],
  ["t_bigint", {}, 200, Number("9007199254740993")],
  ["t_numeric", {}, 200, 1.5, { lite: "1.50" }],
  ["t_time", {}, 200, "2026-01-02T03:04:05.678901+00:00", { lite: "2026-01-02 03:04:05.678901+00" }],
  ["t_date", {}, 200, "2026-01-02"],
  ["t_text", {}, 200, "none"],
  ["t_text", { p: 'it\'s "q" \\ ü 😀 ; drop' }, 200, 'it\'s "q" \\ ü 😀 ; drop'],
  ["t_text", { p: 5 }, 200, "5"],
  ["t_text", { p: { a: 1 } }, 200, '{"a":1}', { lite: "[object Object]" }],
  ["t_text", { p: "a\0b" }, 400, expect.objectContaining({ code: "22P05" }), { lite: expect.anything() }],
  ["t_boolean", {}, 200, true],
  ["t_null", {}, 200, null],
  ["t_void", { p: 1 }, 204, undefined],
  ["t_jsonb", { p: { b: [1, "x", null] } }, 200, { b: [1, "x", null] }, { lite: '{"b":[1,"x",null]}' }],
  ["t_jsonb", { p: "text" }, 200, "text"],
  ["t_kind", { p: [1] }, 200, "array", { lite: "string" }],
  ["t_array", { p: [1, 2] }, 200, [1, 2, 9]],
  ["t_array", { p: "{1,2}" }, 200, [1, 2, 9]],
  ["t_uuid", { p: "zz" }, 400, expect.objectContaining({ code: "22P02" })],
  ["t_set", {}, 200, [1, 2, 3]],
  ["t_empty", {}, 200, []],
  [
    "t_table",
    { p: 1 },
    200,
    [
      { result: 1, value: "x" },
      { result: 2, value: null },
    ],
  ],
  ["t_rows", {}, 200, [expect.objectContaining(THING), { ...OTHER, id: 2 }], { lite: expect.anything() }],
  ["t_row", { p: 1 }, 200, expect.objectContaining(THING), { lite: expect.anything() }],
  ["t_row", { p: 7 }, 200, OTHER],
  ["t_out", { a: 2 }, 200, { b: 4 }],
  ["t_outs", { a: 2 }, 200, { b: 4, c: "c" }],
  ["t_variadic", { p: [1, 2] }, 200, 2],
  ["t_unnamed", { any: 1 }, 200, expect.anything()],
  ["t_quoted", { 'P "q': 1 }, 200, 1, { lite: expect.anything() }],
  ["t_overloaded", { a: 1 }, 200, "a"],
  ["t_overloaded", { b: "1" }, 200, "b"],
  ["t_ambiguous", { a: 1 }, 300, expect.objectContaining({ code: "PGRST203" })],
  ["t_status", {}, 202, "x"],
  ["t_divide", { p: 0 }, 400, expect.objectContaining({ code: "22012" })],
  ["t_raise", { p: "PT429" }, 429, refusal("PT429")],
  ["t_raise", { p: "42501" }, 403, refusal("42501")],
  ["t_raise", { p: "42501" }, 401, refusal("42501"), { who: "nobody" }],
  ["t_raise", { p: "23505" }, 409, refusal("23505"), { lite: refusal("23505", { hint: null }) }],
  ["t_raise", { p: "23514" }, 400, refusal("23514"), { lite: expect.objectContaining({ code: "SUP" }) }],
  ["t_raise", { p: "P0001" }, 400, refusal("P0001"), { lite: expect.objectContaining({ code: "SUP" }) }],
  ["t_raise", { p: "40P01" }, 500, refusal("40P01"), { lite: expect.objectContaining({ code: "SUP" }) }],
  ["t_respond", {}, 418, { code: "C", message: "M", details: "D", hint: "H" }],
  ["t_visible", {}, 200, 2],
  ["t_visible", {}, 200, 0, { who: "user" }],
  ["t_visible", {}, 200, 0, { who: "nobody" }],
  ["t_service_only", {}, 200, 1],
  ["t_service_only", {}, 403, expect.objectContaining({ code: "42501" }), { who: "user" }],
  ["t_service_only", {}, 401, expect.objectContaining({ code: "42501" }), { who: "nobody" }],
];

describe("a function call", () => {
  it.each<Row>(CALLS)(
    "%s %j is answered with %i as by PostgREST",
    async (...[name, args, status, body, more = {}]: Row) => {
      const { who = "service", lite } = more;
      const answer = await call(name, args, who);
      expect(answer).toMatchObject({ status, ...(body === undefined ? {} : { body }) });
      const plain = await call(name, args, who, THROUGH_LITE);
      if (lite === undefined) expect(answer).toEqual(plain);
      else expect(plain.body).toEqual(lite);
    },
  );

  it("knows the caller, whom the function sees as with PostgREST", async () => {
    const own = { method: "POST", path: "/rpc/t_caller" };
    for (const [who, role, uid] of [
      ["nobody", "anon", null],
      ["user", "authenticated", user.userId],
      ["service", "service_role", null],
    ] as const) {
      const { body } = await call("t_caller", {}, who);
      expect(body).toEqual({ ...own, role, user: role, claims: role, uid });
      expect((await call("t_caller", {}, who, THROUGH_LITE)).body).toEqual(body);
    }
  });

  it("runs as a login that may do nothing by itself", async () => {
    expect((await call("t_login", {})).body).toBe("authenticator");
    const [role] = await database.sql`
      select rolsuper, rolinherit, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles
      where rolname = 'authenticator'`;
    expect(Object.values(role ?? {})).toEqual([false, false, false, false, false]);
  });

  it("checks grants on each call, whoever has called before", async () => {
    // The plan of a prepared statement is kept after five calls.
    for (let time = 0; time < 60; time++) expect((await call("t_service_only", {})).status).toBe(200);
    for (let time = 0; time < 20; time++) {
      expect((await call("t_service_only", {}, "user")).status).toBe(403);
      expect((await call("t_service_only", {}, "nobody")).status).toBe(401);
    }
    await database.sql`revoke execute on function public.t_service_only() from service_role`;
    expect((await call("t_service_only", {})).status).toBe(403);
    await database.sql`grant execute on function public.t_service_only() to service_role`;
    expect((await call("t_service_only", {})).status).toBe(200);
  });

  it("finds functions that are created, changed and dropped while it runs", async () => {
    const { sql } = database;
    expect((await call("t_new", { a: 1 })).status).toBe(404);
    await sql.unsafe("create function public.t_new(a integer) returns integer language sql as 'select a'");
    expect((await call("t_new", { a: 1 })).body).toBe(1);
    await sql.unsafe("drop function public.t_new(integer)");
    expect((await call("t_new", { a: 1 })).status).toBe(404);
    await sql.unsafe("create function public.t_new(b text) returns text language sql as 'select b'");
    expect((await call("t_new", { b: "x" })).body).toBe("x");
  });

  it("leaves no trace in the log, however it fails", async () => {
    const before = await readFile(logFile(), "utf8");
    for (const state of ["PT429", "23514", "XX000"]) await call("t_raise", { p: state });
    expect(await readFile(logFile(), "utf8")).toBe(before);
  });
});

describe("a caller", () => {
  const signed = (changes: { exp?: number; secret?: string; role?: string; iat?: number }): Promise<string> =>
    new SignJWT({ role: changes.role ?? "authenticated", sub: user.userId })
      .setProtectedHeader({ alg: "HS256" })
      .setIssuedAt(changes.iat)
      .setExpirationTime(changes.exp ?? Math.floor(Date.now() / 1000) + 60)
      .sign(new TextEncoder().encode(changes.secret ?? database.jwtSecret));
  const now = Math.floor(Date.now() / 1000);

  it.each<readonly [string, number, () => Record<string, string> | Promise<Record<string, string>>]>([
    ["with an access token", 200, () => credentials("user")],
    ["with the publishable key alone", 200, () => ({ apikey: database.publishableKey })],
    ["with the secret key alone", 200, () => ({ apikey: database.secretKey })],
    ["with a token of the service role", 200, async () => bearer(await signed({ role: "service_role" }))],
    ["without a key", 401, () => ({})],
    ["with an unknown key", 401, () => ({ apikey: "sb_secret_forged" })],
    ["with a bearer alone", 401, () => ({ authorization: `Bearer ${user.accessToken}` })],
    [
      "with the secret key in a browser",
      401,
      () => ({ ...credentials("service"), "user-agent": "Mozilla/5.0" }),
    ],
    ["with an expired token", 401, async () => bearer(await signed({ exp: now - 10 }))],
    ["with a token of the future", 401, async () => bearer(await signed({ iat: now + 50 }))],
    ["with a forged token", 401, async () => bearer(await signed({ secret: "x".repeat(32) }))],
    ["with a token that is none", 200, () => bearer("nonsense")],
    ["with another scheme", 200, () => ({ ...credentials("nobody"), authorization: "Basic eDp5" })],
    ["with a token of an unknown role", 400, async () => bearer(await signed({ role: "stranger" }))],
  ])("%s gets %i, and the same as from lite", async (_, status, headersOf) => {
    const headers = await headersOf();
    const answer = await call("t_caller", {}, "nobody", { apikey: "", authorization: "" }).then(() =>
      post("t_caller", "{}", { headers: { "content-type": "application/json", ...headers } }),
    );
    expect(answer.status).toBe(status);
    const lite = { "content-type": "application/json", ...headers, ...THROUGH_LITE };
    expect(answer).toEqual(await post("t_caller", "{}", { headers: lite }));
  });

  it("is refused once the token has expired, also if it was accepted before", async () => {
    const token = await signed({ exp: Math.floor(Date.now() / 1000) + 2 });
    expect((await call("t_caller", {}, "nobody", bearer(token))).body).toMatchObject({
      role: "authenticated",
    });
    await vi.waitFor(
      async () => expect((await call("t_caller", {}, "nobody", bearer(token))).status).toBe(401),
      { timeout: 10_000, interval: 200 },
    );
  });

  function bearer(token: string): Record<string, string> {
    return { apikey: database.publishableKey, authorization: `Bearer ${token}` };
  }
});

describe("supabase-js", () => {
  it("calls functions with all that it can do to their result", async () => {
    const client: SupabaseClient = createClient(api.url, database.secretKey);
    expect((await client.rpc("t_integer", { p: 1 })).data).toBe(2);
    expect((await client.rpc("t_visible", {}, { get: true })).data).toBe(2);
    expect((await client.rpc("t_rows").select("id").eq("id", 2).single()).data).toEqual({ id: 2 });
    expect((await client.rpc("t_table", { p: 1 }, { count: "exact" })).count).toBe(2);
    expect((await client.rpc("t_raise", { p: "PT409" })).error).toMatchObject({
      code: "PT409",
      details: "D",
    });
    expect((await client.rpc("t_void", { p: 1 })).status).toBe(204);
  });
});

/** As many as there are connections. */
const RUNNING = 10;

describe("a client that disconnects", () => {
  const sleepers = async (): Promise<number> => {
    const rows = await database.sql`
      select from pg_stat_activity
      where datname = current_database() and wait_event = 'PgSleep' and state = 'active'`;
    return rows.length;
  };

  it("ends its call in the database, takes waiting ones out of the queue, and harms no other", async () => {
    const headers = { "content-type": "application/json", ...credentials("service") };
    const sleepFor = (seconds: number, signal: AbortSignal): Promise<unknown> =>
      post("t_sleep_and_note", JSON.stringify({ p: "left", seconds }), { headers, signal });
    for (let round = 0; round < 3; round++) {
      const [ofRunning, ofWaiting] = [new AbortController(), new AbortController()];
      const running = Array.from({ length: RUNNING }, () => sleepFor(60, ofRunning.signal));
      await vi.waitFor(async () => expect(await sleepers()).toBe(RUNNING), 10_000);
      const waiting = Array.from({ length: 30 }, () => sleepFor(0, ofWaiting.signal));
      const others = Array.from({ length: 30 }, (_, index) => call("t_integer", { p: index }));
      const left = Promise.allSettled([...running, ...waiting]);
      // One that does not wait for a connection, behind all these and then behind their ends.
      await call("t_caller", {}, "service", THROUGH_LITE);
      ofWaiting.abort();
      await call("t_caller", {}, "service", THROUGH_LITE);
      ofRunning.abort();
      for (const { status } of await left) expect(status).toBe("rejected");
      const answers = await Promise.all(others);
      expect(answers.map(({ body }) => body)).toEqual(others.map((_, index) => index + 1));
      await vi.waitFor(async () => expect(await sleepers()).toBe(0), 10_000);
      expect(await database.sql`select * from public.notes`).toEqual([]);
    }
  }, 60_000);
});

describe("a function's own statement_timeout", () => {
  it("holds for its call, as with PostgREST, and for no other call of the connection", async () => {
    const cancelled = await call("t_limited", { seconds: 30 });
    expect(cancelled).toMatchObject({ status: 500, body: { code: "57014" } });
    expect((await call("t_limited", { seconds: 0 })).body).toBe("300ms");
    const others = await Promise.all(Array.from({ length: 40 }, () => call("t_timeout", {})));
    expect(new Set(others.map(({ body }) => body))).toEqual(new Set(["0"]));
  });
});

describe("a lost connection", () => {
  it("fails the call that runs on it with 503; the next one has a new connection", async () => {
    const running = call("t_sleep_and_note", { p: "lost", seconds: 60 });
    const terminate = async (): Promise<number> => {
      const rows = await database.sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and usename = 'authenticator' and wait_event = 'PgSleep'`;
      return rows.length;
    };
    await vi.waitFor(async () => expect(await terminate()).toBe(1), 10_000);
    expect((await running).status).toBe(503);
    await database.sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and usename = 'authenticator'`;
    // The driver may learn of it only when it sends the next call.
    const many = (): Promise<Answer[]> =>
      Promise.all(Array.from({ length: 40 }, () => call("t_integer", { p: 1 })));
    for (const { status } of await many()) expect([200, 503]).toContain(status);
    expect((await many()).map(({ body }) => body)).toEqual(Array.from({ length: 40 }, () => 2));
    expect(await database.sql`select * from public.notes where note = 'lost'`).toEqual([]);
  });
});
