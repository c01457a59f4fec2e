import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { apiRouter } from "#lib/server/routes/api-routes.ts";
import {
  answers,
  type FakeUpstream,
  type Script,
  startFakeUpstream,
  textChunk,
} from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import {
  createKey,
  type Door,
  type HttpHost,
  listen,
  startDoor,
  startTestGateway,
  type TestGateway,
} from "../support/test-gateway.ts";

/** After an ending nothing is held any more within this, milliseconds. */
const SOON = 1_000;

let database: TestSupabase;
let door: Door;
let user: TestUser;
let first: FakeUpstream;
let second: FakeUpstream;
let plugin: FakeUpstream;
let gateway: TestGateway;
let host: HttpHost;
let key: string;
let keyId: string;

beforeAll(async () => {
  database = await startTestSupabase();
  door = await startDoor(database.url);
}, 30_000);
afterAll(async () => {
  await door.stop();
  await database.stop();
});

beforeEach(async () => {
  door.state = "open";
  [first, second] = await Promise.all([
    startFakeUpstream(answers("Hello.")),
    startFakeUpstream(answers("Second.")),
  ]);
  plugin = await startFakeUpstream((exchange) => exchange.json(200, { ok: true }));
  user = await database.signUp();
  gateway = await startTestGateway({
    database: { ...database, url: door.url },
    settings: {
      ENABLE_OPENAI_PROXY: "true",
      ENABLE_MEMORY: "false",
      MODELS_CONFIG: config(),
      MISTRAL_API_KEY: "k",
      MISTRAL_BASE_URL: `${first.origin}/v1`,
      ANTHROPIC_API_KEY: "k",
      ANTHROPIC_BASE_URL: first.origin,
      PLUGIN_RECEIPT_SCANNER_URL: plugin.origin,
      FIRST_TOKEN_TIMEOUT_MS: "60000",
    },
  });
  const route = apiRouter(async () => gateway.gateway);
  host = await listen((request, own) => route(new URL(request.url).pathname)(request, own));
  key = await createKey(database, user.userId, { requestsAtOnce: 1, usdPerMonth: 100 });
  const [row] = await database.sql`select id from gateway_keys where user_id = ${user.userId}`;
  keyId = String(row?.["id"]);
});
afterEach(async () => {
  await host.stop();
  await gateway.stop();
  await Promise.all([first.stop(), second.stop(), plugin.stop()]);
});

/** Two providers with a model that is billed wherever it is served: what it may cost is reserved. */
function config(): string {
  const failover = ["first", "second"].map((provider) => ({ provider, model: "gpt-5.5", label: provider }));
  return JSON.stringify({
    extends: "default",
    providers: [
      { id: "first", baseUrl: `${first.origin}/v1` },
      { id: "second", baseUrl: `${second.origin}/v1` },
    ],
    modes: { smart: { failover, perUserDailyLimit: 3 }, fast: { failover } },
  });
}

/** Waits until something holds. */
const within = (milliseconds: number, holds: () => Promise<void>): Promise<void> =>
  vi.waitFor(holds, { timeout: milliseconds, interval: 10 });

type Held = { slots: number; usd: number; inProcess: number };

async function held(): Promise<Held> {
  const [row] = await database.sql`
    select count(*) filter (where has_slot)::int as slots, coalesce(sum(usd), 0)::float8 as usd
    from gateway_key_holds where key_id = ${keyId}`;
  return {
    slots: Number(row?.["slots"]),
    usd: Number(row?.["usd"]),
    inProcess: slotsInProcess(),
  };
}

/** What the process counts for the time in which the database is unavailable. */
function slotsInProcess(): number {
  const { admission } = gateway.gateway.completion as unknown as {
    admission: { holds: { slotsOf(id: string): number } };
  };
  return admission.holds.slotsOf(keyId);
}

const NOTHING: Held = { slots: 0, usd: 0, inProcess: 0 };

async function post(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  return fetch(`${host.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Reads the answer to its end and returns its status. */
async function whole(path: string, body: unknown): Promise<number> {
  const response = await post(path, body);
  await response.text();
  return response.status;
}

const HI = [{ role: "user", content: "Hi" }];
const NATIVE = { message: "Hi", model: "smart" };
const CHAT = { model: "smart", messages: HI, max_tokens: 1_000 };

const hangs: Script = () => undefined;
const hangsInTheMiddle: Script = async (exchange) => {
  await exchange.startStream();
  await exchange.event(textChunk("Half of "));
};
const breaksInTheMiddle: Script = async (exchange) => {
  await hangsInTheMiddle(exchange);
  exchange.socket.destroy();
};
const fails: Script = (exchange) => exchange.json(500, { error: { message: "no" } });
const refuses: Script = (exchange) => exchange.json(400, { error: { message: "too odd" } });

/** Asks, waits until something is held and the upstream has the request, and leaves. */
async function leave(path: string, body: unknown, script: Script): Promise<string> {
  first.script = script;
  second.script = script;
  const client = new AbortController();
  const asked = post(path, body, client.signal).then(
    (response) => response.text(),
    () => "left",
  );
  await within(2_000, async () => expect(first.requests.length).toBe(1));
  expect(await held()).toMatchObject({ slots: 1, inProcess: 1, usd: expect.toSatisfy((usd) => usd > 0) });
  client.abort();
  await asked.catch(() => undefined);
  return "left";
}

async function withScripts(one: Script, other: Script, work: () => Promise<number>): Promise<number> {
  first.script = one;
  second.script = other;
  return work();
}

/** How a request can end, and what its client sees. */
const ENDINGS: readonly (readonly [string, () => Promise<unknown>, unknown])[] = [
  ["native chat, answered", () => whole("/api/ai-chat", NATIVE), 200],
  ["a completion, whole", () => whole("/api/v1/chat/completions", CHAT), 200],
  ["a completion, streamed", () => whole("/api/v1/chat/completions", { ...CHAT, stream: true }), 200],
  ["a response", () => whole("/api/v1/responses", { model: "smart", input: "Hi" }), 200],
  ["a message", () => whole("/api/v1/messages", CHAT), 200],
  [
    "native chat, continued by another engine",
    () => withScripts(breaksInTheMiddle, answers("Half of it."), () => whole("/api/ai-chat", NATIVE)),
    200,
  ],
  [
    "native chat, broken off for good",
    () => withScripts(breaksInTheMiddle, fails, () => whole("/api/ai-chat", NATIVE)),
    200,
  ],
  [
    "a completion, continued by another engine",
    () =>
      withScripts(breaksInTheMiddle, answers("Half of it."), () =>
        whole("/api/v1/chat/completions", { ...CHAT, stream: true }),
      ),
    200,
  ],
  [
    "native chat, all engines down",
    () => withScripts(fails, fails, () => whole("/api/ai-chat", NATIVE)),
    200,
  ],
  [
    "a completion, all engines down",
    () => withScripts(fails, fails, () => whole("/api/v1/chat/completions", CHAT)),
    503,
  ],
  [
    "a completion, refused by all engines",
    () => withScripts(refuses, refuses, () => whole("/api/v1/chat/completions", CHAT)),
    400,
  ],
  ["bad input", () => whole("/api/ai-chat", { message: 1 }), 400],
  ["a mode that does not exist", () => whole("/api/v1/chat/completions", { ...CHAT, model: "no/body" }), 404],
  ["a session of nobody", () => whole("/api/ai-chat", { ...NATIVE, sessionId: randomUUID() }), 404],
  [
    "the day's turns used up",
    async () => {
      for (let turn = 0; turn < 3; turn++) await whole("/api/ai-chat", NATIVE);
      return whole("/api/ai-chat", NATIVE);
    },
    429,
  ],
  [
    "a document that cannot be read",
    () => {
      const file = { filename: "a.pdf", file_data: "data:application/pdf;base64,AAAA" };
      const messages = [{ role: "user", content: [{ type: "file", file }] }];
      return whole("/api/v1/chat/completions", { ...CHAT, messages });
    },
    expect.toBeOneOf([400, 415, 422]),
  ],
  [
    "embeddings that fail",
    () =>
      withScripts(fails, fails, () =>
        whole("/api/v1/embeddings", { model: "mistral/mistral-embed", input: "Hi" }),
      ),
    expect.toBeOneOf([502, 503]),
  ],
  [
    "counted tokens",
    () =>
      withScripts(
        (exchange) => exchange.json(200, { input_tokens: 3 }),
        fails,
        () => whole("/api/v1/messages/count_tokens", { ...CHAT, model: "anthropic/claude-opus-4-7" }),
      ),
    200,
  ],
  ["suggestions", () => whole("/api/v1/suggestions", { userMsg: "Hi", aiMsg: "Hello." }), 200],
  ["a plugin", () => whole("/api/v1/plugins/invoke", { plugin: "receipt-scanner", path: "/scan" }), 200],
  ["native chat, left before the first token", () => leave("/api/ai-chat", NATIVE, hangs), "left"],
  ["native chat, left in the middle", () => leave("/api/ai-chat", NATIVE, hangsInTheMiddle), "left"],
  ["a completion, left before the first token", () => leave("/api/v1/chat/completions", CHAT, hangs), "left"],
  [
    "a completion, left in the middle",
    () => leave("/api/v1/chat/completions", { ...CHAT, stream: true }, hangsInTheMiddle),
    "left",
  ],
];

describe("nothing is held, and the next request is let in, after", () => {
  test.each(ENDINGS)("%s", async (_, end, expected) => {
    expect(await end()).toEqual(expected);
    await within(SOON, async () => expect(await held()).toEqual(NOTHING));
    first.script = answers("Hello.");
    expect(await whole("/api/v1/chat/completions", { ...CHAT, model: "fast" })).toBeOneOf([200, 503]);
  });
});

test("one client after another is let in at once, although the row before is still being stored", async () => {
  for (let request = 0; request < 8; request++) {
    expect(await whole("/api/v1/chat/completions", { ...CHAT, stream: request % 2 === 0 })).toBe(200);
  }
});

test("an answer that nobody reads holds its place until its client is gone", async () => {
  first.script = hangsInTheMiddle;
  const client = new AbortController();
  const response = await post("/api/ai-chat", NATIVE, client.signal);
  expect(response.status).toBe(200);
  await within(2_000, async () => expect(await held()).toMatchObject({ slots: 1 }));
  expect((await post("/api/ai-chat", NATIVE)).status).toBe(429);
  client.abort();
  await response.text().catch(() => undefined);
  await within(SOON, async () => expect(await held()).toEqual(NOTHING));
});

describe("while the database is unavailable", () => {
  test("the process counts by itself, and lets go by itself", async () => {
    // The key is known from before.
    expect(await whole("/api/v1/chat/completions", CHAT)).toBe(200);
    door.state = "shut";
    first.script = hangsInTheMiddle;
    const client = new AbortController();
    const one = await post("/api/v1/chat/completions", { ...CHAT, stream: true }, client.signal);
    expect(one.status).toBe(200);
    const refused = await post("/api/v1/chat/completions", CHAT);
    expect(refused.status).toBe(429);
    expect(await refused.text()).toContain("1 request at once");
    client.abort();
    await one.text().catch(() => undefined);
    await within(SOON, async () => expect(slotsInProcess()).toBe(0));
    first.script = answers("Hello.");
    expect(await whole("/api/v1/chat/completions", CHAT)).toBe(200);
  });

  test("what it held when the database went away is let go when it is back", async () => {
    first.script = hangsInTheMiddle;
    const client = new AbortController();
    const one = await post("/api/v1/chat/completions", { ...CHAT, stream: true }, client.signal);
    expect(await held()).toMatchObject({ slots: 1, inProcess: 1 });
    door.state = "shut";
    client.abort();
    await one.text().catch(() => undefined);
    await within(SOON, async () => expect(slotsInProcess()).toBe(0));
    expect(await held()).toMatchObject({ slots: 1 });
    door.state = "open";
    await within(10_000, async () => expect(await held()).toEqual(NOTHING));
  });
});

test("parallel requests cannot pass a budget together", async () => {
  const { promise: allAsked, resolve: goOn } = Promise.withResolvers<void>();
  first.script = async (exchange) => {
    await allAsked;
    await answers("Hello.")(exchange);
  };
  // 1,000 tokens of the answer may cost 0.03 USD, and the prompt some tenths of a cent.
  await database.sql`update gateway_keys set usd_per_month = 0.2, requests_at_once = null where id = ${keyId}`;
  gateway.gateway.authenticator.keysChanged("all");
  let refusals = 0;
  const asked = Array.from({ length: 20 }, async () => {
    const response = await post("/api/v1/chat/completions", CHAT);
    if (response.status !== 200) refusals++;
    return [response.status, await response.text(), response.headers.get("retry-after")] as const;
  });
  await within(5_000, async () => expect(refusals + first.requests.length).toBe(20));
  expect((await held()).usd).toBeLessThanOrEqual(0.2);
  goOn();
  const answered = await Promise.all(asked);
  const passed = answered.filter(([status]) => status === 200).length;
  expect(passed).toBeGreaterThanOrEqual(4);
  expect(passed).toBeLessThanOrEqual(6);
  for (const [status, text, retryAfter] of answered) {
    if (status === 200) continue;
    expect([status, retryAfter]).toEqual([429, "2"]);
    expect(text).toContain("insufficient_quota");
    expect(text).toContain("under way");
  }
  await within(SOON, async () => expect(await held()).toEqual(NOTHING));
  // What they cost is far less than was feared.
  expect(await whole("/api/v1/chat/completions", CHAT)).toBe(200);
});

test("a request for several answers reserves what all of them may cost", async () => {
  first.script = hangs;
  const client = new AbortController();
  const asked = post("/api/v1/chat/completions", { ...CHAT, n: 8 }, client.signal).catch(() => undefined);
  await within(2_000, async () => expect(first.requests.length).toBe(1));
  // 1,000 tokens of each answer may cost 0.03 USD.
  expect((await held()).usd).toBeGreaterThan(8 * 0.03);
  client.abort();
  await asked;
});

describe("x-ratelimit headers", () => {
  const limits = ({ headers }: Response) =>
    ["limit", "remaining", "reset"].map((name) => headers.get(`x-ratelimit-${name}-requests`));
  const limited = async (requestsPerMinute: number): Promise<void> => {
    key = await createKey(database, user.userId, { requestsPerMinute });
  };
  const MINUTE = expect.stringMatching(/^(59s|1m0s)$/);

  test.each([
    ["/api/ai-chat", NATIVE],
    ["/api/v1/chat/completions", CHAT],
    ["/api/v1/chat/completions", { ...CHAT, stream: true }],
    ["/api/v1/responses", { model: "smart", input: "Hi" }],
    ["/api/v1/messages", CHAT],
    ["/api/v1/suggestions", { userMsg: "Hi", aiMsg: "Hello." }],
    ["/api/v1/plugins/invoke", { plugin: "receipt-scanner", path: "/scan" }],
    ["/api/v1/embeddings", { model: "mistral/mistral-embed", input: "Hi" }],
  ])("%s says what is left of the key's minute, also when nothing is", async (path, body) => {
    await limited(2);
    for (const remaining of ["1", "0"]) {
      const response = await post(path, body);
      await response.text();
      expect(limits(response)).toEqual(["2", remaining, MINUTE]);
    }
    const refused = await post(path, body);
    expect([refused.status, ...limits(refused)]).toEqual([429, "2", "0", MINUTE]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(50);
  });

  test("a request that another limit refuses says it too", async () => {
    key = await createKey(database, user.userId, { requestsPerMinute: 5, requestsAtOnce: 1 });
    first.script = hangs;
    const client = new AbortController();
    const asked = post("/api/v1/chat/completions", CHAT, client.signal).catch(() => undefined);
    await within(2_000, async () => expect(first.requests.length).toBe(1));
    const refused = await post("/api/v1/chat/completions", CHAT);
    expect([refused.status, ...limits(refused)]).toEqual([429, "5", "4", MINUTE]);
    client.abort();
    await asked;
  });

  test("native chat says what is left of the day without such a key", async () => {
    const untilMidnight = expect.stringMatching(/^(\d+h)?\d+m\d+s$|^\d+s$/);
    for (const [count, credential] of [user.accessToken, key, user.accessToken].entries()) {
      key = credential;
      const response = await post("/api/ai-chat", NATIVE);
      await response.text();
      expect([response.status, ...limits(response)]).toEqual([200, "3", String(2 - count), untilMidnight]);
    }
    const refused = await post("/api/ai-chat", NATIVE);
    expect([refused.status, ...limits(refused)]).toEqual([429, "3", "0", untilMidnight]);
  });

  test("other routes say nothing without a limit", async () => {
    key = await createKey(database, user.userId);
    const response = await post("/api/v1/chat/completions", CHAT);
    expect([response.status, ...limits(response)]).toEqual([200, null, null, null]);
  });
});
