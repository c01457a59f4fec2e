import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Sql } from "postgres";

export type Migration = { version: string; name: string; sql: string };

/** The migrations of a folder, in the order in which they are applied: by file name. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => /^\d+_.+\.sql$/.test(file)).sort();
  return await Promise.all(
    files.map(async (file) => {
      const [version = "", ...rest] = file.replace(/\.sql$/, "").split("_");
      return { version, name: rest.join("_"), sql: await readFile(join(folder, file), "utf8") };
    }),
  );
}

/**
 * Applies migrations that the history table does not have, or has with another text (they can be applied
 * again), each in a transaction with its history row. Returns the applied versions.
 */
export async function applyMigrations(sql: Sql, migrations: Migration[]): Promise<string[]> {
  const rows = await sql<{ version: string; statements: string[] | null }[]>`
    select version, statements from supabase_migrations.schema_migrations`;
  const recorded = new Map(rows.map((row) => [row.version, row.statements?.join("\n")]));
  const applied: string[] = [];
  for (const migration of migrations) {
    if (recorded.get(migration.version) === migration.sql) continue;
    await sql.begin(async (transaction) => {
      await transaction.unsafe(migration.sql).simple();
      await transaction`
        insert into supabase_migrations.schema_migrations (version, name, statements)
        values (${migration.version}, ${migration.name}, ${[migration.sql]})
        on conflict (version) do update set name = excluded.name, statements = excluded.statements`;
    });
    applied.push(migration.version);
  }
  return applied;
}

const UNDEFINED_FUNCTION = "42883";

/** What sets grants: the statements themselves, and the function that may revoke users' access to turns. */
const GRANTS = /^(?:grant|revoke)\s|^select public\.ai_apply_turn_access\(\)/i;

/**
 * Runs every grant and revoke of the migrations again.
 *
 * `@supabase/lite` grants ALL on every table to anon, authenticated and service_role at the first
 * request of a process. Row level security still holds then, but column grants and tables without
 * any grant do not.
 */
export async function reapplyGrants(
  sql: Sql,
  migrations: Migration[],
  split: (text: string) => string[],
): Promise<void> {
  const statements = migrations
    .flatMap((migration) => split(migration.sql))
    .map((statement) => statement.replace(/^(?:\s+|--[^\n]*\n)+/, ""))
    .filter((statement) => GRANTS.test(statement));
  await sql.begin(async (transaction) => {
    for (const statement of statements) {
      await transaction
        .savepoint((step) => step.unsafe(statement).simple())
        .catch((error: unknown) => {
          // A later migration has dropped the function.
          if ((error as { code?: unknown }).code !== UNDEFINED_FUNCTION) throw error;
        });
    }
  });
}
