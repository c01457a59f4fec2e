import { randomUUID } from "node:crypto";
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

const keyOf = (id: string, kind = "attachments", owner = user): string =>
  `${kind}/${owner}/2026-11-27/${id}.pdf`;
async function add(changes: Row = {}): Promise<string> {
  const id = randomUUID();
  const object = {
    id,
    key: keyOf(id),
    user_id: user,
    name: "a.pdf",
    media_type: "application/pdf",
    bytes: 3,
    ...changes,
  };
  await database.as(
    "service_role",
    undefined,
    (sql) => sql`select public.ai_object_add(${sql.json(object as never)})`,
  );
  return String(object.id);
}
const keep = async (id: string, owner: Row = {}): Promise<unknown> => {
  const object = { id, user_id: user, ...owner };
  const [row] = await database.as(
    "service_role",
    undefined,
    (sql) => sql`select public.ai_object_keep(${sql.json(object as never)}) as kept`,
  );
  return row?.["kept"];
};
const due = async (): Promise<string[]> =>
  (await database.as("service_role", undefined, (sql) => sql`select public.ai_objects_due(1000) as key`))
    .map((row) => String(row["key"]))
    .filter((key) => key.includes(user));

describe("the key of an object", () => {
  test.each<[string, (id: string) => string]>([
    ["another user's", (id) => keyOf(id, "attachments", randomUUID())],
    ["of another kind", (id) => keyOf(id, "secrets")],
    ["with another id", () => keyOf(randomUUID())],
    ["that climbs", (id) => `attachments/${user}/../${id}.pdf`],
    ["with more behind it", (id) => `${keyOf(id)}\n`],
    ["with more before it", (id) => `x/${keyOf(id)}`],
  ])("%s is refused, whoever writes it", async (_, key) => {
    const id = randomUUID();
    await expect(add({ id, key: key(id) })).rejects.toMatchObject({ code: "23514" });
  });
});

describe("an object", () => {
  test("is not kept for what has gone, or is another user's", async () => {
    const id = await add();
    expect(await keep(id, { attachment_id: randomUUID() })).toBe(false);
    const other = await database.aUser();
    const [session] =
      await database.sql`insert into public.ai_chat_sessions (user_id) values (${other}) returning id`;
    expect(await keep(id, { session_id: session?.["id"] })).toBe(false);
    expect(await keep(id, { user_id: other })).toBe(false);
    expect(await keep(randomUUID())).toBe(false);
    expect(await keep(id)).toBe(true);
  });

  test("that is gone is due at once if it was stored, and a day after its row if not; each to one asker", async () => {
    const [stored, unstored] = [await add(), await add()];
    await keep(stored);
    await database.sql`delete from public.ai_objects where user_id = ${user}`;
    expect(await due()).toEqual([keyOf(stored)]);
    expect(await due()).toEqual([]);
    await database.sql`update public.ai_objects_to_delete set due_at = due_at - interval '11 minutes'`;
    expect(await due()).toEqual([keyOf(stored)]);
    await database.as(
      "service_role",
      undefined,
      (sql) => sql`select public.ai_objects_deleted(${sql.array([keyOf(stored)])})`,
    );
    await database.sql`update public.ai_objects_to_delete set due_at = due_at - interval '1 day'`;
    expect(await due()).toEqual([keyOf(unstored)]);
  });

  test("goes with its session, whoever deletes that", async () => {
    const [session] =
      await database.sql`insert into public.ai_chat_sessions (user_id) values (${user}) returning id`;
    const id = await add();
    await keep(id, { session_id: session?.["id"] });
    await database.as("authenticated", user, (sql) => sql`delete from public.ai_chat_sessions`);
    expect(await due()).toEqual([keyOf(id)]);
  });
});

describe("a user keeps", () => {
  const fill = (count: number, bytes: number) => database.sql`
    insert into public.ai_objects (id, key, user_id, name, media_type, bytes, stored_at, created_at)
    select id, 'images/' || ${user}::text || '/2026-11-27/' || id || '.png', ${user}, n::text, 'image/png', ${bytes},
      now(), now() - n * interval '1 minute'
    from (select gen_random_uuid() as id, n from generate_series(1, ${count}) n) as made`;
  const names = async (): Promise<string[]> =>
    (await database.sql`select name from public.ai_objects where user_id = ${user} order by created_at`).map(
      (row) => String(row["name"]),
    );

  test("1,000 objects: a new one pushes out the oldest", async () => {
    await fill(1000, 1);
    await keep(await add());
    const kept = await names();
    expect([kept.length, kept.includes("1000"), kept.at(-1)]).toEqual([1000, false, "a.pdf"]);
    expect(await due()).toHaveLength(1);
  });

  test("1 GB of them", async () => {
    await fill(10, 107_374_182);
    await keep(await add({ bytes: 15_728_640 }));
    expect(await names()).toEqual(["9", "8", "7", "6", "5", "4", "3", "2", "1", "a.pdf"]);
  });

  test("20 uploads under way, those of before a day aside", async () => {
    const upload = (): Promise<string> => {
      const id = randomUUID();
      return add({ id, key: keyOf(id, "uploads") });
    };
    for (let index = 0; index < 20; index++) await upload();
    await expect(upload()).rejects.toMatchObject({ code: "PT429" });
    await add();
    await database.sql`update public.ai_objects set created_at = now() - interval '25 hours' where user_id = ${user}`;
    await upload();
    expect(await due()).toHaveLength(21);
  });
});
