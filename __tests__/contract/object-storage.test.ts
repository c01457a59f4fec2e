import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createStorage } from "#lib/server/wiring/object-storage.ts";
import { type ApiAnswer, type ApiClient, apiClient } from "../support/api-client.ts";
import { aPdf, base64, GIF, PNG } from "../support/documents.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { type S3Server, startS3Server, TEST_SECRET_KEY } from "../support/s3-server.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import {
  createKey,
  type Door,
  modelsConfig,
  type Settings,
  startDoor,
  startTestGateway,
  type TestGateway,
} from "../support/test-gateway.ts";

let database: TestSupabase;
let engine: FakeUpstream;
let server: S3Server;
let door: Door;
let gateway: TestGateway;
let call: ApiClient;
let user: TestUser;
const log: string[] = [];
/** Everything that clients were told. */
const told: string[] = [];
const SHORT = { connectMs: 2_000, idleMs: 2_000, callMs: 6_000 };

beforeAll(async () => {
  database = await startTestSupabase();
  engine = await startFakeUpstream(answers("An answer."));
  server = await startS3Server();
  door = await startDoor(server.url);
  gateway = await start({ ...server.settings, R2_ENDPOINT: door.url });
  const send = apiClient(() => gateway.gateway);
  call = async (...request) => {
    const answer = await send(...request);
    told.push(JSON.stringify([...answer.headers]), JSON.stringify(answer.body));
    return answer;
  };
}, 30_000);
afterAll(async () => {
  await gateway.stop();
  await door.stop();
  await server.stop();
  await engine.stop();
  await database.stop();
});
beforeEach(async () => {
  user = await database.signUp();
});

function start(settings: Settings): Promise<TestGateway> {
  const MODELS_CONFIG = modelsConfig({ own: `${engine.origin}/v1` }, { modes: ["smart", "vision"] });
  return startTestGateway({
    database,
    settings: { MODELS_CONFIG, ...settings },
    log: (line) => log.push(line),
    makers: { createStorage: (parts) => createStorage({ ...parts, timeouts: SHORT }) },
  });
}

const PDF = aPdf("The revenue was 4711.");

async function upload(name = "report.pdf", bytes: Uint8Array = PDF): Promise<ApiAnswer> {
  const answer = await call("POST", "/api/attachments/upload", user.accessToken, {
    name,
    data: base64(bytes),
  });
  expect(answer.status).toBe(201);
  return answer;
}
const download = (id: unknown, query = "", credential = user.accessToken): Promise<ApiAnswer> =>
  call("GET", `/api/attachments/${String(id)}${query}`, credential);
const ownKeys = async (): Promise<string[]> =>
  (await server.keys()).filter((key) => key.includes(user.userId));
const rows = () =>
  database.sql`select key, stored_at, session_id from public.ai_objects where user_id = ${user.userId}`;
const sweep = async (): Promise<void> => gateway.gateway.storage?.sweeper.sweep(new AbortController().signal);

describe("an upload", () => {
  test.each([
    ["a PDF", PDF, "report.pdf", "application/pdf", /\.pdf$/],
    ["an image that claims to be a PDF", PNG, "a.pdf", "image/png", /\.png$/],
    ["a GIF", GIF, '报告\r\n"..%2F../../x.gif', "image/gif", /\.gif$/],
  ])("%s: its bytes are kept, privately, and its owner gets them", async (_, bytes, given, type, key) => {
    const { body } = await upload(given, bytes);
    expect(body["original"]).toBe(true);
    const [stored = ""] = await ownKeys();
    expect(stored).toMatch(
      new RegExp(`^attachments/${user.userId}/\\d{4}-\\d\\d-\\d\\d/[0-9a-f-]{36}\\.\\w+$`),
    );
    expect(stored).toMatch(key);
    const answer = await download(body["id"]);
    expect(answer).toMatchObject({
      status: 200,
      body: { id: body["id"], name: body["name"], mediaType: type, bytes: bytes.length },
    });
    const lifetime = Date.parse(String(answer.body["expiresAt"])) - Date.now();
    expect(Math.round(lifetime / 60_000)).toBe(60);
    const file = await fetch(String(answer.body["url"]));
    expect(file.headers.get("content-type")).toBe(type);
    expect(file.headers.get("content-disposition")).toMatch(/^attachment; filename=/);
    expect(Buffer.from(await file.arrayBuffer()).equals(bytes)).toBe(true);
  });

  test("is linked in a page by an address that leads to it", async () => {
    const { body } = await upload();
    const answer = await download(body["id"], "?redirect=true");
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([302, "no-store"]);
    expect((await fetch(answer.headers.get("location") ?? "")).status).toBe(200);
  });

  test("by a gateway key is its owner's, and nobody else's", async () => {
    const { body } = await upload();
    const key = await createKey(database, user.userId);
    expect((await download(body["id"], "", key)).status).toBe(200);
    const other = await database.signUp();
    expect((await download(body["id"], "", other.accessToken)).status).toBe(404);
    expect((await download("not-an-id")).status).toBe(404);
  });

  test("that cannot be read leaves nothing", async () => {
    const body = { name: "a.pdf", data: base64(Buffer.from("just text")) };
    expect((await call("POST", "/api/attachments/upload", user.accessToken, body)).status).toBe(415);
    expect(await ownKeys()).toEqual([]);
    expect(await rows()).toEqual([]);
  });

  test.each(["shut", "silent"] as const)(
    "while the storage is %s keeps the text, and the log says so",
    async (state) => {
      door.state = state;
      log.length = 0;
      const { body } = await upload();
      door.state = "open";
      expect([body["original"], body["preview"]]).toEqual([undefined, "The revenue was 4711."]);
      expect(log.filter((line) => line.includes("could not be stored"))).toHaveLength(1);
      expect((await download(body["id"])).status).toBe(404);
      const used = await gateway.ask(user.accessToken, {
        ...{ message: "How high?", model: "smart", files: [{ id: body["id"] }] },
      });
      expect(used.status).toBe(200);
      // What may have come all the same is looked for a day later.
      expect(await rows()).toMatchObject([{ stored_at: null }]);
    },
  );
});

describe("what is kept goes", () => {
  /** An upload that a turn has used, and its session. */
  async function inSession(): Promise<{ id: unknown; sessionId: string }> {
    const { body } = await upload();
    const turn = await gateway.ask(user.accessToken, {
      ...{ message: "How high?", model: "smart", files: [{ id: body["id"] }] },
    });
    await gateway.settled();
    const session = turn.events.find((event) => event.type === "session");
    expect(await ownKeys()).toHaveLength(1);
    return { id: body["id"], sessionId: session?.id ?? "" };
  }

  const WAYS: readonly (readonly [way: string, (session: string) => Promise<unknown>])[] = [
    ["its user deletes the session", (id) => call("DELETE", `/api/sessions/${id}`, user.accessToken)],
    [
      "its user deletes the session in the database's own API",
      async (id) => database.clients.asUser(user.accessToken).from("ai_chat_sessions").delete().eq("id", id),
    ],
    [
      "50 newer sessions push the session out",
      async () => {
        await database.sql`update public.ai_chat_sessions set updated_at = now() - interval '2 days'
          where user_id = ${user.userId}`;
        for (let index = 0; index < 50; index++) await call("POST", "/api/sessions", user.accessToken, {});
      },
    ],
    [
      "its user's newer files push it out",
      async () => database.sql`
        insert into public.ai_attachments (user_id, name, type, bytes, digest, content)
        select ${user.userId}, n::text, 'image', 3, md5(n::text) || md5(n::text), 'AAAA'
        from generate_series(1, 200) n`,
    ],
    [
      "its user's account is deleted",
      async () => database.sql`delete from auth.users where id = ${user.userId}`,
    ],
  ];
  test.each(WAYS)("when %s", async (_, remove) => {
    const { sessionId } = await inSession();
    await sweep();
    expect(await ownKeys()).toHaveLength(1);
    await remove(sessionId);
    expect(await rows()).toEqual([]);
    await sweep();
    expect(await ownKeys()).toEqual([]);
    expect(
      await database.sql`select 1 from public.ai_objects_to_delete where key like ${`%${user.userId}%`}`,
    ).toEqual([]);
  });

  test("when the storage is back, if it was away", async () => {
    const { sessionId } = await inSession();
    door.state = "shut";
    await call("DELETE", `/api/sessions/${sessionId}`, user.accessToken);
    log.length = 0;
    await sweep();
    door.state = "open";
    expect(log.filter((line) => line.includes("trying again"))).toHaveLength(1);
    await sweep();
    // Another process may be at it: not before ten minutes have passed.
    expect(await ownKeys()).toHaveLength(1);
    await database.sql`update public.ai_objects_to_delete set due_at = now()`;
    await sweep();
    expect(await ownKeys()).toEqual([]);
  });
});

describe("a file that is sent to the storage itself", () => {
  type Begun = {
    id: string;
    url: string;
    method: string;
    headers: Record<string, string>;
    expiresAt: string;
  };
  async function begin(bytes: number, name = "big report.pdf"): Promise<Begun> {
    const answer = await call("POST", "/api/attachments/uploads", user.accessToken, { name, bytes });
    expect(answer.status).toBe(201);
    return answer.body as Begun;
  }
  const put = ({ url, method, headers }: Begun, bytes: Uint8Array): Promise<Response> =>
    fetch(url, { method, headers, body: new Uint8Array(bytes) });
  const complete = (id: string, credential = user.accessToken): Promise<ApiAnswer> =>
    call("POST", `/api/attachments/uploads/${id}/complete`, credential);

  test("is read as an upload is, and what was sent is deleted", async () => {
    const begun = await begin(PDF.length);
    expect(begun).toMatchObject({ method: "PUT", headers: { "content-type": "application/octet-stream" } });
    expect(begun.url).not.toContain("report");
    expect((await put(begun, PDF)).status).toBe(200);
    const { status, body } = await complete(begun.id);
    expect({ status, body }).toEqual({
      status: 201,
      body: {
        ...{ id: expect.any(String), name: "big report.pdf", type: "pdf", bytes: PDF.length, pages: 1 },
        ...{ preview: "The revenue was 4711.", original: true },
      },
    });
    expect(await ownKeys()).toEqual([expect.stringMatching(/^attachments\/.*\.pdf$/)]);
    expect((await complete(begun.id)).status).toBe(404);
    // The address is good for some more minutes: what comes there is not the file, and is looked for a day later.
    await put(begun, aPdf("The revenue was 0815."));
    const { url } = (await download(body["id"])).body;
    expect(Buffer.from(await (await fetch(String(url))).arrayBuffer()).equals(PDF)).toBe(true);
    await database.sql`update public.ai_objects_to_delete set due_at = now() where due_at > now() + interval '23 hours'`;
    await sweep();
    expect(await ownKeys()).toHaveLength(1);
  });

  test("can be larger than a platform's requests, and sent again until it is complete", async () => {
    const large = Buffer.concat([PNG, Buffer.alloc(5 * 1024 ** 2)]);
    const begun = await begin(large.length, "a.png");
    expect((await complete(begun.id)).body).toMatchObject({ error: { code: "conflict" } });
    await put(begun, large);
    await put(begun, large);
    expect(await complete(begun.id)).toMatchObject({ status: 201, body: { type: "image", name: "a.png" } });
  });

  test("of another size or type than was said is not taken by the storage", async () => {
    const begun = await begin(PDF.length - 1);
    expect((await put(begun, PDF)).status).toBe(403);
    const html = { ...begun, headers: { "content-type": "text/html" } };
    expect((await put(html, PDF.subarray(1))).status).toBe(403);
    expect(await ownKeys()).toEqual([]);
  });

  test.each([
    ["no document", Buffer.from("just some text, no document"), 415],
    ["a damaged PDF", Buffer.concat([Buffer.from("%PDF-1.7\n"), Buffer.alloc(200)]), 422],
  ])("that is %s ends with its error, and is deleted", async (_, bytes, status) => {
    const begun = await begin(bytes.length);
    await put(begun, bytes);
    expect((await complete(begun.id)).status).toBe(status);
    expect(await ownKeys()).toEqual([]);
    expect((await complete(begun.id)).status).toBe(404);
  });

  test("belongs to its user", async () => {
    const begun = await begin(PDF.length);
    await put(begun, PDF);
    const other = await database.signUp();
    expect((await complete(begun.id, other.accessToken)).status).toBe(404);
    expect((await complete(begun.id, await createKey(database, user.userId))).status).toBe(201);
  });

  test.each([0, 15 * 1024 ** 2 + 1, 1.5, "10", null])("of %j bytes is refused", async (bytes) => {
    const answer = await call("POST", "/api/attachments/uploads", user.accessToken, { bytes });
    expect(answer.status).toBe(400);
  });

  test("that is abandoned goes after a day, and 20 of a user may be under way", async () => {
    const begun = await begin(PDF.length);
    await put(begun, PDF);
    for (let index = 1; index < 20; index++) await begin(10);
    const refused = await call("POST", "/api/attachments/uploads", user.accessToken, { bytes: 10 });
    expect(refused).toMatchObject({ status: 429, body: { error: { code: "rate_limited" } } });
    await sweep();
    expect(await ownKeys()).toHaveLength(1);
    await database.sql`
      update public.ai_objects set created_at = now() - interval '25 hours' where user_id = ${user.userId}`;
    await begin(10);
    await sweep();
    expect(await ownKeys()).toEqual([]);
    expect((await complete(begun.id)).status).toBe(404);
  });

  test("while the storage is away can be completed later", async () => {
    const begun = await begin(PDF.length);
    await put(begun, PDF);
    door.state = "shut";
    const away = await complete(begun.id);
    door.state = "open";
    expect(away).toMatchObject({ status: 503, body: { error: { code: "storage_unavailable" } } });
    expect((await complete(begun.id)).status).toBe(201);
  });
});

describe("without a storage that works", () => {
  test("none: uploads keep their text, and the rest is not configured", async () => {
    const without = await start({});
    const ask = apiClient(() => without.gateway);
    const uploaded = await ask("POST", "/api/attachments/upload", user.accessToken, { data: base64(PDF) });
    expect([uploaded.status, uploaded.body["original"]]).toEqual([201, undefined]);
    for (const [method, path, body] of [
      ["GET", `/api/attachments/${String(uploaded.body["id"])}`, undefined],
      ["POST", "/api/attachments/uploads", { bytes: 10 }],
      ["POST", `/api/attachments/uploads/${String(uploaded.body["id"])}/complete`, undefined],
    ] as const) {
      const answer = await ask(method, path, user.accessToken, body);
      expect(answer).toMatchObject({ status: 503, body: { error: { code: "not_configured" } } });
    }
    await without.stop();
  });

  test("a wrong secret or bucket: the operator's log names the reason, the answer does not", async () => {
    log.length = 0;
    const wrong = await start({ ...server.settings, R2_BUCKET_NAME: "no-such-bucket" });
    const ask = apiClient(() => wrong.gateway);
    const body = { data: base64(PDF) };
    expect(
      (await ask("POST", "/api/attachments/upload", user.accessToken, body)).body["original"],
    ).toBeUndefined();
    expect(log.join("\n")).toContain("NoSuchBucket");
    await wrong.stop();
  });

  test.each([
    [{ R2_SECRET_ACCESS_KEY: "" }, "R2_SECRET_ACCESS_KEY"],
    [{ R2_ACCESS_KEY_ID: "", R2_BUCKET_NAME: "" }, "R2_BUCKET_NAME, R2_ACCESS_KEY_ID"],
    [{ R2_ENDPOINT: "" }, "R2_ACCOUNT_ID or R2_ENDPOINT"],
    [{ SUPABASE_SERVICE_ROLE_KEY: "" }, "SUPABASE_SERVICE_ROLE_KEY"],
  ])("half a configuration stops the start: %j", async (changes, missing) => {
    const failure = await start({ ...server.settings, ...changes }).catch((error: unknown) => String(error));
    expect(failure).toContain(missing);
    expect(failure).not.toContain(TEST_SECRET_KEY);
  });
});

test("no log line, no answer and no row had the secret", async () => {
  const stored = await database.sql`
    select to_jsonb(o)::text as row from public.ai_objects o
    union all select to_jsonb(d)::text from public.ai_objects_to_delete d`;
  const seen = [...log, ...told, ...stored.map(({ row }) => String(row))].join("\n");
  expect(seen.length).toBeGreaterThan(10_000);
  for (const secret of [TEST_SECRET_KEY, encodeURIComponent(TEST_SECRET_KEY)]) {
    expect(seen).not.toContain(secret);
  }
});
