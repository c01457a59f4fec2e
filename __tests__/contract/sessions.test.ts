import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openSessionSchema } from "#lib/apis/native/sessions-answer-schema.ts";
import { type ApiAnswer, apiClient } from "../support/api-client.ts";
import { answers, type FakeUpstream, startFakeUpstream, textChunk } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import {
  createKey,
  modelsConfig,
  type Settings,
  startTestGateway,
  type TestGateway,
} from "../support/test-gateway.ts";

let database: TestSupabase;
let upstream: FakeUpstream;
let user: TestUser;
let other: TestUser;

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(answers("Answered."));
  other = await database.signUp();
});
afterAll(async () => {
  await upstream.stop();
  await database.stop();
});
beforeEach(async () => {
  user = await database.signUp();
  upstream.script = answers("Answered.");
  upstream.requests.length = 0;
});

function start(settings: Settings = {}): Promise<TestGateway> {
  return startTestGateway({
    database,
    settings: { MODELS_CONFIG: modelsConfig({ only: `${upstream.origin}/v1` }), ...settings },
  });
}

type Listed = { id: string; title: string; createdAt: string; updatedAt: string };
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/;
const NOT_FOUND = {
  status: 404,
  body: { error: { code: "not_found", message: "You have no such session." } },
};

/** What a client can do with one gateway. */
function clientOf(gateway: () => TestGateway, credential = () => user.accessToken) {
  const call = apiClient(() => gateway().gateway);
  const request = (method: string, path: string, body?: unknown): Promise<ApiAnswer> =>
    call(method, path, credential(), body);
  const list = async (query = ""): Promise<Listed[]> => {
    const { status, body } = await request("GET", `/api/sessions${query}`);
    expect(status).toBe(200);
    return body["sessions"] as Listed[];
  };
  /** A turn of native chat, saved; the id of its session. */
  const say = async (message: string, sessionId?: string): Promise<string> => {
    const answer = await gateway().ask(credential(), { message, model: "smart", sessionId });
    expect(answer.done).toBeDefined();
    await gateway().settled();
    const made = answer.events.find((event) => event.type === "session");
    return made?.id ?? sessionId ?? "";
  };
  const messages = async (id: string): Promise<unknown> =>
    (await request("GET", `/api/sessions/${id}`)).body["messages"];
  return { request, list, say, messages };
}

describe.each<[string, Settings, boolean]>([
  ["a user, with a service role", {}, false],
  ["a user, without one", { SUPABASE_SERVICE_ROLE_KEY: "" }, false],
  ["a gateway key", {}, true],
])("%s", (_, settings, isKey) => {
  let gateway: TestGateway;
  let credential = "";
  const { request, list, say, messages } = clientOf(
    () => gateway,
    () => credential,
  );
  beforeAll(async () => {
    gateway = await start(settings);
    // A gateway with the role has closed the functions that write turns.
    if (settings["SUPABASE_SERVICE_ROLE_KEY"] === "") await database.sql`select public.open_turns_to_users()`;
  });
  afterAll(() => gateway.stop());
  beforeEach(async () => {
    credential = isKey ? await createKey(database, user.userId) : user.accessToken;
  });

  test("talks, lists, searches, opens, renames, goes on talking, deletes; then it is gone", async () => {
    const id = await say("How do I bake a Käsekuchen?");
    const second = await say("What is a monad?");
    expect(await list()).toEqual([
      {
        id: second,
        title: "What is a monad?",
        createdAt: expect.stringMatching(TIME),
        updatedAt: expect.stringMatching(TIME),
      },
      {
        id,
        title: "How do I bake a Käsekuchen?",
        createdAt: expect.stringMatching(TIME),
        updatedAt: expect.stringMatching(TIME),
      },
    ]);
    expect((await list("?search=kasekuchen")).map((one) => one.id)).toEqual([id]);

    const opened = await request("GET", `/api/sessions/${id}`);
    expect(opened.body).toEqual({
      ...(await list())[1],
      messages: [
        { role: "user", content: "How do I bake a Käsekuchen?" },
        { role: "assistant", content: "Answered." },
      ],
    });

    expect(openSessionSchema.parse(opened.body)).toEqual(opened.body);

    const renamed = await request("PATCH", `/api/sessions/${id}`, { title: "  Cheese\u200b\ncake \u202e" });
    expect(renamed).toMatchObject({ status: 200, body: { id, title: "Cheese cake" } });

    upstream.script = answers("With quark.");
    expect(await say("And the filling?", id)).toBe(id);
    const sent = JSON.parse(upstream.requests.at(-1)?.text ?? "{}") as { messages: { role: string }[] };
    expect(sent.messages.filter(({ role }) => role !== "system")).toEqual([
      { role: "user", content: "How do I bake a Käsekuchen?" },
      { role: "assistant", content: "Answered." },
      { role: "user", content: "And the filling?" },
    ]);
    expect(await messages(id)).toHaveLength(4);
    expect((await list()).map(({ title }) => title)).toEqual(["Cheese cake", "What is a monad?"]);

    expect(await request("DELETE", `/api/sessions/${id}`)).toMatchObject({ status: 204, body: {} });
    expect((await list()).map((one) => one.id)).toEqual([second]);
    for (const [method, body] of [["GET"], ["PATCH", { title: "x" }], ["DELETE"]] as const) {
      expect(await request(method, `/api/sessions/${id}`, body)).toMatchObject(NOT_FOUND);
    }
  });

  test("makes an empty session, with and without a title, and talks in it", async () => {
    const made = await request("POST", "/api/sessions", { title: "Plans 🗺️" });
    expect(made).toMatchObject({ status: 201, body: { title: "Plans 🗺️" } });
    const id = String(made.body["id"]);
    expect(await messages(id)).toEqual([]);
    for (const body of [undefined, {}, { title: null }]) {
      expect(await request("POST", "/api/sessions", body)).toMatchObject({
        status: 201,
        body: { title: "New chat" },
      });
    }
    await say("Hello", id);
    expect(await messages(id)).toHaveLength(2);
    expect((await list())[0]).toMatchObject({ id, title: "Plans 🗺️" });
  });

  test("branches a session: the new one goes on from the first messages, the old one stays", async () => {
    const id = await say("First question");
    upstream.script = answers("Second answer.");
    await say("Second question", id);
    const whole = await messages(id);
    const branch = await request("POST", "/api/sessions", { from: { id, messages: 2 } });
    expect(branch).toMatchObject({ status: 201, body: { title: "First question" } });
    const branchId = String(branch.body["id"]);
    expect(branchId).not.toBe(id);
    expect(await list()).toContainEqual(branch.body);
    expect(await messages(branchId)).toEqual((whole as unknown[]).slice(0, 2));

    upstream.script = answers("Another answer.");
    await say("Another question", branchId);
    const sent = JSON.parse(upstream.requests.at(-1)?.text ?? "{}") as { messages: { role: string }[] };
    expect(sent.messages.filter(({ role }) => role !== "system")).toEqual([
      { role: "user", content: "First question" },
      { role: "assistant", content: "Answered." },
      { role: "user", content: "Another question" },
    ]);
    expect(await messages(branchId)).toHaveLength(4);
    expect(await messages(id)).toEqual(whole);

    const named = await request("POST", "/api/sessions", {
      title: "All of it",
      from: { id, messages: 2_000 },
    });
    expect(named).toMatchObject({ status: 201, body: { title: "All of it" } });
    expect(await messages(String(named.body["id"]))).toEqual(whole);
  });

  test("sees nothing of another user's session, by any verb", async () => {
    const [row] = await database.sql`
      insert into public.ai_chat_sessions (user_id, title) values (${other.userId}, 'Theirs') returning *`;
    const id = String(row?.["id"]);
    for (const [method, body] of [["GET"], ["PATCH", { title: "x" }], ["DELETE"]] as const) {
      expect(await request(method, `/api/sessions/${id}`, body)).toMatchObject(NOT_FOUND);
    }
    const chat = await gateway.ask(credential, { message: "Hi", model: "smart", sessionId: id });
    expect(chat.status).toBe(404);
    expect(await request("POST", "/api/sessions", { from: { id, messages: 2 } })).toMatchObject(NOT_FOUND);
    expect(await list()).toEqual([]);
    expect([...(await database.sql`select * from public.ai_chat_sessions where id = ${id}`)]).toEqual([row]);
    expect(upstream.requests).toEqual([]);
  });
});

describe("the routes", () => {
  let gateway: TestGateway;
  const { request, list, say, messages } = clientOf(() => gateway);
  const ids = (sessions: Listed[]): string[] => sessions.map(({ id }) => id);
  beforeAll(async () => {
    gateway = await start();
  });
  afterAll(() => gateway.stop());

  /** Sessions with these titles, the last one changed last. */
  async function arrange(...titles: string[]): Promise<void> {
    for (const [index, title] of titles.entries()) {
      const at = new Date(Date.UTC(2026, 0, 1) + index);
      await database.sql`insert into public.ai_chat_sessions (user_id, title, created_at, updated_at)
        values (${user.userId}, ${title}, ${at}, ${at})`;
    }
  }

  test.each(["not-a-uuid", "0", randomUUID(), "%00", "..%2F", "x".repeat(3_000), `${randomUUID()}'--`])(
    "an id that nobody has (%s) is 404",
    async (id) => {
      for (const [method, body] of [["GET"], ["PATCH", { title: "x" }], ["DELETE"]] as const) {
        expect(await request(method, `/api/sessions/${id}`, body)).toMatchObject(NOT_FOUND);
      }
    },
  );

  test.each([
    ["POST", { title: "" }],
    ["POST", { title: " \n\t " }],
    ["POST", { title: "\u200b\u202e\u200d\u{e0041}" }],
    ["POST", { title: "x".repeat(201) }],
    ["POST", { title: 7 }],
    ["POST", { title: ["x"] }],
    ["POST", []],
    ["POST", "{"],
    ["POST", { from: { id: "not-a-uuid", messages: 2 } }],
    ["POST", { from: { id: randomUUID() } }],
    ["POST", { from: { id: randomUUID(), messages: 0 } }],
    ["POST", { from: { id: randomUUID(), messages: 1.5 } }],
    ["POST", { from: { id: randomUUID(), messages: 2_001 } }],
    ["POST", { from: randomUUID() }],
    ["PATCH", {}],
    ["PATCH", { title: null }],
    ["PATCH", { title: "\u0000" }],
    ["PATCH", { title: "🦊".repeat(201) }],
  ])("%s %j is 400, and changes nothing", async (method, body) => {
    await arrange("Before");
    const before = await list();
    const path = method === "POST" ? "/api/sessions" : `/api/sessions/${before[0]?.id}`;
    expect(await request(method, path, body)).toMatchObject({
      status: 400,
      body: { error: { code: "invalid_request" } },
    });
    expect(await list()).toEqual(before);
  });

  test.each([
    ["🦊".repeat(200), "🦊".repeat(200)],
    [" a\u0000b\ufeff\u2067c ", "abc"],
    ["half \ud800 a character", "half \ufffd a character"],
    ["👩‍🚀 and می‌خواهم", "👩‍🚀 and می‌خواهم"],
    ["'; drop table x; -- <b>", "'; drop table x; -- <b>"],
  ])("the title %j is kept as %j", async (title, kept) => {
    expect(await request("POST", "/api/sessions", { title })).toMatchObject({
      status: 201,
      body: { title: kept },
    });
    expect(await list()).toMatchObject([{ title: kept }]);
  });

  test("pages have no gap and nothing twice, also where times are the same and while others are added", async () => {
    await arrange(...Array.from({ length: 9 }, (_, index) => `Session ${index}`));
    const at = new Date(Date.UTC(2026, 0, 1) + 4);
    await database.sql`alter table public.ai_chat_sessions disable trigger ai_chat_sessions_touch`;
    await database.sql`update public.ai_chat_sessions set updated_at = ${at} where user_id = ${user.userId} and title < 'Session 5'`;
    await database.sql`alter table public.ai_chat_sessions enable trigger ai_chat_sessions_touch`;
    const whole = ids(await list());
    const seen: string[] = [];
    let cursor: unknown;
    do {
      const query = new URLSearchParams({
        limit: "2",
        ...(cursor === undefined ? {} : { cursor: String(cursor) }),
      });
      const { body } = await request("GET", `/api/sessions?${query}`);
      seen.push(...ids(body["sessions"] as Listed[]));
      cursor = body["nextCursor"];
      if (seen.length === 4) await request("POST", "/api/sessions", { title: "In between" });
    } while (cursor !== undefined);
    expect(seen).toEqual(whole);
    expect(seen).toHaveLength(9);
  });

  test("pages of a search are pages of what it finds", async () => {
    await arrange("Fox 1", "Dog 1", "fox 2", "Dog 2", "Fóx 3");
    const first = await request("GET", "/api/sessions?search=FOX&limit=2");
    expect(first.body["sessions"]).toMatchObject([{ title: "Fóx 3" }, { title: "fox 2" }]);
    const next = await request("GET", `/api/sessions?search=FOX&limit=2&cursor=${first.body["nextCursor"]}`);
    expect(next.body).toMatchObject({ sessions: [{ title: "Fox 1" }] });
    expect(next.body).not.toHaveProperty("nextCursor");
  });

  test.each([
    ["%", ["100% sure"]],
    ["_", ["snake_case"]],
    ["\\", ["C:\\temp"]],
    [",)(*.\"'", []],
    ["", ["C:\\temp", "snake_case", "100% sure", "Plain"]],
  ])("a search for %j finds that character", async (search, titles) => {
    await arrange("Plain", "100% sure", "snake_case", "C:\\temp");
    const query = new URLSearchParams({ search });
    expect((await list(`?${query}`)).map(({ title }) => title)).toEqual(titles);
  });

  test.each([
    "limit=0",
    "limit=101",
    "limit=-1",
    "limit=1.5",
    "limit=ten",
    "limit=",
    "limit=1&limit=2",
    "cursor=x",
    "cursor=",
    `cursor=${Buffer.from("2026-01-01 1").toString("base64url")}`,
    `cursor=${"x".repeat(201)}`,
    `search=${"x".repeat(201)}`,
    "search=a&search=b",
  ])("?%s is 400", async (query) => {
    expect(await request("GET", `/api/sessions?${query}`)).toMatchObject({
      status: 400,
      body: {
        error: { code: "invalid_request", message: expect.stringMatching(/^"(?:limit|cursor|search)": /) },
      },
    });
  });

  test("parameters that mean nothing here are ignored", async () => {
    await arrange("One");
    expect(await list("?utm_source=x&utm_source=y&__proto__=z")).toHaveLength(1);
  });

  test("50 are kept, also when many are made at once; the one that was not used for longest goes", async () => {
    await arrange(...Array.from({ length: 49 }, (_, index) => `Old ${index}`));
    const made = await Promise.all(
      Array.from({ length: 5 }, (_, index) => request("POST", "/api/sessions", { title: `New ${index}` })),
    );
    expect(made.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
    const titles = (await list()).map(({ title }) => title);
    expect(titles).toHaveLength(50);
    expect(titles.filter((title) => title.startsWith("New"))).toHaveLength(5);
    expect(titles.at(-1)).toBe("Old 4");
  });

  test("a title of an account that was deleted meanwhile is 401", async () => {
    const gone = await database.signUp();
    await database.sql`delete from auth.users where id = ${gone.userId}`;
    const call = apiClient(() => gateway.gateway);
    expect((await call("POST", "/api/sessions", gone.accessToken, { title: "x" })).status).toBe(401);
    expect((await call("GET", "/api/sessions", gone.accessToken)).body).toEqual({ sessions: [] });
  });

  test("a message to a session that another tab has deleted is 404, and counts nothing", async () => {
    const id = await say("Hello");
    await request("DELETE", `/api/sessions/${id}`);
    upstream.requests.length = 0;
    const answer = await gateway.ask(user.accessToken, {
      message: "Still there?",
      model: "smart",
      sessionId: id,
    });
    await gateway.settled();
    expect(answer.status).toBe(404);
    expect(upstream.requests).toEqual([]);
    const [counted] =
      await database.sql`select used from public.ai_quota_counters where user_id = ${user.userId}`;
    const turns = await database.sql`select status from public.ai_chat_usage where user_id = ${user.userId}`;
    expect([counted?.["used"], turns.length]).toEqual([1, 1]);
  });

  /** Asks, and holds the answer until `release`. */
  async function askSlowly(message: string, sessionId?: string) {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const asked = Promise.withResolvers<void>();
    upstream.script = async (exchange) => {
      asked.resolve();
      await exchange.startStream();
      await exchange.event(textChunk(`To ${message}:`));
      await held;
      await exchange.event(textChunk(" done", "stop"));
      await exchange.event("[DONE]");
      await exchange.endStream();
    };
    const answer = gateway.ask(user.accessToken, { message, model: "smart", sessionId });
    await asked.promise;
    return {
      async end() {
        release();
        const ended = await answer;
        await gateway.settled();
        return ended;
      },
    };
  }

  test("a long session is opened with all of its messages, more than a turn loads", async () => {
    const answer = "y".repeat(20_000);
    upstream.script = answers(answer);
    const expected: object[] = [];
    let id: string | undefined;
    for (let turn = 0; turn < 12; turn++) {
      const message = `${turn} ${"x".repeat(10_000)}`;
      id = await say(message, id);
      expected.push({ role: "user", content: message }, { role: "assistant", content: answer });
    }
    expect(await messages(id ?? "")).toEqual(expected);
  });

  test("a session that is renamed while an answer streams has the new title and the answer", async () => {
    const id = await say("Hello");
    const turn = await askSlowly("and?", id);
    expect((await request("PATCH", `/api/sessions/${id}`, { title: "Renamed" })).status).toBe(200);
    expect((await turn.end()).done).toBeDefined();
    expect(await request("GET", `/api/sessions/${id}`)).toMatchObject({
      body: { title: "Renamed", messages: [{}, {}, { content: "and?" }, { content: "To and?: done" }] },
    });
  });

  test("a session may be deleted while its first answer streams", async () => {
    const turn = await askSlowly("Hello");
    const [made] = await list();
    expect((await request("DELETE", `/api/sessions/${made?.id}`)).status).toBe(204);
    expect((await turn.end()).done).toBeDefined();
    expect(await list()).toEqual([]);
  });

  test("a session that is deleted while an answer streams stays deleted; the turn ends well and is in the ledger", async () => {
    const id = await say("Hello");
    const turn = await askSlowly("and?", id);
    expect((await request("DELETE", `/api/sessions/${id}`)).status).toBe(204);
    expect((await turn.end()).done).toBeDefined();
    expect(await list()).toEqual([]);
    const turns = await database.sql`
      select status, delivered from public.ai_chat_usage where user_id = ${user.userId} order by created_at`;
    expect([...turns]).toEqual([
      { status: "completed", delivered: true },
      { status: "completed", delivered: true },
    ]);
  });

  test("tabs that write to one session at once lose nothing, and every answer follows its question", async () => {
    const id = await say("First");
    upstream.script = async (exchange) => {
      const body = exchange.request.json as { messages: { content: string }[] };
      await answers(`Answer to ${body.messages.at(-1)?.content}`)(exchange);
    };
    const questions = Array.from({ length: 6 }, (_, index) => `Question ${index}`);
    await Promise.all(questions.map((question) => say(question, id)));
    const stored = (await messages(id)) as { role: string; content: string }[];
    expect(stored).toHaveLength(14);
    const pairs = stored.slice(2).flatMap((message, index, all) => {
      return message.role === "user" ? [`${message.content} > ${all[index + 1]?.content}`] : [];
    });
    expect(pairs.sort()).toEqual(questions.map((question) => `${question} > Answer to ${question}`));
  });

  test("what is saved has no invisible characters, no NUL and no half characters", async () => {
    upstream.script = answers("It\u202e is\u200b \u{e0041}fi\u0000ne 👩‍🚀");
    const id = await say("Hel\u200blo\u0000 \ud800there\u202e 👩‍🚀");
    expect(await messages(id)).toEqual([
      { role: "user", content: "Hello \ufffdthere 👩‍🚀" },
      { role: "assistant", content: "It is fine 👩‍🚀" },
    ]);
  });

  test("while the database is away it is 503, with Retry-After", async () => {
    const away = await start({ NEXT_PUBLIC_SUPABASE_URL: "http://127.0.0.1:9" });
    const client = clientOf(() => away);
    for (const [method, path, body] of [
      ["GET", "/api/sessions"],
      ["POST", "/api/sessions", {}],
      ["POST", "/api/sessions", { from: { id: randomUUID(), messages: 2 } }],
      ["GET", `/api/sessions/${randomUUID()}`],
      ["PATCH", `/api/sessions/${randomUUID()}`, { title: "x" }],
      ["DELETE", `/api/sessions/${randomUUID()}`],
    ] as const) {
      const answer = await client.request(method, path, body);
      expect([answer.status, answer.body["error"]]).toMatchObject([503, { code: "database_unavailable" }]);
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    }
    await away.stop();
  });
});
