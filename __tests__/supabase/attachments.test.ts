import { randomBytes, randomUUID } from "node:crypto";
import type postgres from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readMigrations } from "#lib/local-supabase/migrations.ts";
import {
  applySql,
  type HostedDatabase,
  type HostedServer,
  startHostedServer,
} from "../support/hosted-database.ts";
import { MIGRATIONS } from "../support/test-postgres.ts";

let hosted: HostedServer;
let database: HostedDatabase;
let user: string;

beforeAll(async () => {
  hosted = await startHostedServer();
  database = await hosted.create();
  await applySql(database.owner, ...(await readMigrations(MIGRATIONS)).map(({ sql }) => sql));
}, 30_000);
afterAll(() => hosted.stop());
beforeEach(async () => {
  user = await database.aUser();
});

type Row = Readonly<Record<string, unknown>>;
const digest = (): string => randomBytes(32).toString("hex");
const aFile = (changes: Row = {}): Row => ({
  ...{ user_id: user, name: "a.png", type: "image", bytes: 3, digest: digest(), content: "AAAA" },
  ...changes,
});

const insertBy = (sql: postgres.Sql | postgres.TransactionSql, row: Row) =>
  sql`insert into public.ai_attachments ${sql(row)} returning id`;
/** As a user does who calls the database without a gateway. */
const add = (changes: Row = {}, who = user) =>
  database.as("authenticated", who, (sql) => insertBy(sql, aFile(changes)));
const names = async (): Promise<string[]> =>
  (
    await database.sql`select name from public.ai_attachments where user_id = ${user} order by created_at, name`
  ).map((row) => String(row["name"]));
const aSession = async (owner = user): Promise<string> => {
  const [row] =
    await database.sql`insert into public.ai_chat_sessions (user_id) values (${owner}) returning id`;
  return String(row?.["id"]);
};

describe("a file of the database", () => {
  test.each<[string, Row]>([
    ["without a name", { name: "" }],
    ["with a name of 201 characters", { name: "x".repeat(201) }],
    ["of another type", { type: "exe" }],
    ["of no bytes", { bytes: 0 }],
    ["of more than 15 MB", { bytes: 15 * 1024 ** 2 + 1 }],
    ["with fewer than no pages", { pages: -1 }],
    ["with a digest that is none", { digest: "x" }],
    ["with nothing in it", { content: null }],
    ["with more than 20 MB of base64", { content: "A".repeat(20 * 1024 ** 2 + 1) }],
    ["with a document that is no object", { document: [1] }],
    ["with a document of more than 12 MB", { document: { sections: "x".repeat(12 * 1024 ** 2) } }],
  ])("%s is refused", async (_what, changes) => {
    const row =
      "document" in changes ? { document: database.sql.json(changes["document"] as never) } : changes;
    await expect(add(row)).rejects.toMatchObject({ code: "23514" });
  });

  test("belongs to a session of its own user only, whoever writes it", async () => {
    const others = await aSession(await database.aUser());
    await expect(add({ session_id: others })).rejects.toMatchObject({ code: "23503" });
    const [row] = await add();
    const bind = (session: string) =>
      database.as(
        "authenticated",
        user,
        (sql) => sql`update public.ai_attachments set session_id = ${session} where id = ${row?.["id"]}`,
      );
    await expect(bind(others)).rejects.toMatchObject({ code: "23503" });
    const asService = database.as("service_role", undefined, (sql) =>
      insertBy(sql, aFile({ session_id: others })),
    );
    await expect(asService).rejects.toMatchObject({ code: "23503" });
    await bind(await aSession());
  });

  test("is in a session once, and goes with it", async () => {
    const session_id = await aSession();
    const file = { session_id, digest: digest() };
    await add(file);
    await expect(add(file)).rejects.toMatchObject({ code: "23505" });
    await database.sql`delete from public.ai_chat_sessions where id = ${session_id}`;
    expect(await names()).toEqual([]);
  });
});

describe("a user keeps", () => {
  test("200 files: a new one pushes out the oldest, and nobody else's", async () => {
    const other = await database.aUser();
    await add({ user_id: other }, other);
    await database.sql`
      insert into public.ai_attachments (user_id, name, type, bytes, digest, content, created_at)
      select ${user}, lpad(n::text, 3, '0'), 'image', 3, md5(n::text) || md5(n::text), 'AAAA', now() - n * interval '1 minute'
      from generate_series(1, 200) n`;
    await add({ name: "new" });
    const kept = await names();
    expect([kept.length, kept.includes("200"), kept.includes("199"), kept.includes("new")]).toEqual([
      200,
      false,
      true,
      true,
    ]);
    const [row] = await database.sql`select 1 from public.ai_attachments where user_id = ${other}`;
    expect(row).toBeDefined();
  });

  test("200 MB", async () => {
    const content = "A".repeat(20 * 1024 ** 2);
    for (let index = 0; index < 11; index++) await add({ name: `${index}`, content });
    expect(await names()).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
  }, 60_000);

  test("a file that no session has for a day", async () => {
    const session_id = await aSession();
    const old = { created_at: new Date(Date.now() - 25 * 3_600_000) };
    for (const row of [{ name: "free" }, { name: "bound", session_id }]) {
      await insertBy(database.sql, aFile({ ...old, ...row }));
    }
    await add({ name: "new" });
    expect(await names()).toEqual(["bound", "new"]);
  });

  test("what two uploads at once leave within the bound", async () => {
    await Promise.all(Array.from({ length: 20 }, (_, index) => add({ name: `${index}` })));
    expect(await names()).toHaveLength(20);
  });
});

describe("read_attachments", () => {
  type Query = Readonly<Record<string, unknown>>;
  const read = async (query: Query, who: string | undefined = user): Promise<Row[]> => {
    const role = who === undefined ? "service_role" : "authenticated";
    const [row] = await database.as(
      role,
      who,
      (sql) =>
        sql`select public.read_attachments(${database.sql.json({ max_bytes: 100, user_id: user, ...query } as never)}) as files`,
    );
    return row?.["files"] as Row[];
  };

  test("gives the newest first, and the content while there is room", async () => {
    const session_id = await aSession();
    for (const [name, content] of [
      ["old", "A".repeat(80)],
      ["new", "A".repeat(40)],
    ] as const) {
      await add({ name, content, session_id });
    }
    const files = await read({ session_id });
    expect(files.map(({ name, content }) => [name, content])).toEqual([
      ["new", "A".repeat(40)],
      ["old", null],
    ]);
  });

  test("gives nobody another's files, but to the service role those of the user it names", async () => {
    const [row] = await add();
    const ids = [row?.["id"], randomUUID()];
    const other = await database.aUser();
    expect(await read({ ids })).toHaveLength(1);
    expect(await read({ ids }, other)).toEqual([]);
    expect(await read({ ids, user_id: other }, other)).toEqual([]);
    const asService = await database.as(
      "service_role",
      undefined,
      (sql) =>
        sql`select jsonb_array_length(public.read_attachments(${database.sql.json({ ids, user_id: other, max_bytes: 9 } as never)})) as n`,
    );
    expect(asService[0]?.["n"]).toBe(0);
  });
});
