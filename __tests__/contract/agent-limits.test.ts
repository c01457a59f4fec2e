import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { randomHex } from "#lib/server/wiring/random.ts";
import { startAgent } from "#lib/services/agent/start-agent.ts";
import { mcpToolSource } from "#lib/services/mcp/mcp-tool-source.ts";
import type { AgentEvent } from "#lib/streaming/agent-events.ts";
import { agentEventsIn, answer, asked, engine, typed } from "../support/agent-engine.ts";
import { type FakeUpstream, type Script, startFakeUpstream } from "../support/fake-upstream.ts";
import { type OwnHost, serveAsOurs } from "../support/mcp-gateway.ts";
import { failsWith, says, saysThenWaits } from "../support/scripted-answers.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import {
  createKey,
  eventually,
  modelsConfig,
  startTestGateway,
  type TestGateway,
} from "../support/test-gateway.ts";

let database: TestSupabase;
let upstream: FakeUpstream;
let gateway: TestGateway;
let host: OwnHost;
let user: TestUser;

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(() => undefined);
  gateway = await startTestGateway({
    database,
    settings: {
      MODELS_CONFIG: modelsConfig({ one: `${upstream.origin}/v1` }),
      TAVILY_API_KEY: "tvly-one",
      TAVILY_BASE_URL: upstream.origin,
    },
  });
  host = await serveAsOurs(gateway);
}, 30_000);
afterAll(async () => {
  await host.stop();
  await gateway.stop();
  await upstream.stop();
  await database.stop();
});
beforeEach(async () => {
  user = await database.signUp();
});
afterEach(() => {
  upstream.requests.length = 0;
});

const GOAL = "Find A, B and C.";

function post(
  body: object = { goal: GOAL },
  { credential = user.accessToken, signal }: { credential?: string; signal?: AbortSignal } = {},
): Promise<Response> {
  return fetch(`${host.url}/api/v1/agent`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${credential}` },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function run(body?: object, credential?: string): Promise<AgentEvent[]> {
  const response = await post(body, credential === undefined ? {} : { credential });
  const text = await response.text();
  expect([response.status, text.slice(0, 200)]).toEqual([200, expect.stringContaining("data: ")]);
  return agentEventsIn(text);
}

const parts = (): string[] => upstream.requests.map((request) => asked({ request }).part);

async function rowOf({ userId }: TestUser) {
  const rows = await database.sql`
    select status, prompt_tokens, completion_tokens, served_tokens from ai_chat_usage where user_id = ${userId}`;
  return rows[0];
}

describe("limits of a run", () => {
  /** A run whose minutes are 300 ms long. */
  async function hurried(): Promise<AgentEvent[]> {
    const { completion, mcp } = gateway.gateway;
    const { clock } = completion.effects;
    const fast = {
      ...clock,
      now: () => clock.now(),
      wallNow: () => clock.wallNow(),
      after: (milliseconds: number, action: () => void) =>
        clock.after(milliseconds === 60_000 ? 300 : milliseconds, action),
    };
    const { events } = await startAgent(
      { goal: GOAL, model: "auto", mcp: [] },
      {
        requestId: crypto.randomUUID(),
        caller: { kind: "user", userId: user.userId, email: undefined, accessToken: user.accessToken },
        signal: new AbortController().signal,
        waitUntil: () => undefined,
      },
      {
        ...{ ...completion, randomHex, mcp: mcpToolSource({ value: mcp }), tools: [] },
        effects: { ...completion.effects, clock: fast },
      },
    );
    const all: AgentEvent[] = [];
    for await (const batch of events) all.push(...batch);
    return all;
  }

  test("a step has a minute; then it has failed, its engine is stopped, and the others go on", async () => {
    upstream.script = engine({
      step: ({ step }) => (step === "Find B" ? saysThenWaits("I am ") : answer(`${step} is found.`)),
    });
    const events = await hurried();
    expect(typed(events, "step_done").find(({ index }) => index === 1)).toEqual({
      ...{ type: "step_done", index: 1, output: "" },
      error: { code: "step_timeout", message: "The step took longer than 60 seconds." },
    });
    expect(events.at(-1)).toEqual({ type: "done", summary: "All is found." });
    const stopped = upstream.requests.filter(({ closedAt }) => closedAt !== undefined);
    expect(stopped.map((request) => asked({ request }).step)).toEqual(["Find B"]);
  });

  test("so has the summary: the run fails, the steps have been delivered", async () => {
    upstream.script = engine({ summary: saysThenWaits("All ") });
    const events = await hurried();
    expect(typed(events, "step_done").map(({ error }) => error)).toEqual([undefined, undefined, undefined]);
    expect(events.at(-1)).toMatchObject({ type: "error", code: "step_timeout" });
    expect((await rowOf(user))?.["status"]).toBe("failed");
  });

  test("a text without end is cut, and its engine is stopped", async () => {
    const endless: Script = async (exchange) => {
      await exchange.startStream();
      const content = "word ".repeat(400);
      while (!exchange.gone) await exchange.event({ choices: [{ index: 0, delta: { content } }] });
    };
    upstream.script = engine({ plan: answer('["Only one"]'), step: () => endless });
    const events = await run();
    const [done] = typed(events, "step_done");
    const text = typed(events, "token").filter(({ index }) => index === 0);
    expect(done?.output).toHaveLength(50_000);
    expect(text.map((token) => token.text).join("")).toBe(done?.output);
    expect(events.at(-1)).toMatchObject({ type: "done" });
  });
});

describe("the ledger", () => {
  test("has what the upstream counted, also of calls of tools and of steps that failed", async () => {
    const calls = says({ calls: [{ id: "c", name: "current_time", pieces: ["{}"] }], finish: "tool_calls" });
    upstream.script = engine({
      step: ({ step, messages }) => {
        if (step === "Find B") return failsWith(400, { error: { message: "No." } });
        const isTold = messages.some(({ role }) => role === "tool");
        return step === "Find C" && !isTold ? calls : answer(`${step} is found.`);
      },
    });
    const events = await run();
    expect(parts().sort()).toEqual(["planner", "synthesiser", "worker", "worker", "worker", "worker"]);
    // Five of them answered: 10 tokens of prompt and 5 of answer each.
    const totals = { promptTokens: 50, completionTokens: 25 };
    expect(events.at(-2)).toMatchObject({ type: "usage", ...totals });
    const row = await rowOf(user);
    expect([row?.["status"], Number(row?.["prompt_tokens"]), Number(row?.["completion_tokens"])]).toEqual([
      ...["completed", 50, 25],
    ]);
    // All but the plan reached the client, and of that all but two tokens of reasoning a call.
    expect(Number(row?.["served_tokens"])).toBe(12);
    const [children] = await database.sql`
      select count(*) filter (where status = 'ok') as answered, sum(tokens_out) as tokens, count(*) as calls
      from ai_events where user_id = ${user.userId} and event_type = 'attempt'`;
    expect([
      Number(children?.["answered"]),
      Number(children?.["tokens"]),
      Number(children?.["calls"]),
    ]).toEqual([5, 25, 6]);
  });

  test("a summary that fails: an error with what was used", async () => {
    upstream.script = engine({ summary: failsWith(400, { error: { message: "No." } }) });
    const events = await run();
    expect(typed(events, "step_done")).toHaveLength(3);
    expect(events.slice(-2)).toMatchObject([
      { type: "usage", promptTokens: 40, completionTokens: 20 },
      { type: "error", code: "engines_refused", message: "No." },
    ]);
    expect(await rowOf(user)).toMatchObject({ status: "failed" });
  });
});

describe("a client that leaves, over a socket", () => {
  const stays = saysThenWaits("I begin ");
  const searches = says({
    calls: [{ id: "c", name: "web_search", pieces: ['{"query":"A"}'] }],
    finish: "tool_calls",
  });
  test.each<[string, Parameters<typeof engine>[0], number]>([
    ["while it is planned", { plan: stays }, 1],
    ["in the steps", { step: () => stays }, 4],
    ["while a step waits for a tool", { plan: answer('["Only one"]'), step: () => searches }, 3],
    ["in the summary", { summary: stays }, 5],
  ])("%s: nothing further is called, and the row says so", async (_, answers, calls) => {
    const script = engine(answers);
    // A search has no messages: it is never answered.
    upstream.script = (exchange) => (exchange.request.path === "/search" ? undefined : script(exchange));
    const client = new AbortController();
    const response = await post(undefined, { signal: client.signal });
    const reader = response.body?.getReader() ?? expect.fail("There is no body.");
    const reading = (async () => {
      for (let step = await reader.read(); !step.done; step = await reader.read());
    })();
    await eventually("all is asked", () => upstream.requests.length === calls);
    client.abort();
    await expect(reading).rejects.toThrow();
    await eventually("the upstream knows", () => upstream.inFlight === 0);
    await eventually("the row is there", async () => (await rowOf(user))?.["status"] === "cancelled");
    expect(upstream.requests).toHaveLength(calls);
  });
});

describe("tools", () => {
  test("arguments that are not JSON are never run: the model is told", async () => {
    let told = "";
    upstream.script = engine({
      plan: answer('["Only one"]'),
      step: ({ messages }) => {
        const result = messages.find(({ role }) => role === "tool");
        if (result === undefined) {
          const call = { id: "c", name: "web_search", pieces: ['{"query": '] };
          return says({ calls: [call], finish: "tool_calls" });
        }
        told = String(result["content"]);
        return answer("It could not be found.");
      },
    });
    const events = await run();
    expect(told).toContain("not valid JSON");
    expect(upstream.requests.filter(({ path }) => path === "/search")).toEqual([]);
    expect(typed(events, "tool").map(({ status }) => status)).toEqual(["running", "failed"]);
  });

  test("a key that is limited to modes spends no searches", async () => {
    const offered = async (modes?: string[]): Promise<readonly string[]> => {
      upstream.requests.length = 0;
      upstream.script = engine({});
      await run(undefined, await createKey(database, user.userId, modes === undefined ? {} : { modes }));
      return (
        upstream.requests.map((request) => asked({ request })).find(({ part }) => part === "worker")?.tools ??
        []
      );
    };
    expect(await offered()).toContain("web_search");
    const limited = await offered(["smart"]);
    expect(limited).toContain("current_time");
    expect(limited).not.toContain("web_search");
  });
});
