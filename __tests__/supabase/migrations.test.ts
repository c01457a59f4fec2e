import { createHash, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { readMigrations } from "#lib/local-supabase/migrations.ts";
import {
  applySql,
  type HostedServer,
  OLD_DEFAULT_PRIVILEGES,
  startHostedServer,
} from "../support/hosted-database.ts";
import { MIGRATIONS, superuser, TEMPLATE } from "../support/test-postgres.ts";

let hosted: HostedServer;

beforeAll(async () => {
  hosted = await startHostedServer();
}, 30_000);

afterAll(() => hosted.stop());

const hostedDatabase = (extra?: string) => hosted.create(extra);

async function migrate(owner: postgres.Sql): Promise<void> {
  await applySql(owner, ...(await readMigrations(MIGRATIONS)).map(({ sql }) => sql));
}

/** Every privilege that a request role holds in `public`, on tables, columns and functions. */
async function grants(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql<{ line: string }[]>`
    select grantee || ' ' || privilege_type || ' ' || table_name as line from information_schema.table_privileges
      where table_schema = 'public' and grantee in ('anon', 'authenticated', 'service_role', 'PUBLIC')
    union
    select grantee || ' ' || privilege_type || ' ' || table_name || '.' || column_name
      from information_schema.column_privileges
      where table_schema = 'public' and grantee in ('anon', 'authenticated', 'service_role', 'PUBLIC')
    union
    select grantee || ' EXECUTE ' || routine_name from information_schema.routine_privileges
      where routine_schema = 'public' and grantee in ('anon', 'authenticated', 'service_role', 'PUBLIC')
    order by 1`;
  return rows.map((row) => row.line);
}

describe("the migrations", () => {
  test("apply on an empty database without default privileges, and again on themselves", async () => {
    const { sql, owner } = await hostedDatabase();
    await migrate(owner);
    const first = await grants(sql);
    await migrate(owner);
    expect(await grants(sql)).toEqual(first);
    // Settling asks for the secret of the turn, not for a session.
    expect(first.filter((line) => /^(anon|PUBLIC) /.test(line))).toEqual(["anon EXECUTE settle_turn"]);
    expect(first.filter((line) => line.includes("settle_hash"))).toEqual([]);
    expect(first.filter((line) => line.includes("key_hash"))).toEqual([
      "service_role INSERT gateway_keys.key_hash",
    ]);
    // Windows are the function's own; what a key has spent its owner may see.
    expect(
      first.filter((line) =>
        /gateway_key_(?:windows|marker|changes|secrets|holds|today|actions)(?!\w)/.test(line),
      ),
    ).toEqual([]);
    expect(first.filter((line) => line.endsWith(" gateway_key_spend"))).toEqual([
      "authenticated SELECT gateway_key_spend",
      "service_role SELECT gateway_key_spend",
    ]);
    expect(first.filter((line) => line.includes(" EXECUTE "))).toEqual([
      "anon EXECUTE settle_turn",
      "authenticated EXECUTE begin_turn",
      "authenticated EXECUTE branch_session",
      "authenticated EXECUTE quota_today",
      "authenticated EXECUTE read_attachments",
      "authenticated EXECUTE sarmalink_schema_version",
      "authenticated EXECUTE settle_turn",
      "service_role EXECUTE admin_health",
      "service_role EXECUTE admin_request",
      "service_role EXECUTE admin_requests",
      "service_role EXECUTE admin_series",
      "service_role EXECUTE admit_gateway_key",
      "service_role EXECUTE ai_object_add",
      "service_role EXECUTE ai_object_keep",
      "service_role EXECUTE ai_objects_deleted",
      "service_role EXECUTE ai_objects_due",
      "service_role EXECUTE begin_turn",
      "service_role EXECUTE branch_session",
      "service_role EXECUTE close_turns_to_users",
      "service_role EXECUTE create_gateway_key",
      "service_role EXECUTE delete_override",
      "service_role EXECUTE find_gateway_key",
      "service_role EXECUTE fold_figures",
      "service_role EXECUTE gateway_key_add",
      "service_role EXECUTE gateway_key_admit",
      "service_role EXECUTE gateway_key_change",
      "service_role EXECUTE gateway_key_ever_created",
      "service_role EXECUTE gateway_key_find",
      "service_role EXECUTE gateway_key_get",
      "service_role EXECUTE gateway_key_release",
      "service_role EXECUTE gateway_key_revoke",
      "service_role EXECUTE gateway_key_rotate",
      "service_role EXECUTE gateway_keys_changed_since",
      "service_role EXECUTE gateway_keys_page",
      "service_role EXECUTE gateway_keys_prune",
      "service_role EXECUTE list_gateway_keys",
      "service_role EXECUTE list_instances",
      "service_role EXECUTE list_overrides",
      "service_role EXECUTE manus_add_task",
      "service_role EXECUTE manus_apply_news",
      "service_role EXECUTE manus_continue_task",
      "service_role EXECUTE manus_delete_task",
      "service_role EXECUTE prune_ledger",
      "service_role EXECUTE put_override",
      "service_role EXECUTE quota_today",
      "service_role EXECUTE read_attachments",
      "service_role EXECUTE record_turns",
      "service_role EXECUTE revoke_gateway_key",
      "service_role EXECUTE sarmalink_schema_version",
      "service_role EXECUTE settle_orphans",
      "service_role EXECUTE settle_turn",
      "service_role EXECUTE settle_turns",
      "service_role EXECUTE sync_instance",
    ]);
  });

  test("leave the same grants where old default privileges granted everything", async () => {
    const strict = await hostedDatabase();
    const generous = await hostedDatabase(OLD_DEFAULT_PRIVILEGES);
    await migrate(strict.owner);
    await migrate(generous.owner);
    expect(await grants(generous.sql)).toEqual(await grants(strict.sql));
  });

  test("leave the same grants in the embedded Supabase, which grants ALL at its first request", async () => {
    const { sql, owner } = await hostedDatabase();
    await migrate(owner);
    const template = superuser(hosted.server, TEMPLATE);
    const embedded = await grants(template);
    await template.end();
    expect(embedded).toEqual(await grants(sql));
  });

  test("003 finds the turns of before, and 001 and 002 apply again over turns of nobody", async () => {
    const { sql, owner } = await hostedDatabase();
    const [first, second, third] = await readMigrations(MIGRATIONS);
    const apply = async (...some: (typeof first)[]): Promise<void> => {
      for (const one of some) await owner.begin((transaction) => transaction.unsafe(one?.sql ?? "").simple());
    };
    await apply(first, second);
    const [user] = await sql<{ id: string }[]>`insert into auth.users default values returning id`;
    const turn = { tier: "smart", quota_day: "2026-01-01", settle_hash: Buffer.alloc(32) };
    await sql`insert into public.ai_chat_usage ${sql({ ...turn, id: randomUUID(), user_id: user?.id ?? "" })}`;
    await apply(third);
    await sql`insert into public.ai_chat_usage ${sql({ ...turn, id: randomUUID() })}`;
    await apply(first, second, third);
    const seen = await sql`select user_id, turns from public.ai_usage_today order by user_id nulls last`;
    expect(seen).toEqual([
      { user_id: user?.id, turns: "1" },
      { user_id: null, turns: "1" },
    ]);
  });

  test("003 finds the keys of before: the routes stay closed when their user is deleted", async () => {
    const { sql, owner } = await hostedDatabase();
    const apply = async (some: Awaited<ReturnType<typeof readMigrations>>): Promise<void> => {
      for (const one of some) await owner.begin((transaction) => transaction.unsafe(one.sql).simple());
    };
    const all = await readMigrations(MIGRATIONS);
    const key = { name: "k", prefix: "sk-sarmalink-ab" };
    await apply(all.slice(0, 2));
    const [user] = await sql<{ id: string }[]>`insert into auth.users default values returning id`;
    const user_id = user?.id ?? "";
    await sql`insert into public.gateway_keys ${sql({ ...key, user_id, seeded: true, key_hash: "ab".repeat(32) })}`;
    await apply(all.slice(2));
    const isEver = async () => (await sql`select public.gateway_key_ever_created() as ever`)[0]?.["ever"];
    expect(await isEver()).toBe(false);
    await sql`alter table public.gateway_keys disable trigger user`;
    await sql`insert into public.gateway_keys ${sql({ ...key, user_id, key_hash: "cd".repeat(32) })}`;
    await sql`alter table public.gateway_keys enable trigger user`;
    expect(await isEver()).toBe(false);
    await apply(all.slice(2));
    await sql`delete from auth.users`;
    expect(await isEver()).toBe(true);
  });

  test("leave turns working after each file, as a gateway writes them that is older than all of these", async () => {
    const { sql, owner, as, aUser } = await hostedDatabase();
    const all = await readMigrations(MIGRATIONS);
    const user = await aUser();
    const secret = "s";
    const hash = createHash("sha256").update(secret).digest("hex");
    const attempts = [{ model_id: "m", backend: "b", status: "ok", latency_ms: 12.5, meta: {} }];
    const batched = (id: string) =>
      sql.json([
        {
          ...{ id, user_id: user, tier: "smart", started_at: 1_000, status: "completed", delivered: true },
          ...{ prompt_tokens: 1, completion_tokens: 1, cached_tokens: 0, cost_usd: 0.5 },
        },
      ]);
    for (const [index, { version, sql: text }] of all.entries()) {
      await applySql(owner, text);
      const id = randomUUID();
      const begun = await as(
        "authenticated",
        user,
        (acting) =>
          acting`select public.begin_turn(${id}, ${hash}, 'smart', 100) ->> 'session_id' as session`,
      );
      await as("authenticated", user, (acting) =>
        version < "012"
          ? acting`
                select public.settle_turn(${id}, ${secret}, 'completed', true, p_cost_usd => 0.5,
                  p_user_message => 'Hi', p_assistant_message => 'Hello', p_attempts => ${sql.json(attempts)})`
          : acting`select public.settle_turn(${sql.json({
              ...{ id, settle_secret: secret, status: "completed", delivered: true, cost_usd: 0.5, attempts },
              ...{ user_message: "Hi", assistant_message: "Hello" },
              // Before 013 they are not read, and must not stand in the way.
              tool_calls: [{ backend: "b", status: "ok", latency_ms: 1, meta: {} }],
            })})`,
      );
      const [row] = await sql`
        select u.status, jsonb_array_length(s.messages) as messages,
               (select count(*)::int from public.ai_events where request_id = u.id and event_type = 'attempt') as attempts,
               (select count(*)::int from public.ai_events where request_id = u.id and event_type = 'tool') as tools
        from public.ai_chat_usage u join public.ai_chat_sessions s on s.id = u.session_id
        where u.id = ${id} and s.id = ${String(begun[0]?.["session"])}`;
      expect({ version, ...row }).toEqual({
        ...{ version, status: "completed", messages: 2, attempts: 1 },
        tools: version < "013" ? 0 : 1,
      });
      if (index < 2) continue;
      const stored = await as(
        "service_role",
        undefined,
        (acting) => acting`select public.record_turns(${batched(randomUUID())}) ->> 'stored' as stored`,
      );
      expect({ version, stored: stored[0]?.["stored"] }).toEqual({ version, stored: "1" });
    }
  });

  test("012 keeps every row of a database of 011, and what was begun before it ends after it", async () => {
    const { sql, owner, as, aUser } = await hostedDatabase();
    const all = await readMigrations(MIGRATIONS);
    const before = all.filter(({ version }) => version < "012");
    await applySql(owner, ...before.map(({ sql: text }) => text));
    const [user, other] = [await aUser(), await aUser()];
    const secret = "s";
    const hash = createHash("sha256").update(secret).digest("hex");
    const begin = async (who: string): Promise<string> => {
      const id = randomUUID();
      await as(
        "authenticated",
        who,
        (acting) => acting`select public.begin_turn(${id}, ${hash}, 'smart', 100)`,
      );
      return id;
    };
    const attempts = [{ model_id: "m", backend: "b", status: "ok", latency_ms: 12.5, meta: { attempt: 1 } }];
    const [complete, started, theirs] = [await begin(user), await begin(user), await begin(other)];
    await as(
      "anon",
      undefined,
      (acting) =>
        acting`select public.settle_turn(${complete}, ${secret}, 'completed', true, p_user_message => 'Hi',
        p_assistant_message => 'Hello', p_attempts => ${sql.json(attempts)})`,
    );
    const batched = { id: randomUUID(), user_id: user, tier: "named", started_at: 1_000, status: "failed" };
    const counts = { delivered: false, prompt_tokens: 1, completion_tokens: 0, cached_tokens: 0, attempts };
    await as(
      "service_role",
      undefined,
      (acting) => acting`select public.record_turns(${sql.json([{ ...batched, ...counts }])})`,
    );
    const rows = () => sql`
      select to_jsonb(u) - '{attempts,route,served_tokens,billable_tokens,in_figures,instance_id}'::text[] as turn
        from public.ai_chat_usage u
      union all select to_jsonb(e) - '{first_token_ms,in_figures}'::text[] from public.ai_events e
      union all select to_jsonb(s) - '{last_mode,part_messages,part_characters}'::text[] from public.ai_chat_sessions s
      union all select to_jsonb(q) from public.ai_quota_counters q order by 1`;
    const kept = await rows();
    expect(kept.length).toBe(4 + 2 + 3 + 2);
    const after = all.filter(({ version }) => version >= "012").map(({ sql: text }) => text);
    await applySql(owner, ...after);
    expect(await rows()).toEqual(kept);
    await applySql(owner, ...after);
    expect(await rows()).toEqual(kept);
    expect(await sql`select 1 from public.ai_chat_usage where attempts is not null`).toEqual([]);

    const end = (id: string, own: string) =>
      sql.json({
        ...{ id, settle_secret: own, status: "completed", delivered: true },
        user_message: "q",
        attempts,
      });
    const settle = (role: "anon" | "authenticated", who: string | undefined, id: string, own = secret) =>
      as(role, who, (acting) => acting`select public.settle_turn(${end(id, own)}) as settled`);
    await expect(settle("anon", undefined, started, "guess")).rejects.toMatchObject({ code: "PT403" });
    await expect(settle("authenticated", other, started)).rejects.toMatchObject({ code: "PT404" });
    expect(await settle("authenticated", user, started)).toEqual([{ settled: true }]);
    expect(await settle("anon", undefined, started)).toEqual([{ settled: false }]);
    const native = {
      id: theirs,
      settle_secret: secret,
      status: "interrupted",
      delivered: false,
      user_id: other,
    };
    const stored = await as(
      "service_role",
      undefined,
      (acting) => acting`select public.settle_turns(${sql.json([native])}) as answer`,
    );
    expect(stored).toEqual([{ answer: { stored: 1, refused: [] } }]);
    const ended = await sql`
      select id, status, attempts from public.ai_chat_usage where id in (${started}, ${theirs}) order by status`;
    expect(ended).toMatchObject([
      { id: started, status: "completed", attempts },
      { id: theirs, status: "interrupted", attempts: [] },
    ]);
    const left = await sql`select used from public.ai_quota_counters order by used`;
    expect(left.map(({ used }) => used)).toEqual([0, 2]);
    const seen = await as("authenticated", user, (acting) => acting`select id from public.ai_chat_usage`);
    expect(seen.map((row) => row["id"]).sort()).toEqual([complete, started, batched.id].sort());
    await expect(
      as("anon", undefined, (acting) => acting`select attempts from public.ai_chat_usage`),
    ).rejects.toMatchObject({ code: "42501" });
  });

  test("that are applied while turns begin wait for them, and do not stand in their way", async () => {
    const { sql, owner, aUser } = await hostedDatabase();
    const all = await readMigrations(MIGRATIONS);
    const before = all.filter(({ version }) => version < "015");
    await applySql(owner, ...before.map(({ sql: text }) => text));
    const user = await aUser();
    await sql`insert into public.ai_chat_sessions (user_id) values (${user})`;
    const waiting = async (): Promise<boolean> =>
      (await sql`select from pg_stat_activity where usename = 'hosted_owner' and wait_event_type = 'Lock'`)
        .length > 0;
    // Each on a database that lacks it, then again.
    for (const { version, sql: text } of [...all.slice(before.length), ...all.slice(before.length)]) {
      let applied: Promise<unknown> | undefined;
      // As begin_turn: the session is read, and then written to.
      await sql.begin(async (turn) => {
        await turn`select from public.ai_chat_sessions`;
        applied = applySql(owner, text).then(
          () => "applied",
          (error: unknown) => error,
        );
        await Promise.race([applied, vi.waitFor(async () => expect(await waiting()).toBe(true), 10_000)]);
        await turn`update public.ai_chat_sessions set last_mode = 'smart'`;
      });
      expect({ version, applied: await applied }).toEqual({ version, applied: "applied" });
    }
  });

  test("001 alone makes a turn work, as hosted PostgREST would call it", async () => {
    const { sql, owner } = await hostedDatabase();
    const first = await readFile(join(MIGRATIONS, "001_sarmalink_ai.sql"), "utf8");
    await owner.begin((transaction) => transaction.unsafe(first).simple());
    const [user] = await sql<{ id: string }[]>`insert into auth.users default values returning id`;
    const claims = JSON.stringify({ sub: user?.id, role: "authenticated" });
    const begun = await sql.begin(async (transaction) => {
      await transaction`select set_config('request.jwt.claims', ${claims}, true)`;
      await transaction`set local role authenticated`;
      return await transaction`
        select public.begin_turn(${randomUUID()}, ${"ab".repeat(32)}, 'smart', 5) ->> 'used_today' as used`;
    });
    expect(begun[0]?.["used"]).toBe("1");
  });

  test("put row level security on every table and security_invoker on every view of public", async () => {
    const { sql, owner } = await hostedDatabase();
    await migrate(owner);
    const bare = await sql`
      select relname from pg_class where relnamespace = 'public'::regnamespace
        and ((relkind in ('r', 'p') and not relrowsecurity)
          or (relkind = 'v' and not coalesce(reloptions @> '{security_invoker=true}', false)))`;
    expect(bare).toEqual([]);
  });

  test("pin the search path of every function", async () => {
    const { sql, owner } = await hostedDatabase();
    await migrate(owner);
    const loose = await sql`
      select proname from pg_proc where pronamespace = 'public'::regnamespace
        and not coalesce(proconfig @> array['search_path=""'], false)
      order by proname`;
    // Postgres puts these where they are called, which it does with no function that has a setting; they name the
    // schema of all that they call.
    const inlined = ["ai_bucket_ms", "ai_latency_bucket", "ai_number", "ai_turn_parts"];
    expect(loose.map(({ proname }) => proname)).toEqual(inlined);
  });
});
