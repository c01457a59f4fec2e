import { describe, expect, test } from "vitest";
import type { Failure, FailureKind } from "#lib/providers/failures/failure.ts";
import { EngineHealth } from "#lib/providers/health/engine-health.ts";
import type { EnginePermit } from "#lib/providers/health/engine-permit.ts";
import type { BenchStart } from "#lib/providers/health/health-memory.ts";
import { keysOf } from "../../support/engines.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { expectLinear } from "../../support/linear.ts";

const ENGINE = {
  provider: { id: "groq" },
  model: "llama",
  origin: "https://a.example",
  keys: keysOf("k1", "k2", "k3", "k4"),
};
const OTHER_MODEL = { ...ENGINE, model: "qwen" };
const OTHER_PROVIDER = { ...ENGINE, provider: { id: "mistral" }, origin: "https://b.example" };

function setUp() {
  const clock = new FakeClock();
  const health = new EngineHealth(clock);
  const acquire = (engine = ENGINE, key = 0, ignoreRateLimit = false): EnginePermit => {
    const permit = health.acquire(engine, key, { ignoreRateLimit });
    if (permit === undefined) throw new Error("The engine is benched.");
    return permit;
  };
  const fail = (kind: FailureKind, more: Partial<Failure> = {}, engine = ENGINE, key = 0): void =>
    acquire(engine, key).failed({ kind, reason: "x", ...more });
  /** For how long an engine with a key stays out. */
  const benchedFor = (engine = ENGINE, key = 0): number => {
    const left = health.releaseAt(engine, key) - clock.now();
    expect(health.wouldAdmit(engine, key)).toBe(left <= 0);
    return Math.max(0, left);
  };
  return { clock, health, acquire, fail, benchedFor };
}

describe("a rate limit benches the key for the model", () => {
  test("for the stated time, that key and that model only", () => {
    const { fail, benchedFor, health } = setUp();
    fail("rate_limited", { status: 429, retryAfterMs: 30_000 });
    expect(benchedFor()).toBe(30_000);
    expect([benchedFor(ENGINE, 1), benchedFor(OTHER_MODEL), benchedFor(OTHER_PROVIDER)]).toEqual([0, 0, 0]);
    expect(health.acquire(ENGINE, 0)).toBeUndefined();
  });

  test("without a hint 5 s, doubling while it repeats, up to an hour", () => {
    const { clock, fail, benchedFor } = setUp();
    for (const seconds of [5, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600]) {
      fail("rate_limited", { status: 429 });
      expect(benchedFor()).toBe(seconds * 1_000);
      clock.advance(seconds * 1_000);
    }
  });

  test("an answer ends the doubling", () => {
    const { clock, acquire, fail, benchedFor } = setUp();
    fail("rate_limited");
    clock.advance(5_000);
    fail("rate_limited");
    clock.advance(10_000);
    acquire().succeeded();
    fail("rate_limited");
    expect(benchedFor()).toBe(5_000);
  });

  test("an answer to a call that waited slightly less than the hint lifts the bench", () => {
    const { clock, health, fail, benchedFor } = setUp();
    fail("rate_limited", { status: 429, retryAfterMs: 1_000 });
    clock.advance(999);
    const waited = health.acquire(ENGINE, 0, { ignoreRateLimit: true });
    waited?.answering();
    waited?.succeeded();
    expect(benchedFor()).toBe(0);
  });

  test("an answer to an older call does not lift a new bench", () => {
    const { acquire, fail, benchedFor } = setUp();
    const older = acquire();
    fail("rate_limited");
    older.answering();
    older.succeeded();
    expect(benchedFor()).toBe(5_000);
  });

  test("a hundred calls that hit the same limit at once are one limit", () => {
    const { clock, acquire, fail, benchedFor } = setUp();
    const parallel = Array.from({ length: 100 }, () => acquire());
    clock.advance(200);
    for (const permit of parallel) permit.failed({ kind: "rate_limited", reason: "x" });
    expect(benchedFor()).toBe(5_000);
    clock.advance(5_000);
    fail("rate_limited");
    expect(benchedFor()).toBe(10_000);
  });

  test("of parallel hints the longest counts", () => {
    const { clock, acquire, benchedFor } = setUp();
    const parallel = [acquire(), acquire(), acquire()];
    clock.advance(200);
    [60_000, 1_000, undefined].forEach((retryAfterMs, index) => {
      parallel[index]?.failed({
        kind: "rate_limited",
        reason: "x",
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      });
    });
    expect(benchedFor()).toBe(60_000);
  });

  test("a caller that has waited for the hint gets through, and a new limit counts", () => {
    const { clock, acquire, fail, benchedFor } = setUp();
    fail("rate_limited");
    clock.advance(250);
    acquire(ENGINE, 0, true).failed({ kind: "rate_limited", reason: "x" });
    expect(benchedFor()).toBe(10_000);
  });

  test("benches are counted in monotonic time: the wall clock may jump", () => {
    const { clock, fail, benchedFor } = setUp();
    fail("rate_limited", { retryAfterMs: 30_000 });
    clock.setWall(clock.wallNow() + 7_200_000);
    expect(benchedFor()).toBe(30_000);
  });
});

describe("other failures", () => {
  test.each<[FailureKind, number, { key: number; otherKey: number; otherModel: number }]>([
    ["key_rejected", 401, { key: 600_000, otherKey: 0, otherModel: 600_000 }],
    ["model_forbidden", 403, { key: 600_000, otherKey: 600_000, otherModel: 0 }],
    ["model_gone", 404, { key: 3_600_000, otherKey: 3_600_000, otherModel: 0 }],
    ["refused", 400, { key: 0, otherKey: 0, otherModel: 0 }],
    ["context_length", 400, { key: 0, otherKey: 0, otherModel: 0 }],
    ["content_policy", 400, { key: 0, otherKey: 0, otherModel: 0 }],
    ["server_error", 500, { key: 0, otherKey: 0, otherModel: 0 }],
  ])("%s benches what it concerns", (kind, status, expected) => {
    const { fail, benchedFor } = setUp();
    fail(kind, { status });
    expect({
      key: benchedFor(),
      otherKey: benchedFor(ENGINE, 1),
      otherModel: benchedFor(OTHER_MODEL),
    }).toEqual(expected);
    expect(benchedFor(OTHER_PROVIDER)).toBe(0);
  });

  test("a model that is gone is reported dead until its bench is over", () => {
    const { clock, fail, health } = setUp();
    fail("model_gone", { status: 404 });
    expect(health.report()).toEqual([
      { scope: "chat", engine: "groq/llama", breaker: "closed", benchedForMs: 3_600_000, dead: true },
    ]);
    clock.advance(3_600_000);
    expect(health.report()).toMatchObject([{ benchedForMs: 0, dead: false }]);
  });

  test.each<[FailureKind, Partial<Failure>, number]>([
    ["rate_limited", { status: 429, retryAfterMs: 30_000 }, 30_000],
    ["account", { status: 402, problem: "no_credit" }, 600_000],
    ["account", { status: 403, problem: "region" }, 600_000],
    ["model_gone", { status: 404 }, 3_600_000],
  ])(
    "%s, %j: an engine is reported left alone as long as none of its keys may be called",
    (kind, more, forMs) => {
      const { acquire, fail, health } = setUp();
      acquire().succeeded();
      const left = () => health.report(() => ENGINE).map(({ benchedForMs }) => benchedForMs);
      for (const [key] of ENGINE.keys.entries()) {
        expect(left()).toEqual([0]);
        fail(kind, more, ENGINE, key);
        if (more.problem === "region" || kind === "model_gone") break;
      }
      expect(left()).toEqual([forMs]);
    },
  );

  test("a model whose first call was refused for its rate is reported as well", () => {
    const { fail, health } = setUp();
    fail("rate_limited", { status: 429, retryAfterMs: 30_000 });
    expect(health.report(() => ({ ...ENGINE, keys: keysOf("k1") }))).toEqual([
      { scope: "chat", engine: "groq/llama", breaker: "closed", benchedForMs: 30_000, dead: false },
    ]);
  });

  test("an address that cannot be reached is reported of every engine behind it", () => {
    const { acquire, fail, health } = setUp();
    acquire(OTHER_MODEL).succeeded();
    for (let time = 0; health.wouldAdmit(ENGINE, 0) && time < 5; time++) fail("connect");
    const engines = new Map([ENGINE, OTHER_MODEL].map((one) => [`groq/${one.model}`, one]));
    const report = health.report((engine) => engines.get(engine));
    expect(report.find(({ engine }) => engine === "groq/qwen")).toMatchObject({
      breaker: "open",
      benchedForMs: 5_000,
    });
  });

  test.each<FailureKind>(["server_error", "reset", "timeout", "bad_response", "truncated"])(
    "five times %s open the model's breaker, and no other's",
    (kind) => {
      const { fail, benchedFor, health } = setUp();
      for (let count = 0; count < 5; count++) fail(kind);
      expect(benchedFor()).toBe(5_000);
      expect([benchedFor(OTHER_MODEL), benchedFor(OTHER_PROVIDER)]).toEqual([0, 0]);
      expect(health.report()).toMatchObject([{ engine: "groq/llama", breaker: "open" }, {}, {}].slice(0, 1));
    },
  );

  test("five failed connections close off every model of the origin", () => {
    const { fail, benchedFor } = setUp();
    for (let count = 0; count < 5; count++) fail("connect");
    expect([benchedFor(), benchedFor(OTHER_MODEL), benchedFor(OTHER_PROVIDER)]).toEqual([5_000, 5_000, 0]);
  });

  test("any HTTP answer shows that the origin can be reached", () => {
    const { fail, benchedFor } = setUp();
    for (let count = 0; count < 4; count++) fail("connect");
    fail("refused", { status: 400 });
    fail("connect");
    expect(benchedFor(), "five of six in a minute").toBe(5_000);
    const fresh = setUp();
    for (let count = 0; count < 4; count++) fresh.fail("connect");
    for (let count = 0; count < 6; count++) fresh.fail("refused", { status: 400 });
    fresh.fail("connect");
    expect(fresh.benchedFor()).toBe(0);
  });

  test.each<FailureKind>(["rate_limited", "refused", "key_rejected"])("%s hands a probe back", (kind) => {
    const { clock, fail, health } = setUp();
    for (let count = 0; count < 5; count++) fail("server_error");
    clock.advance(5_000);
    fail(kind, { status: 400 }, ENGINE, 3);
    expect(health.wouldAdmit(ENGINE, 0)).toBe(true);
  });
});

describe("permits", () => {
  test("one probe at a time, whatever the key", () => {
    const { clock, acquire, fail, health } = setUp();
    for (let count = 0; count < 5; count++) fail("server_error");
    clock.advance(5_000);
    const probe = acquire();
    expect([health.acquire(ENGINE, 0), health.acquire(ENGINE, 1)]).toEqual([undefined, undefined]);
    probe.abandoned();
    expect(health.acquire(ENGINE, 1)).toBeDefined();
  });

  test("a permit ends once", () => {
    const { acquire, benchedFor } = setUp();
    const permit = acquire();
    permit.succeeded();
    for (let count = 0; count < 9; count++) permit.failed({ kind: "server_error", reason: "x" });
    permit.failed({ kind: "model_gone", reason: "x" });
    expect(benchedFor()).toBe(0);
  });

  test("the outcomes of abandoned calls do not count", () => {
    const { acquire, benchedFor } = setUp();
    for (let count = 0; count < 50; count++) acquire().abandoned();
    expect(benchedFor()).toBe(0);
  });

  test("five empty answers say nothing of the engine's health", () => {
    const { fail, benchedFor, health } = setUp();
    for (let count = 0; count < 9; count++) fail("no_answer");
    expect(benchedFor()).toBe(0);
    expect(health.report()).toEqual([]);
  });

  test.each<[string, FailureKind, Partial<Failure>]>([
    ["gone", "model_gone", { status: 404 }],
    ["refused", "refused", { status: 400 }],
    ["limited", "rate_limited", { status: 429 }],
    ["failing", "server_error", { status: 500 }],
  ])("thousands of models that are %s do not free an engine that is out", (_name, kind, more) => {
    const { fail, benchedFor, clock } = setUp();
    for (let count = 0; count < 5; count++) fail("server_error");
    fail("rate_limited", { retryAfterMs: 60_000 }, OTHER_PROVIDER);
    fail("key_rejected", {}, { ...OTHER_PROVIDER, provider: { id: "cohere" } });
    fail("model_gone", {}, OTHER_MODEL);
    const out = (): number[] => [
      benchedFor(),
      benchedFor(OTHER_PROVIDER),
      benchedFor({ ...OTHER_PROVIDER, provider: { id: "cohere" } }),
      benchedFor(OTHER_MODEL),
    ];
    expect(out()).toEqual([5_000, 60_000, 600_000, 3_600_000]);
    for (let count = 0; count < 5_000; count++) {
      if (count % 500 === 0) {
        clock.advance(1);
        out();
      }
      fail(kind, more, { ...ENGINE, provider: { id: "other" }, model: `m${count}` });
    }
    expect(out()).toEqual([4_990, 59_990, 599_990, 3_599_990]);
  });

  test("an active bench is evicted last, even if it is never used", () => {
    const { clock, health, fail, acquire } = setUp();
    for (let count = 0; count < 5; count++) fail("server_error");
    fail("model_gone", {}, OTHER_MODEL);
    for (let count = 0; count < 3_000; count++) acquire({ ...ENGINE, model: `good${count}` }).succeeded();
    for (let count = 0; count < 1_990; count++)
      fail("model_forbidden", {}, { ...ENGINE, model: `no${count}` });
    clock.advance(600_000);
    for (let count = 0; count < 1_990; count++) fail("model_gone", {}, { ...ENGINE, model: `gone${count}` });
    const report = new Map(health.report().map((row) => [row.engine, row]));
    expect(report.get("groq/llama")?.breaker).toBe("half_open");
    expect(report.get("groq/qwen")?.dead).toBe(true);
  });

  test("looking an engine up creates no entry", () => {
    const { acquire, health } = setUp();
    for (let count = 0; count < 5; count++) acquire({ ...ENGINE, model: `m${count}` }).abandoned();
    expect(health.report()).toEqual([]);
  });

  test("calls that began before the first outcome count in the breaker it made", () => {
    const { acquire, benchedFor } = setUp();
    const parallel = Array.from({ length: 5 }, () => acquire());
    for (const permit of parallel) permit.failed({ kind: "server_error", reason: "x" });
    expect(benchedFor()).toBe(5_000);
  });

  test("successes before the first failure count", () => {
    const { acquire, fail, benchedFor } = setUp();
    for (let count = 0; count < 20; count++) acquire().succeeded();
    for (let count = 0; count < 4; count++) fail("server_error");
    acquire().succeeded();
    fail("server_error");
    expect(benchedFor()).toBe(0);
  });

  test("remembering more than is kept takes linear time", () => {
    const { health } = setUp();
    expectLinear(5_000, (size) => () => {
      for (let count = 0; count < size; count++)
        health.acquire({ ...ENGINE, model: `m${count}` }, 0)?.failed({ kind: "model_gone", reason: "x" });
    });
  });

  test("what is remembered is bounded, though clients name the models", () => {
    const { fail, health } = setUp();
    for (let count = 0; count < 5_000; count++)
      fail("model_gone", { status: 404 }, { ...ENGINE, model: `m${count}` });
    expect(health.report().length).toBeLessThanOrEqual(4_000);
  });
});

describe("a bench is reported", () => {
  function watched() {
    const clock = new FakeClock();
    const benches: BenchStart[] = [];
    const health = new EngineHealth(clock, (bench) => benches.push(bench));
    const engine = { ...ENGINE, keys: keysOf("k1", "k2") };
    const fail = (kind: FailureKind, more: Partial<Failure> = {}): void =>
      health.acquire(engine, 0)?.failed({ kind, reason: "x", cause: new Error("socket"), ...more });
    return { clock, benches, health, engine, fail };
  }

  test.each<[FailureKind, Partial<Failure>, BenchStart["level"], number]>([
    ["rate_limited", { status: 429, retryAfterMs: 30_000 }, "key_and_model", 30_000],
    ["key_rejected", { status: 401, problem: "no_credit" }, "key", 600_000],
    ["model_forbidden", { status: 403 }, "model", 600_000],
    ["model_gone", { status: 404, problem: "wrong_address" }, "model", 3_600_000],
  ])("%s: once, with its cause and its length", (kind, more, level, forMs) => {
    const { clock, benches, health, engine, fail } = watched();
    const parallel = [health.acquire(engine, 0), health.acquire(engine, 0)];
    fail(kind, more);
    for (const permit of parallel) permit?.failed({ kind, reason: "x", ...more });
    const { retryAfterMs: _, ...cause } = more;
    expect(benches).toEqual([
      { level, scope: "chat", engine, keyIndex: 0, cause: { kind, reason: "x", ...cause }, forMs },
    ]);
    expect(health.benchOf(engine, 0)).toMatchObject({ until: clock.now() + forMs, cause: benches[0]?.cause });
    clock.advance(forMs);
    expect(health.benchOf(engine, 0)).toBeUndefined();
    fail(kind, more);
    expect(benches).toHaveLength(2);
  });

  test.each<[FailureKind, BenchStart["level"]]>([
    ["server_error", "model"],
    ["connect", "origin"],
  ])("%s opens a breaker: once each time it opens", (kind, level) => {
    const { clock, benches, health, engine, fail } = watched();
    const late = health.acquire(engine, 0);
    for (let count = 0; count < 4; count++) fail(kind, { detail: "early" });
    expect(benches).toEqual([]);
    fail(kind, { detail: "the last" });
    late?.failed({ kind, reason: "x", detail: "late" });
    expect(benches).toMatchObject([{ level, forMs: 5_000, cause: { kind, detail: "the last" } }]);
    expect(health.benchOf(engine, 0)).toMatchObject({ until: clock.now() + 5_000, cause: { kind } });
    clock.advance(5_000);
    expect(health.benchOf(engine, 0)).toBeUndefined();
    const probe = health.acquire(engine, 0);
    expect(health.benchOf(engine, 0), "a probe is under way").toMatchObject({ until: clock.now() });
    probe?.failed({ kind, reason: "x" });
    expect(benches.map(({ forMs }) => forMs)).toEqual([5_000, 10_000]);
  });

  test("of several benches the longest is the reason", () => {
    const { health, engine, fail } = watched();
    const other = health.acquire(engine, 0);
    fail("rate_limited", { status: 429, retryAfterMs: 30_000 });
    other?.failed({ kind: "key_rejected", reason: "x", status: 401 });
    expect(health.benchOf(engine, 0)?.cause.kind).toBe("key_rejected");
    expect(health.benchOf(engine, 1)).toBeUndefined();
  });

  test("and an engine that is never benched has none, whatever happens", () => {
    const { clock, benches, health } = watched();
    const engine = { ...ENGINE, provider: { id: "sandbox", neverBenched: true } };
    for (const kind of ["rate_limited", "key_rejected", "model_gone", "connect", "server_error"] as const) {
      for (let count = 0; count < 10; count++) health.acquire(engine, 0)?.failed({ kind, reason: "x" });
    }
    expect(benches).toEqual([]);
    expect(health.report()).toEqual([]);
    expect(health.releaseAt(engine, 0)).toBeLessThanOrEqual(clock.now());
  });
});
