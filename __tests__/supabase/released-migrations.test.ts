import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applySql, type HostedServer, startHostedServer } from "../support/hosted-database.ts";
import { MIGRATIONS } from "../support/test-postgres.ts";

const CHECKSUMS = join(MIGRATIONS, "..", "released-migrations.sha256");
const FIRST_FORMS = new URL("../fixtures/migrations/", import.meta.url);

const migration = (name: string): Promise<string> => readFile(join(MIGRATIONS, name), "utf8");
const firstForm = (name: string): Promise<string> => readFile(new URL(name, FIRST_FORMS), "utf8");

/** `<sha256>  migrations/<file>` a line, as `sha256sum` writes and checks it. */
async function released(): Promise<{ file: string; checksum: string }[]> {
  const lines = (await readFile(CHECKSUMS, "utf8")).trim().split("\n");
  return lines.map((line) => {
    const [checksum = "", path = ""] = line.split(/\s+/);
    return { file: path.replace("migrations/", ""), checksum };
  });
}

describe("a released migration", () => {
  test("is never edited: who has applied it never gets the change", async () => {
    for (const { file, checksum } of await released()) {
      const found = createHash("sha256")
        .update(await migration(file))
        .digest("hex");
      expect({ file, checksum: found }).toEqual({ file, checksum });
    }
  });

  test("comes before every one that is not: none is slipped in between", async () => {
    const files = (await readdir(MIGRATIONS)).filter((name) => name.endsWith(".sql")).sort();
    const known = (await released()).map(({ file }) => file);
    expect(known.length).toBeGreaterThanOrEqual(3);
    expect(files.slice(0, known.length)).toEqual(known);
  });

  test("and the newest one have numbers that the schema's version follows", async () => {
    const files = (await readdir(MIGRATIONS)).filter((name) => name.endsWith(".sql")).sort();
    const numbers = files.map((name) => Number(name.split("_")[0]));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    const newest = await migration(files.at(-1) ?? "");
    expect(newest).toContain(`function public.sarmalink_schema_version()`);
    expect(newest).toMatch(new RegExp(`\\$\\$ select ${numbers.length} \\$\\$`));
  });
});

describe("a database that applied migrations as they first were", () => {
  let hosted: HostedServer;
  beforeAll(async () => {
    hosted = await startHostedServer();
  }, 30_000);
  afterAll(() => hosted.stop());

  /** Everything that our migrations make, in words; comments inside functions and the order of grants apart. */
  async function schema(sql: postgres.Sql): Promise<string[]> {
    const rows = await sql<{ line: string }[]>`
      select 'function ' || p.oid::regprocedure::text || ' '
          || regexp_replace(pg_get_functiondef(p.oid), '--[^\n]*', '', 'g') || ' ' || coalesce((select string_agg(one::text, ',' order by one::text) from unnest(p.proacl) one), '')
          as line
        from pg_proc p where p.pronamespace = 'public'::regnamespace
      union all
      select 'column ' || c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' '
          || a.attnotnull || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '') || ' '
          || coalesce((select string_agg(one::text, ',' order by one::text) from unnest(a.attacl) one), '')
        from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v')
      union all
      select 'table ' || relname || ' ' || relrowsecurity || ' ' || coalesce((select string_agg(one::text, ',' order by one::text) from unnest(relacl) one), '')
        from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v')
      union all
      select 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
        from pg_constraint where connamespace = 'public'::regnamespace
      union all
      select 'index ' || indexdef from pg_indexes where schemaname = 'public'
      union all
      select 'policy ' || tablename || ' ' || policyname || ' ' || cmd || ' ' || coalesce(qual, '') || ' '
          || coalesce(with_check, '')
        from pg_policies where schemaname = 'public'
      union all
      select 'trigger ' || pg_get_triggerdef(t.oid)
        from pg_trigger t join pg_class c on c.oid = t.tgrelid
        where c.relnamespace = 'public'::regnamespace and not t.tgisinternal
      order by 1`;
    return rows.map(({ line }) => line.replace(/\s+/g, " "));
  }

  const newer = async (): Promise<string[]> => {
    const files = (await readdir(MIGRATIONS)).filter((name) => name.endsWith(".sql")).sort();
    return Promise.all(files.slice(3).map(migration));
  };
  const second = () => migration("002_gateway_keys.sql");

  test.each([
    ["003", () => migration("001_sarmalink_ai.sql")],
    ["001 and 003", () => firstForm("001_sarmalink_ai.first.sql")],
  ])("%s: what came later brings it up to a fresh one", async (_, first) => {
    const fresh = await hosted.create();
    await applySql(
      fresh.owner,
      await migration("001_sarmalink_ai.sql"),
      await second(),
      await migration("003_proxy.sql"),
      ...(await newer()),
    );
    const early = await hosted.create();
    await applySql(early.owner, await first(), await second(), await firstForm("003_proxy.first.sql"));
    const expected = await schema(fresh.sql);
    expect(await schema(early.sql)).not.toEqual(expected);
    await applySql(early.owner, ...(await newer()));
    expect(await schema(early.sql)).toEqual(expected);
  });

  test("that stopped after any file, and applied each twice, comes to the same", async () => {
    const all = [await migration("001_sarmalink_ai.sql"), await second(), await migration("003_proxy.sql")];
    const fresh = await hosted.create();
    await applySql(fresh.owner, ...all, ...(await newer()));
    const expected = await schema(fresh.sql);
    const stopped = await hosted.create();
    await applySql(stopped.owner, ...all);
    for (const one of await newer()) await applySql(stopped.owner, one, one);
    expect(await schema(stopped.sql)).toEqual(expected);
    await applySql(stopped.owner, ...(await newer()));
    expect(await schema(stopped.sql)).toEqual(expected);
  });

  test("closes the OpenAI-compatible routes for the keys that it made before", async () => {
    const early = await hosted.create();
    await applySql(
      early.owner,
      await migration("001_sarmalink_ai.sql"),
      await second(),
      await firstForm("003_proxy.first.sql"),
    );
    const user_id = await early.aUser();
    await early.sql`insert into public.gateway_keys ${early.sql({
      user_id,
      name: "k",
      key_hash: "ab".repeat(32),
      prefix: "sk-sarmalink-ab",
    })}`;
    await applySql(early.owner, ...(await newer()));
    await early.sql`delete from auth.users`;
    expect(await early.sql`select public.gateway_key_ever_created() as ever`).toEqual([{ ever: true }]);
  });
});
