import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ApiClient, apiClient } from "../support/api-client.ts";
import { type ManusDouble, startManusDouble } from "../support/manus-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { createKey, type Settings, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const KEY = "canary.manus.zzzzzzzzz";
const PATH = "/api/v1/manus";

let database: TestSupabase;
let manus: ManusDouble;
let gateway: TestGateway;
let call: ApiClient;
let user: TestUser;
let other: TestUser;
const log: string[] = [];

beforeAll(async () => {
  database = await startTestSupabase();
  manus = await startManusDouble(KEY);
  [user, other] = await Promise.all([database.signUp(), database.signUp()]);
  gateway = await start({ MANUS_API_KEY: KEY });
  call = apiClient(() => gateway.gateway);
});
afterAll(async () => {
  await gateway.stop();
  await manus.stop();
  await database.stop();
  expect(log.join("\n")).not.toContain(KEY);
});
beforeEach(() => {
  manus.requests.length = 0;
  manus.failing.clear();
});

function start(settings: Settings): Promise<TestGateway> {
  return startTestGateway({
    database,
    settings: { MANUS_BASE_URL: manus.origin, ...settings },
    log: (line) => log.push(line),
  });
}

/** A gateway with these settings, for one test. */
async function withGateway<Result>(
  settings: Settings,
  work: (call: ApiClient) => Promise<Result>,
): Promise<Result> {
  const own = await start(settings);
  try {
    return await work(apiClient(() => own.gateway));
  } finally {
    await own.stop();
  }
}

async function aTask(prompt = "Find cork", credential = user.accessToken) {
  const { status, body } = await call("POST", PATH, credential, { prompt });
  expect(status).toBe(201);
  const [row] = await database.sql`select manus_id from public.manus_tasks where id = ${String(body["id"])}`;
  const manusId = String(row?.["manus_id"]);
  const double = manus.tasks.get(manusId) ?? expect.fail("The double has no such task.");
  return { id: String(body["id"]), manusId, double, body };
}

/** As if Manus had last been asked long ago. */
const age = (id: string) =>
  database.sql`update public.manus_tasks set checked_at = now() - interval '1 minute' where id = ${id}`;

const open = (id: string, credential = user.accessToken) => call("GET", `${PATH}/tasks/${id}`, credential);

describe("a task", () => {
  test("is given to Manus once, with the key in a header, and is stored", async () => {
    const { body, manusId } = await aTask("Find ten suppliers of cork");
    expect(body).toMatchObject({
      title: "Title of Find ten suppliers o",
      status: "pending",
      url: `https://manus.example/app/${manusId}`,
      prompt: "Find ten suppliers of cork",
      output: null,
      artifacts: [],
      error: null,
      sessionId: null,
    });
    expect(manus.requests).toMatchObject([
      {
        method: "POST",
        path: "/v2/task.create",
        json: { message: { content: "Find ten suppliers of cork" } },
      },
    ]);
    expect(manus.requests[0]?.headers["x-manus-api-key"]).toBe(KEY);
  });

  test("is shown as Manus has it, with output and files as data", async () => {
    const { id, double } = await aTask();
    double.status = "stopped";
    double.messages.unshift(
      {
        assistant_message: {
          content: "Second part.\u202e",
          attachments: [
            { filename: "report.pdf", url: "https://files.example/r?a=1", content_type: "application/pdf" },
            { filename: "bad", url: "javascript:alert(1)" },
          ],
        },
      },
      { assistant_message: { content: "First part." } },
    );
    await age(id);
    const { body } = await open(id);
    expect(body).toMatchObject({
      status: "completed",
      output: "First part.\n\nSecond part.",
      artifacts: [{ name: "report.pdf", url: "https://files.example/r?a=1", type: "application/pdf" }],
    });
    expect(manus.requests.map(({ path }) => new URL(path, "http://x").pathname)).toEqual([
      "/v2/task.create",
      "/v2/task.detail",
      "/v2/task.listMessages",
    ]);
  });

  test("that has ended, or was asked about just now, costs no call", async () => {
    const { id, double } = await aTask();
    await open(id);
    expect(manus.callsOf("task.detail")).toEqual([]);
    double.status = "error";
    double.messages.unshift({ error_message: { error_type: "x", content: "Out of credits." } });
    await age(id);
    expect((await open(id)).body).toMatchObject({ status: "failed", error: "Out of credits." });
    await age(id);
    await open(id);
    expect(manus.callsOf("task.detail")).toHaveLength(1);
  });

  test("is shown as it was last known while Manus does not answer", async () => {
    const { id } = await aTask();
    await age(id);
    manus.failing.set("task.detail", { status: 500, body: { ok: false, error: { message: KEY } } });
    const { status, body } = await open(id);
    expect([status, body["status"]]).toEqual([200, "pending"]);
  });

  test("goes on with another prompt", async () => {
    const { id, double, manusId } = await aTask();
    double.status = "waiting";
    double.messages.unshift({ assistant_message: { content: "Which country?" } });
    await age(id);
    expect((await open(id)).body).toMatchObject({ status: "waiting", output: "Which country?" });
    const { status, body } = await call("POST", PATH, user.accessToken, { prompt: "Portugal", taskId: id });
    expect([status, body["status"]]).toEqual([200, "running"]);
    expect(manus.callsOf("task.sendMessage")).toMatchObject([
      { json: { task_id: manusId, message: { content: "Portugal" } } },
    ]);
    expect((await call("POST", PATH, other.accessToken, { prompt: "Mine", taskId: id })).status).toBe(404);
    expect(manus.callsOf("task.sendMessage")).toHaveLength(1);
  });

  test("is stopped and removed; one that has ended is only removed", async () => {
    const first = await aTask();
    expect((await call("DELETE", `${PATH}?id=${first.id}`, other.accessToken)).status).toBe(404);
    expect(manus.callsOf("task.stop")).toEqual([]);
    expect((await call("DELETE", `${PATH}?id=${first.id}`, user.accessToken)).status).toBe(204);
    expect(manus.callsOf("task.stop")).toMatchObject([{ json: { task_id: first.manusId } }]);
    expect((await open(first.id)).status).toBe(404);
    const second = await aTask();
    await database.sql`update public.manus_tasks set status = 'completed' where id = ${second.id}`;
    expect((await call("DELETE", `${PATH}?id=${second.id}`, user.accessToken)).status).toBe(204);
    expect(manus.callsOf("task.stop")).toHaveLength(1);
    expect((await call("DELETE", `${PATH}?id=${second.id}`, user.accessToken)).status).toBe(404);
  });

  test("that cannot be stopped stays; one that Manus does not know does not", async () => {
    const { id } = await aTask();
    manus.failing.set("task.stop", { status: 500, body: {} });
    expect((await call("DELETE", `${PATH}?id=${id}`, user.accessToken)).status).toBe(502);
    expect((await open(id)).status).toBe(200);
    manus.failing.set("task.stop", { status: 404, body: {} });
    expect((await call("DELETE", `${PATH}?id=${id}`, user.accessToken)).status).toBe(204);
  });
});

describe("the list", () => {
  test("has the caller's tasks in pages, the newest first, without their outputs", async () => {
    const owner = await database.signUp();
    for (const prompt of ["one", "two", "three"]) await aTask(prompt, owner.accessToken);
    const titles: unknown[] = [];
    let cursor = "";
    do {
      const { body } = await call("GET", `${PATH}?limit=2${cursor}`, owner.accessToken);
      for (const task of body["tasks"] as Record<string, unknown>[]) {
        titles.push(task["title"]);
        expect(task).not.toHaveProperty("output");
      }
      cursor = body["nextCursor"] === undefined ? "" : `&cursor=${String(body["nextCursor"])}`;
    } while (cursor !== "");
    expect(titles).toEqual(["Title of three", "Title of two", "Title of one"]);
    expect((await call("GET", PATH, other.accessToken)).body).toEqual({ tasks: [] });
    expect((await call("GET", `${PATH}?cursor=x`, owner.accessToken)).status).toBe(400);
  });

  test("has 200 at most: a new task pushes out the oldest", async () => {
    const owner = await database.signUp();
    await database.sql`
      insert into public.manus_tasks (user_id, manus_id, prompt, title, created_at)
      select ${owner.userId}, 'many-' || n, 'p', 'Task ' || n, now() - n * interval '1 minute'
      from generate_series(1, 200) as n`;
    await aTask("the newest", owner.accessToken);
    const { body } = await call("GET", `${PATH}?limit=100`, owner.accessToken);
    const second = await call(
      "GET",
      `${PATH}?limit=100&cursor=${String(body["nextCursor"])}`,
      owner.accessToken,
    );
    expect(second.body["tasks"]).toHaveLength(100);
    expect(second.body["nextCursor"]).toBeUndefined();
    expect((second.body["tasks"] as { title: string }[]).at(-1)?.title).toBe("Task 199");
  });
});

describe("what is refused", () => {
  test.each([
    [{}],
    [{ prompt: "" }],
    [{ prompt: " \u200b" }],
    [{ prompt: "x".repeat(20_001) }],
    [{ prompt: 1 }],
    [{ prompt: "Hi", taskId: "x" }],
    ["{"],
  ])("%j costs nothing", async (body) => {
    expect((await call("POST", PATH, user.accessToken, body)).status).toBe(400);
    expect(manus.requests).toEqual([]);
  });

  test("wrong ids", async () => {
    expect((await call("DELETE", PATH, user.accessToken)).status).toBe(400);
    expect((await call("DELETE", `${PATH}?id=x`, user.accessToken)).status).toBe(400);
    expect((await open("x")).status).toBe(404);
    expect((await open(randomUUID())).status).toBe(404);
  });

  test("another user's task is 404", async () => {
    const { id } = await aTask();
    await age(id);
    expect((await open(id, other.accessToken)).status).toBe(404);
    expect(manus.callsOf("task.detail")).toEqual([]);
    const key = await createKey(database, user.userId);
    expect((await open(id, key)).status).toBe(200);
  });

  test("without a key of Manus's everything that needs it is 503, and what is stored is shown", async () => {
    const { id } = await aTask();
    await withGateway({}, async (ask) => {
      const { status, body } = await ask("POST", PATH, user.accessToken, { prompt: "Hi" });
      expect([status, body]).toMatchObject([
        503,
        { error: { code: "not_configured", message: expect.stringContaining("MANUS_API_KEY") } },
      ]);
      expect((await ask("GET", `${PATH}/tasks/${id}`, user.accessToken)).status).toBe(200);
      expect((await ask("DELETE", `${PATH}?id=${id}`, user.accessToken)).status).toBe(503);
    });
  });

  test("without the service role nothing is given to Manus", async () => {
    await withGateway({ MANUS_API_KEY: KEY, SUPABASE_SERVICE_ROLE_KEY: "" }, async (ask) => {
      const { status, body } = await ask("POST", PATH, user.accessToken, { prompt: "Hi" });
      expect([status, body]).toMatchObject([
        503,
        { error: { code: "not_configured", message: expect.stringContaining("SUPABASE_SERVICE_ROLE_KEY") } },
      ]);
    });
    expect(manus.requests).toEqual([]);
  });

  test("a gateway key that is limited to modes", async () => {
    const key = await createKey(database, user.userId, { modes: ["smart"] });
    expect((await call("POST", PATH, key, { prompt: "Hi" })).status).toBe(403);
    expect(manus.requests).toEqual([]);
  });

  test("requests beyond a gateway key's limit", async () => {
    const key = await createKey(database, user.userId, { requestsPerMinute: 1 });
    expect((await call("POST", PATH, key, { prompt: "Hi" })).status).toBe(201);
    expect((await call("POST", PATH, key, { prompt: "Hi" })).status).toBe(429);
    expect(manus.callsOf("task.create")).toHaveLength(1);
  });
});

test.each([
  [401, { ok: false, error: { message: "Bad key" } }, 502, "MANUS_API_KEY"],
  [302, {}, 502, "MANUS_BASE_URL"],
  [429, { ok: false, error: { message: "Slow down" } }, 429, "Slow down"],
  [400, { ok: false, error: { code: "invalid", message: `No ${KEY}` } }, 422, "No [redacted]"],
  [500, {}, 502, "500"],
  [200, { ok: false, error: { message: "No credits" } }, 502, "No credits"],
  [200, { ok: true }, 502, "not usable"],
  [200, "text", 502, "not usable"],
] as const)("Manus's %i %j is %i: %s", async (status, body, expected, said) => {
  manus.failing.set("task.create", { status, body });
  const answer = await call("POST", PATH, user.accessToken, { prompt: "Hi" });
  expect(answer.status).toBe(expected);
  expect(JSON.stringify(answer.body)).toContain(said);
  expect(JSON.stringify(answer.body)).not.toContain(KEY);
});

test("a task that cannot be stored is stopped at Manus", async () => {
  await database.sql`alter table public.manus_tasks rename to manus_tasks_away`;
  try {
    expect((await call("POST", PATH, user.accessToken, { prompt: "Hi" })).status).toBe(503);
    expect(manus.callsOf("task.stop")).toHaveLength(1);
  } finally {
    await database.sql`alter table public.manus_tasks_away rename to manus_tasks`;
  }
});
