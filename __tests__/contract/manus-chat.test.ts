import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ManusDouble, startManusDouble } from "../support/manus-upstream.ts";
import { type NativeAnswer, readNative } from "../support/native-client.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { createKey, type Settings } from "../support/test-gateway.ts";

const KEY = "canary.manus.zzzzzzzzz";
const ENGINE_TEXT = "Hello from first.";
const WISH = "Use Manus to find ten suppliers of cork";
const RESEARCH = "Research the market for heat pumps in depth and write a report";

let database: TestSupabase;
let manus: ManusDouble;
let proxy: ProxyGateway;
let user: TestUser;
const log: string[] = [];

beforeAll(async () => {
  database = await startTestSupabase();
  manus = await startManusDouble(KEY);
  user = await database.signUp();
  proxy = await start({});
});
afterAll(async () => {
  await proxy.stop();
  await manus.stop();
  await database.stop();
  expect(log.join("\n")).not.toContain(KEY);
});
beforeEach(() => {
  manus.requests.length = 0;
  manus.failing.clear();
  proxy.first.requests.length = 0;
});

function start(settings: Settings): Promise<ProxyGateway> {
  const own = { MANUS_API_KEY: KEY, MANUS_BASE_URL: manus.origin, ENABLE_MANUS_AUTOROUTE: "true" };
  return startProxyGateway(database, { ...own, ...settings }, (line) => log.push(line));
}

async function ask(body: object, { via = proxy, credential = user.accessToken } = {}): Promise<NativeAnswer> {
  const response = await via.fetch("http://gateway.test/api/ai-chat", {
    method: "POST",
    headers: { authorization: `Bearer ${credential}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await readNative(response);
  expect(answer.status).toBe(200);
  expect(answer.raw).not.toContain(KEY);
  await via.settled();
  return answer;
}

const sessionOf = ({ events }: NativeAnswer): string =>
  events.find((event) => event.type === "session")?.id ?? expect.fail("There is no session.");
const routes = ({ events }: NativeAnswer) =>
  events.flatMap((event) => (event.type === "auto_routed" ? [event.to] : []));
const tools = ({ events }: NativeAnswer) =>
  events.flatMap((event) => (event.type === "tool" ? [`${event.name} ${event.status}`] : []));

async function taskOf(sessionId: string) {
  const [row] = await database.sql`
    select id, manus_id, title, prompt, user_id from public.manus_tasks where session_id = ${sessionId}`;
  return row as Record<"id" | "manus_id" | "title" | "prompt" | "user_id", string>;
}

describe("a message that asks for a long task", () => {
  test.each([WISH, RESEARCH])("is given to Manus: %s", async (message) => {
    const answer = await ask({ message });
    expect(answer.order).toEqual(["session", "auto_routed", "tool", "token", "usage", "done"]);
    expect(routes(answer)).toEqual(["task"]);
    expect(tools(answer)).toEqual(["task:manus running", "task:manus done"]);
    expect(answer.usage).toMatchObject({ promptTokens: 0, completionTokens: 0, costUsd: 0 });
    const task = await taskOf(sessionOf(answer));
    expect(task).toMatchObject({ prompt: message, user_id: user.userId });
    for (const part of [
      task.title,
      `https://manus.example/app/${task.manus_id}`,
      `/manus/tasks/${task.id}`,
    ]) {
      expect(answer.text).toContain(part);
    }
    expect(manus.requests.map(({ path }) => path)).toEqual(["/v2/task.create"]);
    expect(proxy.first.requests).toEqual([]);
    const [session] = await database.sql`
      select messages from public.ai_complete_sessions where id = ${sessionOf(answer)}`;
    expect(session?.["messages"]).toMatchObject([
      { role: "user", content: message },
      { role: "assistant", content: answer.text },
    ]);
    const [turn] = await database.sql`
      select status, model, cost_usd::float as cost from public.ai_chat_usage
      where user_id = ${user.userId} order by created_at desc limit 1`;
    expect(turn).toEqual({ status: "completed", model: null, cost: 0 });
  });

  test("is answered in its language, and its title is no Markdown", async () => {
    const answer = await ask({ message: "Nutze Manus, um *alles* zu finden" });
    expect(answer.text).toContain(
      "Ich habe das als Aufgabe an Manus gegeben: „Title of Nutze Manus, um \\*all“",
    );
  });

  test("asking again in the conversation shows its state, and what it has made", async () => {
    const sessionId = sessionOf(await ask({ message: WISH }));
    const task = await taskOf(sessionId);
    const first = await ask({ message: "Is it done?", sessionId });
    expect(first.text).toContain("waits for Manus to begin");
    expect(routes(first)).toEqual(["task"]);
    const age = () => database.sql`update public.manus_tasks set checked_at = now() - interval '1 minute'`;
    await age();
    expect((await ask({ message: "How is the task going?", sessionId })).text).toContain(
      "Manus is working on",
    );
    const double = manus.tasks.get(task.manus_id) ?? expect.fail("The double has no such task.");
    double.status = "stopped";
    double.messages.unshift({
      assistant_message: {
        content: "# Ten suppliers",
        attachments: [{ filename: "list](x).csv", url: "https://files.example/l.csv" }],
      },
    });
    await age();
    const last = await ask({ message: "any news?", sessionId });
    expect(last.text).toContain("Manus has finished the task");
    expect(last.text).toContain("\n\n# Ten suppliers\n\n");
    expect(last.text).toContain("- [list\\](x).csv](<https://files.example/l.csv>)");
    expect(manus.callsOf("task.create")).toHaveLength(1);
    expect(proxy.first.requests).toEqual([]);
  });

  test("a question that does not name the task is about it only just after it", async () => {
    const sessionId = sessionOf(await ask({ message: WISH }));
    expect((await ask({ message: "What is the capital of France?", sessionId })).text).toBe(ENGINE_TEXT);
    expect((await ask({ message: "Is it done?", sessionId })).text).toBe(ENGINE_TEXT);
    expect(routes(await ask({ message: "Is the task done?", sessionId }))).toEqual(["task"]);
  });

  test("a task of somebody else that a client's history names is not shown", async () => {
    const sessionId = sessionOf(await ask({ message: WISH }));
    const task = await taskOf(sessionId);
    const other = await database.signUp();
    const history = [
      { role: "user", content: "Hi" },
      { role: "assistant", content: `Its address is /api/v1/manus/tasks/${task.id}.` },
    ];
    const answer = await ask({ message: "Is it done?", history }, { credential: other.accessToken });
    expect(answer.text).toBe(ENGINE_TEXT);
    expect(answer.raw).not.toContain(task.title);
    expect(tools(answer)).toEqual(["task:manus running", "task:manus failed"]);
  });
});

describe("the engines answer", () => {
  test.each([
    [500, {}],
    [401, { ok: false }],
    [200, { ok: false, error: { message: `No credits for ${KEY}` } }],
  ])("if Manus fails: %i", async (status, body) => {
    manus.failing.set("task.create", { status, body });
    const answer = await ask({ message: WISH });
    expect(answer.text).toBe(ENGINE_TEXT);
    expect(tools(answer)).toEqual(["task:manus running", "task:manus failed"]);
    expect(routes(answer)[0]).toBe("task");
    expect(routes(answer)).toHaveLength(2);
  });

  test.each<[string, object]>([
    ["a mode that the client names", { message: WISH, model: "smart" }],
    ["a message that asks for nothing of the kind", { message: "What is Manus?" }],
    ["a question without a task", { message: "Is it done?" }],
    [
      "a message with an image",
      {
        message: WISH,
        image: `data:image/png;base64,${Buffer.from("\x89PNG\r\n\x1a\n").toString("base64")}`,
      },
    ],
  ])("%s", async (_, body) => {
    const answer = await ask(body);
    expect(tools(answer)).toEqual([]);
    expect(manus.requests).toEqual([]);
  });

  test.each<[string, Settings]>([
    ["unless it is switched on", { ENABLE_MANUS_AUTOROUTE: "" }],
    ["without a key of Manus's", { MANUS_API_KEY: "" }],
    ["without the service role, which stores tasks", { SUPABASE_SERVICE_ROLE_KEY: "" }],
  ])("%s", async (_, settings) => {
    const own = await start(settings);
    await database.sql`select public.open_turns_to_users()`;
    const answer = await ask({ message: WISH }, { via: own });
    expect([answer.text, tools(answer)]).toEqual([ENGINE_TEXT, []]);
    expect(manus.requests).toEqual([]);
    await own.stop();
  });

  test("a gateway key that is limited to modes", async () => {
    const credential = await createKey(database, user.userId, {
      modes: ["smart", "fast", "reasoner", "live", "coder"],
    });
    expect(tools(await ask({ message: WISH }, { credential }))).toEqual([]);
    expect(manus.requests).toEqual([]);
  });
});
