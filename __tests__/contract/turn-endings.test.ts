import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answers, type Script, textChunk } from "../support/fake-upstream.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { type Door, eventually, type HttpHost, startDoor } from "../support/test-gateway.ts";

/**
 * However a turn ends, its row says so, and what it held is given back unless something of an answer was delivered:
 * the user's unit and the company's, on native chat and on the OpenAI-compatible routes.
 */
let database: TestSupabase;
let door: Door;
let user: TestUser;
let proxy: ProxyGateway;
let host: HttpHost;

beforeAll(async () => {
  database = await startTestSupabase();
  door = await startDoor(database.url, { hidesLeaving: true });
}, 30_000);
afterAll(async () => {
  await door.stop();
  await database.stop();
});
beforeEach(async () => {
  door.state = "open";
  user = await database.signUp();
  proxy = await startProxyGateway({ ...database, url: door.url }, { AUTH_FAILURES_PER_MINUTE: "0" });
  host = await proxy.overHttp();
});
afterEach(async () => {
  await proxy.stop();
});

const fails =
  (status: number, message = "no"): Script =>
  (exchange) =>
    exchange.json(status, { error: { message } });
const breaksOff: Script = async (exchange) => {
  await exchange.startStream();
  await exchange.event(textChunk("A long beginning of an answer. "));
  exchange.reset();
};
const saysNothing: Script = (exchange) => exchange.closed();
const saysABit: Script = async (exchange) => {
  await exchange.startStream();
  await exchange.event(textChunk("Once upon a time"));
  await exchange.closed();
};
const endsEmpty: Script = async (exchange) => {
  await exchange.startStream();
  await exchange.event("[DONE]");
  await exchange.endStream();
};
const partialToolCall: Script = async (exchange) => {
  await exchange.startStream();
  const call = { index: 0, id: "c", type: "function", function: { name: "f", arguments: '{"a":' } };
  await exchange.event({ choices: [{ index: 0, delta: { tool_calls: [call] }, finish_reason: null }] });
  exchange.reset();
};

type Api = "native" | "chat completions";
/** When a client goes: never, once its request is with the engine, or once it has read something. */
type Leaves = "never" | "before the first token" | "in the middle";
type Ended = { status: string; delivered: boolean };
type Ending = {
  name: string;
  first: Script;
  second?: Script;
  leaves?: Leaves;
  /** The request, where it matters. */
  body?: Record<string, unknown>;
  only?: Api;
  /** How the row says it; undefined: there is none. */
  row: Ended | undefined;
};

const completed: Ended = { status: "completed", delivered: true };
const failed: Ended = { status: "failed", delivered: false };
const ENDINGS: Ending[] = [
  { name: "it is answered", first: answers("Hello."), row: completed },
  { name: "the next engine answers", first: fails(500), second: answers("Hello."), row: completed },
  {
    name: "it breaks off and is continued",
    first: breaksOff,
    second: answers("A long beginning of an answer. ", "And its end."),
    row: completed,
  },
  {
    name: "it breaks off and cannot be continued",
    first: breaksOff,
    second: fails(500),
    row: { status: "failed", delivered: true },
  },
  {
    name: "it breaks off within a call of a tool",
    first: partialToolCall,
    body: { tools: [{ type: "function", function: { name: "f", parameters: { type: "object" } } }] },
    only: "chat completions",
    row: { status: "failed", delivered: true },
  },
  { name: "no engine answers", first: fails(500), second: fails(503), row: failed },
  { name: "all engines are busy", first: fails(429), second: fails(429), row: failed },
  { name: "no key is accepted", first: fails(401), second: fails(403), row: failed },
  { name: "the engines say nothing", first: endsEmpty, second: endsEmpty, row: failed },
  { name: "the engines refuse it", first: fails(400), second: fails(422), row: failed },
  {
    name: "an engine refuses its content",
    first: (exchange) =>
      exchange.json(400, { error: { message: "flagged", code: "content_policy_violation" } }),
    row: failed,
  },
  {
    name: "the client leaves before the first token",
    first: saysNothing,
    leaves: "before the first token",
    row: { status: "cancelled", delivered: false },
  },
  {
    name: "the client leaves in the middle",
    first: saysABit,
    leaves: "in the middle",
    row: { status: "cancelled", delivered: true },
  },
  {
    name: "it is refused as malformed",
    first: answers("Hello."),
    body: { message: 7, messages: 7 },
    row: undefined,
  },
];

const APIS: Record<Api, { path: string; body: Record<string, unknown> }> = {
  native: { path: "/api/ai-chat", body: { message: "Hi", model: "smart" } },
  "chat completions": {
    path: "/api/v1/chat/completions",
    body: { model: "smart", stream: true, messages: [{ role: "user", content: "Hi" }] },
  },
};
const CASES = ENDINGS.flatMap((ending) =>
  (["native", "chat completions"] as const).flatMap((api) =>
    ending.only === undefined || ending.only === api ? [{ ...ending, api }] : [],
  ),
);

/** Asks as a client that may leave. */
async function ask({ api, body, leaves = "never" }: Ending & { api: Api }): Promise<void> {
  const { path, body: usual } = APIS[api];
  const client = new AbortController();
  const calls = proxy.first.requests.length;
  const answered = fetch(host.url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${user.accessToken}`, "content-type": "application/json" },
    body: JSON.stringify({ ...usual, ...body }),
    signal: client.signal,
  });
  if (leaves === "before the first token") {
    answered.catch(() => undefined);
    await eventually("the engine is asked", () => proxy.first.requests.length > calls, 10_000);
    return client.abort();
  }
  const response = await answered;
  if (leaves === "never") return void (await response.text());
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; !text.includes("Once upon"); ) text += (await reader?.read())?.value ?? "";
  client.abort();
}

const rows = () => database.sql`
  select status, delivered from public.ai_chat_usage where user_id = ${user.userId}`;
const held = async (): Promise<{ user: number; company: number }> => {
  const [row] = await database.sql`
    select (select coalesce(sum(used), 0)::int from public.ai_quota_counters where user_id = ${user.userId}) as user,
           (select coalesce(sum(used), 0)::int from public.ai_capacity_counters) as company`;
  return { user: Number(row?.["user"]), company: Number(row?.["company"]) };
};

describe("what a turn held, when", () => {
  test.each(CASES)("$name ($api)", async (ending) => {
    proxy.first.script = ending.first;
    proxy.second.script = ending.second ?? answers("Hello from second.");
    const { company } = await held();
    await ask(ending);
    await eventually(
      "the turn has ended",
      async () => {
        const found = await rows();
        return found.every(({ status }) => status !== "started") && found.length >= (ending.row ? 1 : 0);
      },
      10_000,
    );
    await proxy.settled();
    expect([...(await rows())]).toEqual(ending.row === undefined ? [] : [ending.row]);
    // Only native chat has a quota.
    const units = ending.api === "native" && ending.row?.delivered === true ? 1 : 0;
    expect(await held()).toEqual({ user: units, company: company + units });
    const { ledger } = proxy.gateway.gateway;
    await eventually("nothing waits", () => ledger.gauges().waiting === 0, 10_000);
    expect(ledger.gauges().parked).toBe(0);
  });

  test("it is held by the process that has begun it, by whose lease others settle it (native)", async () => {
    await ask({ name: "", api: "native", first: answers("Hello."), row: completed });
    const [row] = await database.sql`
      select instance_id from public.ai_chat_usage where user_id = ${user.userId}`;
    expect(row?.["instance_id"]).toBe(proxy.gateway.gateway.instanceId);
  });

  test("it may have begun although the database did not say so (native)", { timeout: 40_000 }, async () => {
    const { company } = await held();
    const { path, body } = APIS.native;
    door.state = "silent";
    const answer = await proxy.fetch(`http://gateway.test${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${user.accessToken}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(503);
    expect(proxy.gateway.gateway.ledger.gauges().waiting).toBe(1);
    door.state = "open";
    expect(await held()).toEqual({ user: 0, company });
    expect(proxy.first.requests).toEqual([]);
  });
});
