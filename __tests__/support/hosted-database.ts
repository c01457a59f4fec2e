import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { testServer } from "./test-database.ts";
import { superuser, type TestPostgres } from "./test-postgres.ts";

// What a hosted project has before our migrations: an auth schema of somebody else, helpers that read
// the JSON claims, and a `postgres` that owns the database, bypasses RLS and is no superuser.
const HOSTED = `
  create schema auth;
  create table auth.users (id uuid primary key default gen_random_uuid(), email text);
  create function auth.uid() returns uuid language sql stable as $$
    select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$;
  create function auth.role() returns text language sql stable as $$
    select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role' $$;
  grant usage on schema auth to public;
  grant references, select on auth.users to hosted_owner;`;

/** What projects had before 2026-10-30: everything is granted to new tables and functions. */
export const OLD_DEFAULT_PRIVILEGES = `
  alter default privileges for role hosted_owner in schema public grant all on tables to anon, authenticated, service_role;
  alter default privileges for role hosted_owner in schema public grant all on functions to anon, authenticated, service_role;`;

export type HostedDatabase = {
  /** As superuser. */
  sql: postgres.Sql;
  /** As the owner, who applies migrations. */
  owner: postgres.Sql;
  /** A new user. */
  aUser(): Promise<string>;
  /** Runs work as PostgREST would: in a transaction, as a role with its claims. */
  as<Result>(
    role: "anon" | "authenticated" | "service_role",
    userId: string | undefined,
    work: (transaction: postgres.TransactionSql) => Promise<Result>,
  ): Promise<Result>;
};

export type HostedServer = {
  server: TestPostgres;
  /** A database as a hosted project has it before our migrations; `extra` is SQL to arrange it. */
  create(extra?: string): Promise<HostedDatabase>;
  stop(): Promise<void>;
};

/** Databases like those of hosted projects, on the Postgres of the tests. */
export async function startHostedServer(): Promise<HostedServer> {
  const { server, stopServer } = await testServer();
  const admin = superuser(server, "postgres");
  const open: { sql: postgres.Sql; owner: postgres.Sql; name: string }[] = [];
  await admin.unsafe(`do $$ begin
    create role hosted_owner login bypassrls password 'hosted';
  exception when duplicate_object or unique_violation then null;
  end $$`);
  return {
    server,
    async create(extra = "") {
      const name = `hosted_${randomUUID().replaceAll("-", "")}`;
      await admin.unsafe(`create database ${name} owner hosted_owner template template0`);
      const sql = superuser(server, name);
      await sql.unsafe(HOSTED + extra).simple();
      const owner = postgres({
        host: "127.0.0.1",
        port: server.port,
        user: "hosted_owner",
        password: "hosted",
        database: name,
        onnotice: () => undefined,
      });
      open.push({ sql, owner, name });
      return {
        sql,
        owner,
        async aUser() {
          const [user] = await sql<{ id: string }[]>`insert into auth.users default values returning id`;
          return user?.id ?? "";
        },
        async as(role, userId, work) {
          const claims = JSON.stringify({ sub: userId, role });
          let result: Awaited<ReturnType<typeof work>> | undefined;
          await sql.begin(async (transaction) => {
            await transaction`select set_config('request.jwt.claims', ${claims}, true)`;
            await transaction.unsafe(`set local role ${role}`);
            result = await work(transaction);
          });
          return result as Awaited<ReturnType<typeof work>>;
        },
      };
    },
    async stop() {
      for (const { sql, owner, name } of open) {
        await sql.end();
        await owner.end();
        await admin.unsafe(`drop database ${name} with (force)`);
      }
      await admin.end();
      await stopServer();
    },
  };
}

/** Applies migrations as their owner, each in a transaction, as the Supabase CLI does. */
export async function applySql(owner: postgres.Sql, ...texts: readonly string[]): Promise<void> {
  for (const text of texts) await owner.begin((transaction) => transaction.unsafe(text).simple());
}
