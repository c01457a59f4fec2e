import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { serveRoute } from "#lib/server/http/route.ts";
import { agent } from "#lib/server/routes/agent.ts";
import type { AgentEvent } from "#lib/streaming/agent-events.ts";
import { type Answers, agentEventsIn, answer, asked, engine, typed } from "../support/agent-engine.ts";
import { type FakeUpstream, type Script, startFakeUpstream } from "../support/fake-upstream.ts";
import { startMcpServer, type TestMcpServer } from "../support/mcp-server.ts";
import { breaksAfter, failsWith, says, saysThenWaits } from "../support/scripted-answers.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import {
  aHost,
  createKey,
  eventually,
  modelsConfig,
  startTestGateway,
  type TestGateway,
} from "../support/test-gateway.ts";

let database: TestSupabase;
let first: FakeUpstream;
let second: FakeUpstream;
let notes: TestMcpServer;
let gateway: TestGateway;
let user: TestUser;
const works: Promise<void>[] = [];

beforeAll(async () => {
  database = await startTestSupabase();
  first = await startFakeUpstream(() => undefined);
  second = await startFakeUpstream(() => undefined);
  notes = await startMcpServer();
  gateway = await startTestGateway({
    database,
    settings: {
      MODELS_CONFIG: modelsConfig({ one: `${first.origin}/v1`, two: `${second.origin}/v1` }),
      MCP_CONFIG: JSON.stringify({
        servers: { notes: { url: notes.url }, gone: { url: "http://127.0.0.1:9/mcp" } },
      }),
    },
  });
}, 30_000);
afterAll(async () => {
  await gateway.stop();
  await Promise.all([first.stop(), second.stop(), notes.stop()]);
  await database.stop();
});
beforeEach(async () => {
  user = await database.signUp();
});
afterEach(() => {
  for (const upstream of [first, second]) upstream.requests.length = 0;
});

async function post(
  body: object,
  { credential = user.accessToken, signal }: { credential?: string; signal?: AbortSignal } = {},
) {
  const request = new Request("http://gateway.test/api/v1/agent", {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${credential}` },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
  const host = aHost({ waitUntil: (work) => void works.push(work) });
  return serveRoute(agent, async () => gateway.gateway)(request, host);
}

async function run(body: object = { goal: "Find A, B and C." }): Promise<AgentEvent[]> {
  const response = await post(body);
  const text = await response.text();
  expect([response.status, text.slice(0, 200)]).toEqual([200, expect.stringContaining("data: ")]);
  await Promise.all(works.splice(0));
  return agentEventsIn(text);
}

const parts = (): string[] =>
  [...first.requests, ...second.requests].map((request) => asked({ request }).part);

describe("a run", () => {
  test("plans, works on the steps side by side, and sums up", async () => {
    let running = 0;
    let most = 0;
    const slow: Script = async (exchange) => {
      running += 1;
      most = Math.max(most, running);
      await pause(80);
      running -= 1;
      await answer(`${asked(exchange).step} is found.`)(exchange);
    };
    first.script = engine({ step: () => slow });
    const events = await run();
    expect(typed(events, "step")).toEqual([
      { type: "step", index: 0, title: "Find A" },
      { type: "step", index: 1, title: "Find B" },
      { type: "step", index: 2, title: "Find C" },
    ]);
    expect(most).toBe(3);
    const done = typed(events, "step_done").sort((a, b) => a.index - b.index);
    expect(done.map(({ output }) => output)).toEqual([
      "Find A is found.",
      "Find B is found.",
      "Find C is found.",
    ]);
    const summary = typed(events, "token").filter(({ index }) => index === null);
    expect(summary.map(({ text }) => text).join("")).toBe("All is found.");
    expect(events.slice(-2)).toMatchObject([
      { type: "usage", promptTokens: 50, completionTokens: 25 },
      { type: "done", summary: "All is found." },
    ]);
    const last = asked({ request: first.requests.at(-1) ?? expect.fail("Nothing was asked.") });
    expect(String(last.messages.at(-1)?.["content"])).toMatch(
      /Step 2, Find B:\n<untrusted source="step 2" nonce="\w{16}">\nFind B is found\./,
    );
  });

  test("leaves one row, with every call as its child and their sum", async () => {
    first.script = engine({});
    await run();
    const calls = first.requests.length;
    const [turn, ...others] = await database.sql`
      select id, status, tier, route, prompt_tokens, completion_tokens from ai_chat_usage where user_id = ${user.userId}`;
    expect(others).toEqual([]);
    expect(turn).toMatchObject({ status: "completed", tier: "smart", route: "/api/v1/agent" });
    expect(Number(turn?.["prompt_tokens"])).toBe(10 * calls);
    const children = await database.sql`
      select meta ->> 'agent' as agent, meta ->> 'step' as step, status from ai_events
      where user_id = ${user.userId} and event_type = 'attempt'`;
    expect(children.map(({ agent, step, status }) => [agent, step, status]).sort()).toEqual([
      ["planner", null, "ok"],
      ["synthesiser", null, "ok"],
      ["worker", "1", "ok"],
      ["worker", "2", "ok"],
      ["worker", "3", "ok"],
    ]);
  });

  test("a step waits for those that it needs, and gets their results; not more than three run at once", async () => {
    const plan = JSON.stringify([
      ...["A", "B", "C", "D"].map((title) => ({ title, needs: [] })),
      { title: "Together", needs: [1, 4] },
    ]);
    let running = 0;
    let most = 0;
    first.script = engine({
      plan: answer(plan),
      step:
        ({ step }) =>
        async (exchange) => {
          running += 1;
          most = Math.max(most, running);
          await pause(40);
          running -= 1;
          await answer(`Result of ${step}.`)(exchange);
        },
    });
    const events = await run();
    expect(most).toBe(3);
    const order = typed(events, "step_done").map(({ index }) => index);
    expect(order.at(-1)).toBe(4);
    const worker = first.requests
      .map((request) => asked({ request }))
      .find(({ step }) => step === "Together");
    const text = String(worker?.messages.at(-1)?.["content"]);
    expect([
      text.includes("Result of A."),
      text.includes("Result of D."),
      text.includes("Result of B."),
    ]).toEqual([true, true, false]);
  });

  test("text streams while a step is under way", async () => {
    const go = Promise.withResolvers<void>();
    first.script = engine({
      plan: answer('["Only one"]'),
      step: () => async (exchange) => {
        await exchange.startStream();
        await exchange.event({ choices: [{ index: 0, delta: { content: "Early. " } }] });
        await go.promise;
        await exchange.event({ choices: [{ index: 0, delta: { content: "Late." }, finish_reason: "stop" }] });
        await exchange.event("[DONE]");
        await exchange.endStream();
      },
    });
    const response = await post({ goal: "One thing" });
    const reader = response.body?.getReader() ?? expect.fail("There is no body.");
    let text = "";
    while (!text.includes("Early.")) text += new TextDecoder().decode((await reader.read()).value);
    expect(text).not.toContain("step_done");
    go.resolve();
    for (let step = await reader.read(); !step.done; step = await reader.read())
      text += new TextDecoder().decode(step.value);
    expect(typed(agentEventsIn(text), "step_done")[0]?.output).toBe("Early. Late.");
  });
});

describe("what fails", () => {
  test.each<[string, Script]>([
    ["before its first word", failsWith(500, {})],
    ["after its first words", breaksAfter({ text: ["Find B "] })],
  ])("the provider of the second worker dies %s: the run completes", async (_, dies) => {
    first.script = engine({ step: ({ step }) => (step === "Find B" ? dies : answer(`${step} is found.`)) });
    second.script = engine({ step: () => answer("Find B is found elsewhere.") });
    const events = await run();
    const done = typed(events, "step_done").find(({ index }) => index === 1);
    expect(done?.error).toBeUndefined();
    expect(done?.output).toContain("found elsewhere.");
    expect(events.at(-1)).toMatchObject({ type: "done" });
  });

  test("a step that fails at every engine is told, and the run goes on without it", async () => {
    const step: Answers["step"] = ({ step }) =>
      step === "Find B" ? failsWith(400, { error: { message: "No." } }) : answer("Found.");
    first.script = engine({ step });
    second.script = engine({ step });
    const events = await run();
    expect(typed(events, "step_done").find(({ index }) => index === 1)).toMatchObject({
      output: "",
      error: { code: "engines_refused", message: "No." },
    });
    const summaries = [...first.requests, ...second.requests].map((request) => asked({ request }));
    const summary = summaries.find(({ part }) => part === "synthesiser");
    expect(String(summary?.messages.at(-1)?.["content"])).toContain("Step 2 (Find B) has failed");
    expect(events.at(-1)).toMatchObject({ type: "done" });
  });

  test("all steps fail: one error, and no summary is asked for", async () => {
    const step: Answers["step"] = () => failsWith(400, { error: { message: "No." } });
    first.script = engine({ step });
    second.script = engine({ step });
    const events = await run();
    expect(events.at(-1)).toMatchObject({ type: "error", code: "engines_refused" });
    expect(parts()).not.toContain("synthesiser");
    const [turn] = await database.sql`select status from ai_chat_usage where user_id = ${user.userId}`;
    expect(turn?.["status"]).toBe("failed");
  });

  test("a planner that fails costs the plan only: the goal is the step", async () => {
    const plan = failsWith(400, { error: { message: "No plan." } });
    first.script = engine({ plan });
    second.script = engine({ plan });
    const events = await run({ goal: "Say   hello" });
    expect(typed(events, "step")).toEqual([{ type: "step", index: 0, title: "Say hello" }]);
    expect(events.at(-1)).toMatchObject({ type: "done" });
  });
});

describe("a client that leaves", () => {
  test("stops everything: nothing further is called, and the row says so", async () => {
    first.script = engine({ step: () => saysThenWaits("I begin ") });
    const client = new AbortController();
    const response = await post({ goal: "Find A, B and C." }, { signal: client.signal });
    const reader = response.body?.getReader() ?? expect.fail("There is no body.");
    let text = "";
    while ((text.match(/I begin/g) ?? []).length < 3)
      text += new TextDecoder().decode((await reader.read()).value);
    client.abort();
    await reader.cancel();
    await eventually(
      "the upstream knows",
      () => first.requests.filter(({ closedAt }) => closedAt !== undefined).length === 3,
    );
    await Promise.all(works.splice(0));
    expect(parts().sort()).toEqual(["planner", "worker", "worker", "worker"]);
    const [turn] = await database.sql`
      select status, prompt_tokens, usage_source from ai_chat_usage where user_id = ${user.userId}`;
    expect(turn).toMatchObject({ status: "cancelled", usage_source: "estimated" });
    expect(Number(turn?.["prompt_tokens"])).toBeGreaterThan(10);
  });
});

describe("tools", () => {
  test("a step calls those of the gateway and of MCP servers; those that need consent are left out", async () => {
    let seen: readonly string[] = [];
    first.script = engine({
      plan: answer('["Read the note"]'),
      step: ({ messages, tools }) => {
        if (messages.some(({ role }) => role === "tool")) return answer("You need bread.");
        seen = tools;
        return says({
          calls: [{ id: "c", name: "notes__read_note", pieces: ["{}"] }],
          finish: "tool_calls",
        });
      },
    });
    const events = await run({ goal: "What do I need?", mcp: ["notes"] });
    expect(seen).toEqual(expect.arrayContaining(["current_time", "weather", "notes__read_note"]));
    expect(seen).not.toContain("notes__write_note");
    expect(typed(events, "tool")).toMatchObject([
      { index: 0, name: "read_note", plugin: "notes", status: "running" },
      { index: 0, name: "read_note", status: "done", result: expect.stringContaining("buy bread") },
    ]);
    expect(typed(events, "step_done")[0]?.output).toBe("You need bread.");
    expect(events[0]).toEqual({
      type: "notice",
      message: "Left out: one tool that needs the user's consent.",
    });
    const tools = await database.sql`
      select status from ai_events where user_id = ${user.userId} and event_type = 'tool'`;
    expect(tools).toHaveLength(1);
  });
});

test("a server that does not answer is told, and the run goes on without it", async () => {
  first.script = engine({});
  const events = await run({ goal: "What do I need?", mcp: ["gone"] });
  expect(events[0]).toMatchObject({
    type: "notice",
    message: expect.stringMatching(/^gone: .*cannot be reached/),
  });
  expect(events.at(-1)).toMatchObject({ type: "done" });
});

describe("bad input costs nothing", () => {
  test.each<[string, object, number]>([
    ["no goal", {}, 400],
    ["a goal of two characters", { goal: " a b".trim().slice(0, 2) }, 400],
    ["a goal of spaces", { goal: "     " }, 400],
    ["a goal of 2,001 characters", { goal: "x".repeat(2_001) }, 400],
    ["an unknown mode", { goal: "Say hello", model: "best" }, 400],
    ["an unknown MCP server", { goal: "Say hello", mcp: ["other"] }, 400],
  ])("%s", async (_, body, status) => {
    const response = await post(body);
    expect([response.status, first.requests.length]).toEqual([status, 0]);
    expect(await database.sql`select 1 from ai_chat_usage where user_id = ${user.userId}`).toHaveLength(0);
  });

  test("a key that may not use the mode is refused", async () => {
    const key = await createKey(database, user.userId, { modes: ["coder"] });
    expect((await post({ goal: "Say hello", model: "smart" }, { credential: key })).status).toBe(403);
  });
});
