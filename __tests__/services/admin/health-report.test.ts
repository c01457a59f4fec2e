import { describe, expect, test } from "vitest";
import { adminHealthSchema } from "#lib/apis/native/admin-health-answer-schema.ts";
import type { Failure } from "#lib/providers/failures/failure.ts";
import { EngineHealth } from "#lib/providers/health/engine-health.ts";
import type { HealthScope } from "#lib/providers/health/engine-identity.ts";
import { AccountAlarms } from "#lib/services/admin/account-alarms.ts";
import { type HealthDependencies, healthReport } from "#lib/services/admin/health-report.ts";
import type { LedgerStatistics } from "#lib/services/admin/ledger-statistics.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { keysOf } from "../../support/engines.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const START = "2026-11-22T12:00:00.000Z";
const MINUTE = 60_000;
const [FIRST, SECOND] = keysOf("first", "second").map(({ fingerprint }) => fingerprint);

const period = {
  ...{ total: 0, paid: 0, free: 0, cachedSavings: 0, freeTierValue: 0, unknownCalls: 0, estimatedCalls: 0 },
  calls: 0,
  models: [],
};
const EMPTY: LedgerStatistics = {
  quality: { complete: true, percentiles: "exact" },
  providers: [],
  modes: [],
  cost: { currency: "USD", today: period, last7Days: period, last30Days: period },
};
const percentiles = { p50: 10, p95: 20, p99: 30 };
const figures = {
  ...{
    calls: 10,
    succeeded: 6,
    rateLimited: 1,
    outcomes: { ok: 6, rate_limited: 1, timeout: 1, cancelled: 2 },
  },
  ...{ latencyMs: percentiles, firstTokenMs: percentiles },
};

/** A gateway with two providers; `smart` has the chain groq/a, groq/b, openai/c. */
function world(changes: Partial<HealthDependencies> = {}) {
  const clock = new FakeClock(Date.parse(START));
  const alarms = new AccountAlarms(clock);
  const health = new EngineHealth(clock, (bench) => alarms.note(bench));
  const keys = { groq: keysOf("first", "second"), openai: keysOf("third") };
  const origins = { groq: "https://groq.test", openai: "https://openai.test" };
  const log: string[] = [];
  const dependencies: HealthDependencies = {
    statistics: async () => EMPTY,
    hasServiceRole: true,
    snapshot: () => health.snapshot(),
    alarms,
    providers: () => (["groq", "openai"] as const).map((id) => ({ id, origin: origins[id], keys: keys[id] })),
    chains: async () => [
      {
        mode: "smart",
        engines: [
          { provider: "groq", model: "a" },
          { provider: "groq", model: "b" },
          { provider: "openai", model: "c" },
        ],
      },
      { mode: "fast", engines: [{ provider: "groq", model: "a" }] },
    ],
    gauges: () => ({ waiting: 3, parked: 2, oldestSeconds: 41.5 }),
    blocks: [],
    listPrices: { prices: () => Promise.reject(new Error("needless")), engineOf: () => undefined },
    process: { version: "1.2.3", engines: "providers", startedAt: Date.parse(START) - 1_000 },
    clock,
    logger: {
      info: () => undefined,
      warn: () => undefined,
      error: (message) => void log.push(message),
    },
    ...changes,
  };
  const fail = (
    provider: "groq" | "openai",
    model: string,
    failure: Partial<Failure> & Pick<Failure, "kind">,
    { keyIndex = 0, scope = "chat" as HealthScope } = {},
  ): void => {
    const engine = { provider: { id: provider }, model, origin: origins[provider], keys: keys[provider] };
    const permit = health.scope(scope).acquire(engine, keyIndex);
    permit?.failed({ reason: `${failure.kind} said`, ...failure });
  };
  const read = async () => {
    const report = await healthReport(86_400, dependencies);
    // Whatever the world is like, the answer is one of the route.
    const plain: unknown = JSON.parse(JSON.stringify(report));
    expect(adminHealthSchema.parse(plain)).toEqual(plain);
    return report;
  };
  const providerOf = async (id: string) => (await read()).providers.find((provider) => provider.id === id);
  const engineOf = async (id: string, model: string) =>
    (await providerOf(id))?.engines.find((engine) => engine.model === model);
  return { clock, log, fail, read, providerOf, engineOf };
}

const timeAfter = (milliseconds: number): string => new Date(Date.parse(START) + milliseconds).toISOString();

describe("without a call", () => {
  test("the configured providers and the engines of their chains are there, with zeros", async () => {
    const { read } = world();
    const { providers, modes, ...rest } = await read();
    expect(rest).toEqual({
      generatedAt: START,
      window: { seconds: 86_400, from: timeAfter(-86_400_000) },
      process: { version: "1.2.3", engines: "providers", startedAt: timeAfter(-1_000) },
      database: { status: "ok", complete: true, percentiles: "exact" },
      cost: EMPTY.cost,
      ledger: { waiting: 3, parked: 2, oldestSeconds: 41.5 },
    });
    const none = { p50: null, p95: null, p99: null };
    const zeros = {
      ...{ calls: 0, succeeded: 0, rateLimited: 0, successRate: null, outcomes: {} },
      ...{ latencyMs: none, firstTokenMs: none, breaker: "closed", benchedUntil: undefined },
    };
    const engine = (model: string, ...inModes: string[]) => ({
      ...{ model, modes: inModes, ...zeros, dead: false, benches: [] },
    });
    const well = { configured: true, ...zeros, alarms: [], benches: [] };
    expect(providers).toEqual([
      {
        ...{ id: "groq", ...well, engines: [engine("a", "smart", "fast"), engine("b", "smart")] },
        keys: [
          { index: 0, fingerprint: FIRST },
          { index: 1, fingerprint: SECOND },
        ],
      },
      {
        ...{ id: "openai", ...well, engines: [engine("c", "smart")] },
        keys: [{ index: 0, fingerprint: keysOf("third")[0]?.fingerprint }],
      },
    ]);
    const idle = { turns: 0, statuses: {}, failoverDepth: { mean: 0, max: 0 } };
    expect(modes).toEqual([
      { mode: "smart", ...idle, engines: ["groq/a", "groq/b", "openai/c"] },
      { mode: "fast", ...idle, engines: ["groq/a"] },
    ]);
  });
});

describe("with calls", () => {
  const statistics = async (): Promise<LedgerStatistics> => ({
    ...EMPTY,
    providers: [
      { id: "gone", ...figures, engines: [{ model: "x", ...figures }] },
      { id: "groq", ...figures, engines: [{ model: "named/by-a-client", ...figures }] },
    ],
    modes: [{ mode: "named", turns: 4, statuses: { completed: 4 }, failoverDepth: { mean: 0.5, max: 2 } }],
  });

  test("what is no longer configured is shown, and what clients have named", async () => {
    const { read } = world({ statistics });
    const { providers, modes } = await read();
    expect(providers.map(({ id, configured }) => [id, configured])).toEqual([
      ["groq", true],
      ["openai", true],
      ["gone", false],
    ]);
    expect(providers[0]?.engines.map(({ model, calls, modes }) => [model, calls, modes])).toEqual([
      ["a", 0, ["smart", "fast"]],
      ["b", 0, ["smart"]],
      ["named/by-a-client", 10, []],
    ]);
    expect(modes.at(-1)).toEqual({
      ...{ mode: "named", turns: 4, statuses: { completed: 4 }, failoverDepth: { mean: 0.5, max: 2 } },
      engines: [],
    });
  });

  test("the success rate leaves out what clients have cancelled", async () => {
    const { providerOf } = world({ statistics });
    expect(await providerOf("groq")).toMatchObject({ calls: 10, succeeded: 6, successRate: 0.75 });
  });
});

describe("what is benched", () => {
  test("a rate limit benches a key for a model; the engine is free as long as another key is", async () => {
    const { fail, engineOf, providerOf, clock } = world();
    fail("groq", "a", { kind: "rate_limited", retryAfterMs: 30_000, status: 429 });
    expect(await engineOf("groq", "a")).toMatchObject({
      benchedUntil: undefined,
      benches: [
        {
          ...{ level: "key_and_model", use: "chat", cause: "rate_limited", reason: "rate_limited said" },
          ...{ keyIndex: 0, fingerprint: FIRST, until: timeAfter(30_000) },
        },
      ],
    });
    fail("groq", "a", { kind: "rate_limited", retryAfterMs: 20_000, status: 429 }, { keyIndex: 1 });
    expect(await engineOf("groq", "a")).toMatchObject({ benchedUntil: timeAfter(20_000) });
    // Its other model can be called.
    expect(await providerOf("groq")).toMatchObject({ benchedUntil: undefined, alarms: [] });
    clock.advance(20_000);
    expect(await engineOf("groq", "a")).toMatchObject({ benchedUntil: undefined });
  });

  test("a provider none of whose engines can be called is benched until the first can", async () => {
    const { fail, providerOf } = world();
    fail("openai", "c", { kind: "rate_limited", retryAfterMs: 30_000, status: 429 });
    expect(await providerOf("openai")).toMatchObject({ benchedUntil: timeAfter(30_000) });
  });

  test("keys that were rejected are named by place and fingerprint", async () => {
    const { fail, providerOf } = world();
    fail("groq", "a", { kind: "key_rejected", status: 401, reason: "Invalid API Key" }, { keyIndex: 1 });
    const provider = await providerOf("groq");
    expect(provider?.keys).toEqual([
      { index: 0, fingerprint: FIRST },
      { index: 1, fingerprint: SECOND, benchedUntil: timeAfter(10 * MINUTE), cause: "key_rejected" },
    ]);
    expect(provider?.alarms).toEqual([
      {
        ...{
          code: "key_rejected",
          since: START,
          retriedAt: timeAfter(10 * MINUTE),
          keyIndex: 1,
          fingerprint: SECOND,
        },
        message:
          "The provider rejects the key: replace it, and restart the gateway. It says: Invalid API Key",
        model: undefined,
      },
    ]);
    expect(JSON.stringify(provider)).not.toContain('"second"');
  });

  test("a model that its provider does not know is dead", async () => {
    const { fail, engineOf } = world();
    fail("groq", "b", { kind: "model_gone", status: 404 });
    expect(await engineOf("groq", "b")).toMatchObject({ dead: true, benchedUntil: timeAfter(60 * MINUTE) });
    expect(await engineOf("groq", "a")).toMatchObject({ dead: false });
  });

  test("breakers: of an engine, and of the address of all", async () => {
    const { fail, engineOf, providerOf, clock } = world();
    for (let call = 0; call < 5; call++) fail("groq", "a", { kind: "server_error", status: 500 });
    expect(await engineOf("groq", "a")).toMatchObject({ breaker: "open", benchedUntil: timeAfter(5_000) });
    expect(await engineOf("groq", "b")).toMatchObject({ breaker: "closed", benchedUntil: undefined });
    expect(await providerOf("groq")).toMatchObject({ breaker: "open", benchedUntil: undefined });
    clock.advance(5_000);
    expect(await engineOf("groq", "a")).toMatchObject({ breaker: "half_open", benchedUntil: undefined });
    for (let call = 0; call < 5; call++) fail("openai", "c", { kind: "connect" });
    expect(await providerOf("openai")).toMatchObject({ breaker: "open", benchedUntil: timeAfter(10_000) });
  });

  test("embeddings have benches of their own", async () => {
    const { fail, engineOf } = world();
    const embed = { scope: "embeddings" as const };
    fail("groq", "a", { kind: "model_gone", status: 404 }, embed);
    fail("groq", "embedder", { kind: "rate_limited", retryAfterMs: 9_000 }, { ...embed, keyIndex: 0 });
    fail("groq", "embedder", { kind: "rate_limited", retryAfterMs: 9_000 }, { ...embed, keyIndex: 1 });
    // It is in the chain of a mode: what counts is whether it can chat.
    expect(await engineOf("groq", "a")).toMatchObject({
      ...{ dead: true, benchedUntil: undefined, benches: [{ use: "embeddings" }] },
    });
    expect(await engineOf("groq", "embedder")).toMatchObject({ benchedUntil: timeAfter(9_000), modes: [] });
  });
});

describe("alarms", () => {
  const CASES: readonly {
    failure: Partial<Failure> & Pick<Failure, "kind">;
    code: string | undefined;
    about: "key" | "model" | "provider";
  }[] = [
    { failure: { kind: "account", problem: "no_credit", status: 402 }, code: "no_credit", about: "key" },
    { failure: { kind: "account", problem: "account_disabled" }, code: "account_disabled", about: "key" },
    { failure: { kind: "account", problem: "region" }, code: "region", about: "provider" },
    { failure: { kind: "account", problem: "data_policy" }, code: "data_policy", about: "model" },
    { failure: { kind: "account", problem: "not_enabled" }, code: "not_enabled", about: "model" },
    { failure: { kind: "account" }, code: "account", about: "key" },
    { failure: { kind: "key_rejected", status: 401 }, code: "key_rejected", about: "key" },
    { failure: { kind: "model_forbidden", status: 403 }, code: "model_forbidden", about: "model" },
    { failure: { kind: "model_gone", problem: "wrong_address" }, code: "wrong_address", about: "model" },
    { failure: { kind: "model_gone", status: 404 }, code: undefined, about: "model" },
    { failure: { kind: "rate_limited", status: 429 }, code: undefined, about: "key" },
  ];

  test.each(CASES)("$failure.kind $failure.problem: $code", async ({ failure, code, about }) => {
    const { fail, providerOf } = world();
    fail("groq", "a", { ...failure, reason: "its own words" });
    const alarms = (await providerOf("groq"))?.alarms ?? [];
    expect(alarms.map((alarm) => alarm.code)).toEqual(code === undefined ? [] : [code]);
    for (const alarm of alarms) {
      expect(alarm.message).toMatch(/: .* It says: its own words$/);
      expect(alarm.fingerprint).toBe(about === "key" ? FIRST : undefined);
      expect(alarm.model).toBe(about === "model" ? "a" : undefined);
    }
  });

  test("a fault that comes again with each try is one, since its beginning", async () => {
    const { fail, providerOf, clock } = world();
    const noCredit = () => fail("openai", "c", { kind: "account", problem: "no_credit" });
    noCredit();
    clock.advance(70 * MINUTE);
    expect((await providerOf("openai"))?.alarms).toEqual([]);
    noCredit();
    expect((await providerOf("openai"))?.alarms).toMatchObject([{ since: START }]);
    // An hour without it: what comes then is a new one.
    clock.advance(71 * MINUTE);
    noCredit();
    expect((await providerOf("openai"))?.alarms).toMatchObject([{ since: timeAfter(141 * MINUTE) }]);
  });

  test("one key that is benched for chat and for embeddings is one alarm", async () => {
    const { fail, providerOf } = world();
    fail("groq", "a", { kind: "account", problem: "no_credit" });
    fail("groq", "e", { kind: "account", problem: "no_credit" }, { scope: "embeddings" });
    expect((await providerOf("groq"))?.alarms).toHaveLength(1);
  });
});

describe("while the database cannot be read", () => {
  const FAILURES: readonly [string, Error, string][] = [
    ["away", new GatewayError("database_unavailable", "The database does not answer."), "unavailable"],
    ["without the migrations", new GatewayError("not_configured", "Apply supabase/migrations."), "not_ready"],
    ["of an unknown form", new TypeError("secret"), "unavailable"],
  ];

  test.each(FAILURES)("%s: what the process knows is shown", async (_, error, status) => {
    const { fail, read, log } = world({ statistics: () => Promise.reject(error) });
    fail("openai", "c", { kind: "account", problem: "no_credit", status: 402 });
    const report = await read();
    expect(report.database).toEqual({ status, message: expect.not.stringContaining("secret") });
    expect(report).toMatchObject({ cost: null, ledger: { waiting: 3 } });
    expect(report.modes[0]).toMatchObject({ turns: null, failoverDepth: null, engines: { length: 3 } });
    expect(report.providers[1]).toMatchObject({
      ...{ id: "openai", calls: null, succeeded: null, successRate: null, outcomes: null, latencyMs: null },
      ...{ benchedUntil: timeAfter(10 * MINUTE), alarms: [{ code: "no_credit" }] },
    });
    expect(log).toHaveLength(1);
  });

  test("without a service role there is nothing to read: it is named", async () => {
    const { read } = world({ hasServiceRole: false });
    await expect(read()).rejects.toMatchObject({
      ...{ code: "not_configured", message: expect.stringContaining("SUPABASE_SERVICE_ROLE_KEY") },
    });
  });
});
