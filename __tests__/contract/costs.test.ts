import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { settleRow } from "#lib/adapters/supabase/settle-row.ts";
import { MAKERS } from "#lib/server/wiring/parts.ts";
import type { Ledger, TurnEnd, TurnStart } from "#lib/services/ledger/ledger.ts";
import { ledgerRow, startedRow } from "#lib/services/ledger/ledger-row.ts";
import {
  answers,
  completion,
  type Exchange,
  isStreaming,
  type Script,
  textChunk,
  usageChunk,
} from "../support/fake-upstream.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";

type Ended = { start: TurnStart; end: TurnEnd };

let database: TestSupabase;
let user: TestUser;
let proxy: ProxyGateway | undefined;
let ended: Ended[];

beforeAll(async () => {
  database = await startTestSupabase();
}, 30_000);
afterAll(() => database.stop());
beforeEach(async () => {
  ended = [];
  user = await database.signUp();
});
afterEach(async () => {
  await proxy?.stop();
  proxy = undefined;
});

/** A ledger that tells of each turn that ends. */
function watched(base: Ledger): Ledger {
  return {
    close: () => base.close(),
    gauges: () => base.gauges(),
    begin(start) {
      const turn = base.begin(start);
      return {
        requestId: turn.requestId,
        startedAt: turn.startedAt,
        noteToolCall: (call) => turn.noteToolCall(call),
        end(end) {
          ended.push({ start, end });
          return turn.end(end);
        },
        forget: () => turn.forget(),
        abandon: () => turn.abandon(),
      };
    },
  };
}

async function start(prices: string, settings: Record<string, string> = {}): Promise<ProxyGateway> {
  proxy = await startProxyGateway(database, { PRICES_CONFIG: prices, ...settings }, undefined, {
    createLedger: (parts) => {
      const made = MAKERS.createLedger(parts);
      return { ...made, ledger: watched(made.ledger) };
    },
  });
  return proxy;
}

async function post(path: string, body: object): Promise<Response> {
  const answer = await proxy?.fetch(`http://gateway.test${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${user.accessToken}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (answer === undefined) throw new Error("no gateway");
  await answer.clone().text();
  await proxy?.settled();
  return answer;
}

/** Writes a few words and fails. */
const dies: Script = async (exchange: Exchange) => {
  await exchange.startStream();
  for (const word of ["One ", "two ", "six "]) await exchange.event(textChunk(word));
  await exchange.event({ error: { message: "The server is overloaded.", code: 503 } });
  await exchange.endStream();
};

/** Goes on with "four five." and tells its usage. */
const goesOn: Script = async (exchange) => {
  await exchange.startStream();
  await exchange.event(textChunk("four five."));
  await exchange.event(textChunk("", "stop"));
  await exchange.event(usageChunk(30, 8));
  await exchange.event("[DONE]");
  await exchange.endStream();
};

const ask = { message: "Count", model: "smart" };
const BOTH = '{ "first/m": { "input": 10, "output": 100 }, "second/m": { "input": 1, "output": 2 } }';
const SECOND_FREE =
  '{ "first/m": { "input": 10, "output": 100 }, "second/m": { "input": 1, "output": 2, "free": true } }';

describe("a continued turn", () => {
  async function continued(prices: string, settings: Record<string, string> = {}): Promise<TurnEnd> {
    const { first, second } = await start(prices, settings);
    first.script = dies;
    second.script = goesOn;
    const answer = await post("/api/ai-chat", ask);
    expect(await answer.text()).toContain("four");
    const [turn] = ended;
    if (turn === undefined) throw new Error("no turn has ended");
    return turn.end;
  }

  test("bills each attempt at its own engine's price, and the sum is the turn's", async () => {
    const end = await continued(BOTH);
    const [broken, answered] = end.attempts;
    const prompt = broken?.usage?.promptTokens ?? 0;
    expect(prompt).toBeGreaterThan(0);
    // Three words, which nobody has counted.
    expect(broken).toMatchObject({
      backend: "first",
      usage: { completionTokens: 3, source: "estimated", isBilled: true },
    });
    expect(broken?.usage?.costUsd).toBeCloseTo((prompt * 10 + 3 * 100) / 1e6, 12);
    expect(answered).toMatchObject({
      backend: "second",
      usage: { promptTokens: 30, completionTokens: 8, source: "exact", isBilled: true },
    });
    expect(answered?.usage?.costUsd).toBeCloseTo((30 * 1 + 8 * 2) / 1e6, 12);
    expect(end).toMatchObject({
      promptTokens: prompt + 30,
      completionTokens: 11,
      usageSource: "estimated",
      billableTokens: prompt + 3 + 30 + 8,
      servedTokens: 11,
    });
    expect(end.costUsd).toBeCloseTo((broken?.usage?.costUsd ?? 0) + (answered?.usage?.costUsd ?? 0), 11);
  });

  test("keeps what the client got, what providers worked, what is billable and what it costs apart", async () => {
    const end = await continued(SECOND_FREE);
    const [broken, answered] = end.attempts;
    const prompt = broken?.usage?.promptTokens ?? 0;
    expect(answered?.usage).toMatchObject({ isBilled: false, costUsd: 0, cachedSavingsUsd: 0 });
    // What the free tier saved.
    expect(answered?.usage?.listUsd).toBeCloseTo((30 * 1 + 8 * 2) / 1e6, 12);
    expect([end.servedTokens, end.promptTokens + end.completionTokens, end.billableTokens]).toEqual([
      11,
      prompt + 30 + 11,
      prompt + 3,
    ]);
    expect(end.costUsd).toBe(broken?.usage?.costUsd);
  });

  test("has an unknown cost if one attempt's is unknown; the others keep theirs", async () => {
    const config = '{ "first/m": { "input": 10, "output": 100 } }';
    const end = await continued(config, { PAID_PROVIDERS: "second" });
    expect(end.costUsd).toBeNull();
    expect(end.attempts.map(({ usage }) => usage?.costUsd === null)).toEqual([false, true]);
    expect(end.attempts[1]?.usage).toMatchObject({ isBilled: true, listUsd: null, cachedSavingsUsd: 0 });
  });

  test("tells when each attempt began and had its first content", async () => {
    const end = await continued(BOTH);
    const [broken, answered] = end.attempts;
    expect(broken?.startedMs).toBeGreaterThanOrEqual(0);
    expect(answered?.startedMs).toBeGreaterThanOrEqual(
      (broken?.startedMs ?? 0) + (broken?.latencyMs ?? 0) - 2,
    );
    for (const { firstTokenMs, latencyMs } of end.attempts) {
      expect(firstTokenMs).toBeGreaterThanOrEqual(0);
      expect(firstTokenMs).toBeLessThanOrEqual(latencyMs + 1);
    }
  });
});

describe("an attempt that fails before its answer", () => {
  test("has no usage if it was refused, and what it may have cost if it may be billed", async () => {
    const { first, second } = await start(BOTH);
    second.script = answers("Hi");
    const failures: [Script, boolean][] = [
      [(exchange) => exchange.json(503, { error: { message: "down" } }), false],
      [(exchange) => exchange.reset(), true],
    ];
    for (const [script, isBilled] of failures) {
      ended = [];
      first.script = script;
      await post("/api/v1/chat/completions", { model: "smart", messages: [{ role: "user", content: "Hi" }] });
      const [failed, answered] = ended[0]?.end.attempts ?? [];
      expect(failed?.usage?.isBilled ?? false).toBe(isBilled);
      expect(failed?.firstTokenMs).toBeUndefined();
      expect(answered?.usage).toMatchObject({ source: "exact", promptTokens: 10, completionTokens: 1 });
      // The answer came whole: it has no first token.
      expect(answered?.firstTokenMs).toBeUndefined();
    }
  });
});

describe("the route of a turn", () => {
  test.each([
    ["/api/ai-chat", ask],
    ["/api/v1/chat/completions", { model: "smart", messages: [{ role: "user", content: "Hi" }] }],
    ["/api/v1/messages", { model: "smart", max_tokens: 9, messages: [{ role: "user", content: "Hi" }] }],
    ["/api/v1/responses", { model: "smart", input: "Hi" }],
    ["/api/v1/embeddings", { model: "first/m", input: "Hi" }],
    ["/api/v1/suggestions", { userMsg: "Hi", aiMsg: "Hello" }],
  ])("%s is in its row", async (path, body) => {
    const { first } = await start(BOTH);
    first.script = (exchange) => {
      if (exchange.request.path.endsWith("/embeddings")) {
        const usage = { prompt_tokens: 7, total_tokens: 7 };
        return exchange.json(200, { object: "list", data: [{ index: 0, embedding: [0.1] }], usage });
      }
      return isStreaming(exchange.request)
        ? answers("[]")(exchange)
        : exchange.json(200, completion("[]", { prompt_tokens: 7, completion_tokens: 1 }));
    };
    expect((await post(path, body)).status).toBe(200);
    expect(ended.map(({ start }) => start.route)).toContain(path);
    const [turn] = ended.filter(({ start }) => start.route === path);
    expect(turn?.end.attempts[0]?.usage?.isBilled).toBe(true);
    expect(turn?.end.costUsd).toBeGreaterThan(0);
  });
});

test("the row of a turn has the keys that the database expects, and only numbers within its bounds", async () => {
  const { first } = await start(BOTH);
  first.script = answers("Hi");
  await post("/api/v1/chat/completions", { model: "smart", messages: [{ role: "user", content: "Hi" }] });
  const [turn] = ended;
  if (turn === undefined) throw new Error("no turn has ended");
  const row = settleRow(ledgerRow(startedRow(turn.start, Date.now()), turn.end));
  expect(row).toMatchObject({
    route: "/api/v1/chat/completions",
    served_tokens: 1,
    billable_tokens: 11,
    attempts: [
      {
        started_ms: expect.any(Number),
        prompt_tokens: 10,
        cached_tokens: 0,
        cache_write_tokens: 0,
        completion_tokens: 1,
        reasoning_tokens: 0,
        usage_source: "exact",
        billed: true,
        cost_usd: 0.0002,
        list_usd: 0.0002,
        cached_savings_usd: 0,
      },
    ],
  });
});
