import { describe, expect, test } from "vitest";
import type { Failure, FailureKind } from "#lib/providers/failures/failure.ts";
import { EngineHealth } from "#lib/providers/health/engine-health.ts";
import type { BenchStart } from "#lib/providers/health/health-memory.ts";
import type { SharedEntry } from "#lib/providers/health/shared-entry.ts";
import { keysOf } from "../../support/engines.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const ENGINE = {
  provider: { id: "groq" },
  model: "llama",
  origin: "https://a.example",
  keys: keysOf("k1", "k2"),
};
const OTHER = { ...ENGINE, provider: { id: "mistral" }, origin: "https://b.example" };

const HOST = "one-machine";

/** A process with a monotonic clock of its own, and a time of day that is wrong. */
function anInstance(started: number, wall: string, host = HOST) {
  const clock = new FakeClock(Date.parse(wall), started);
  const benches: BenchStart[] = [];
  const health = new EngineHealth(clock, (bench) => benches.push(bench));
  const fail = (kind: FailureKind, more: Partial<Failure> = {}, engine = ENGINE, key = 0): void =>
    health.acquire(engine, key)?.failed({ kind, reason: "x", ...more });
  const benchedFor = (engine = ENGINE, key = 0): number =>
    Math.max(0, health.releaseAt(engine, key) - clock.now());
  /** What it has to tell, as others get it `laterMs` afterwards: as JSON. */
  const told = (laterMs = 0): unknown[] =>
    health.exchange
      .report(1_000, HOST)
      .entries.map((entry) => JSON.parse(JSON.stringify(aged(entry, laterMs))) as unknown);
  const learn = (entries: readonly unknown[], tookMs = 0): void =>
    health.exchange.learn(entries, { sentAt: clock.now() - tookMs, receivedAt: clock.now() }, host);
  return { clock, benches, health, fail, benchedFor, told, learn };
}

/** As the database keeps it: its times go on. */
function aged(entry: SharedEntry, laterMs: number): SharedEntry {
  return "liftedMsAgo" in entry
    ? { ...entry, liftedMsAgo: entry.liftedMsAgo + laterMs }
    : { ...entry, forMs: entry.forMs - laterMs, ageMs: entry.ageMs + laterMs };
}

function instances() {
  const here = anInstance(1_000, "2026-11-22T12:00:00Z");
  const there = anInstance(987_654_321, "2031-01-01T00:00:00Z");
  const advance = (milliseconds: number): void => {
    here.clock.advance(milliseconds);
    there.clock.advance(milliseconds);
  };
  return { here, there, advance, tell: (): void => there.learn(here.told()) };
}

describe("instances share what they have learned", () => {
  test.each<[FailureKind, Partial<Failure>, number, number]>([
    ["rate_limited", { retryAfterMs: 30_000 }, 1, 30_000],
    ["key_rejected", {}, 1, 600_000],
    ["model_forbidden", {}, 1, 600_000],
    ["model_gone", {}, 1, 3_600_000],
    ["server_error", {}, 5, 5_000],
    ["connect", {}, 5, 5_000],
  ])("%s: with its cause, until the same moment, and without news", (kind, more, times, forMs) => {
    const { here, there, advance, tell } = instances();
    for (let count = 0; count < times; count++) here.fail(kind, more);
    advance(1_000);
    tell();
    expect(there.benchedFor()).toBe(forMs - 1_000);
    expect(there.health.benchOf(ENGINE, 0)?.cause).toMatchObject({ kind, reason: "x" });
    expect([here.benches.length, there.benches.length]).toEqual([1, 0]);
    advance(forMs - 1_000);
    expect(there.health.wouldAdmit(ENGINE, 0)).toBe(true);
  });

  test("for the key, whatever its position in the other's pool", () => {
    const { here, there, tell } = instances();
    here.fail("key_rejected");
    tell();
    const turned = { ...ENGINE, keys: [...ENGINE.keys].reverse() };
    expect([there.benchedFor(turned, 0), there.benchedFor(turned, 1)]).toEqual([0, 600_000]);
  });

  test("for the use that it is about", () => {
    const { here, there, tell } = instances();
    here.health.scope("embeddings").acquire(ENGINE, 0)?.failed({ kind: "model_gone", reason: "x" });
    tell();
    expect(there.benchedFor()).toBe(0);
    expect(there.health.scope("embeddings").wouldAdmit(ENGINE, 0)).toBe(false);
    expect(there.health.report()).toMatchObject([{ scope: "embeddings", dead: true }]);
  });

  test("of two ends the later one counts, in either direction, however often they are merged", () => {
    for (const [mine, others] of [
      [10_000, 50_000],
      [50_000, 10_000],
    ] as const) {
      const { here, there, tell } = instances();
      there.fail("rate_limited", { retryAfterMs: mine });
      here.fail("rate_limited", { retryAfterMs: others });
      for (let count = 0; count < 3; count++) {
        tell();
        here.learn(there.told());
      }
      expect([here.benchedFor(), there.benchedFor()]).toEqual([50_000, 50_000]);
    }
  });

  test("the doubling of a rate limit goes on", () => {
    const { here, there, advance, tell } = instances();
    for (const seconds of [5, 10]) {
      here.fail("rate_limited");
      if (seconds === 5) advance(5_000);
    }
    tell();
    advance(10_000);
    there.fail("rate_limited");
    expect(there.benchedFor()).toBe(20_000);
  });

  test("a breaker opens for as long as the other's, then lets one probe through, whose failure opens it for 10 s", () => {
    const { here, there, advance, tell } = instances();
    for (let count = 0; count < 5; count++) here.fail("server_error");
    advance(5_000);
    here.fail("server_error");
    expect(here.benchedFor()).toBe(10_000);
    advance(4_000);
    tell();
    expect(there.benchedFor()).toBe(6_000);
    advance(6_000);
    const probe = there.health.acquire(ENGINE, 0);
    expect(there.health.acquire(ENGINE, 0)).toBeUndefined();
    probe?.failed({ kind: "server_error", reason: "x" });
    expect(there.benchedFor()).toBe(10_000);
  });

  test("calls from before a breaker opened elsewhere do not count; a probe's answer does", () => {
    const { here, there, advance, tell } = instances();
    const older = there.health.acquire(ENGINE, 0);
    for (let count = 0; count < 5; count++) here.fail("server_error");
    tell();
    older?.succeeded();
    expect(there.benchedFor()).toBe(5_000);
    advance(5_000);
    there.health.acquire(ENGINE, 0)?.succeeded();
    expect(there.benchedFor()).toBe(0);
    tell();
    expect(there.benchedFor(), "a half-open breaker is no news").toBe(0);
  });

  test("a failure here during a bench of theirs is no news either", () => {
    const { here, there, tell } = instances();
    const older = there.health.acquire(ENGINE, 0);
    here.fail("key_rejected");
    tell();
    older?.failed({ kind: "key_rejected", reason: "x" });
    expect(there.benches).toEqual([]);
  });
});

describe("what one has learned makes none of the others worse", () => {
  test("an answer to a call that began after the other's bench counts more than the bench", () => {
    for (const kind of ["rate_limited", "key_rejected", "model_gone"] as const) {
      const { here, there, advance, tell } = instances();
      here.fail(kind, { retryAfterMs: 30_000 });
      advance(100);
      const later = there.health.acquire(ENGINE, 0);
      advance(100);
      later?.answering();
      tell();
      expect([kind, there.benchedFor()]).toEqual([kind, 0]);
      expect(there.told(), "nobody else is told: the others stay cautious").toEqual([]);
    }
  });

  test("an answer to a call that began before it says nothing", () => {
    const { here, there, advance, tell } = instances();
    const earlier = there.health.acquire(ENGINE, 0);
    advance(100);
    here.fail("rate_limited", { retryAfterMs: 30_000 });
    advance(100);
    earlier?.answering();
    tell();
    expect(there.benchedFor()).toBe(29_900);
  });

  test("an answer after the other's breaker has opened keeps it closed here", () => {
    const { here, there, advance, tell } = instances();
    for (let count = 0; count < 5; count++) here.fail("server_error");
    advance(100);
    there.health.acquire(ENGINE, 0)?.succeeded();
    tell();
    expect(there.benchedFor()).toBe(0);
  });

  test("a rate limit that an answer has ended is over for the others too", () => {
    const { here, there, advance, tell } = instances();
    here.fail("rate_limited", { retryAfterMs: 30_000 });
    tell();
    advance(2_000);
    const asked = here.health.acquire(ENGINE, 0, { ignoreRateLimit: true });
    advance(500);
    asked?.succeeded();
    expect(there.benchedFor()).toBe(27_500);
    tell();
    expect([here.benchedFor(), there.benchedFor()]).toEqual([0, 0]);
  });

  test("but not a newer one of theirs", () => {
    const { here, there, advance } = instances();
    here.fail("rate_limited", { retryAfterMs: 30_000 });
    here.told();
    advance(2_000);
    here.health.acquire(ENGINE, 0, { ignoreRateLimit: true })?.succeeded();
    const lifted = here.told();
    expect(lifted).toEqual([expect.objectContaining({ level: "key_and_model", liftedMsAgo: 0 })]);
    there.clock.advance(500);
    there.fail("rate_limited", { retryAfterMs: 30_000 });
    there.learn([{ ...(lifted[0] as object), liftedMsAgo: 500 }]);
    expect(there.benchedFor()).toBe(30_000);
  });

  test("the answer of one instance's probe closes the breaker of all, without a probe of theirs", () => {
    const { here, there, advance, tell } = instances();
    for (let count = 0; count < 5; count++) here.fail("server_error");
    tell();
    advance(5_000);
    const theirProbe = there.health.acquire(ENGINE, 0);
    here.health.acquire(ENGINE, 0)?.answering();
    tell();
    const permits = [1, 2, 3].map(() => there.health.acquire(ENGINE, 0));
    expect(permits.every((permit) => permit !== undefined)).toBe(true);
    theirProbe?.failed({ kind: "server_error", reason: "x" });
    expect(there.benchedFor(), "a probe from before that is out of date").toBe(0);
  });

  test("a breaker that has opened again since stays open", () => {
    const { here, there, advance } = instances();
    for (let count = 0; count < 5; count++) here.fail("server_error");
    there.learn(here.told());
    advance(5_000);
    const probe = here.health.acquire(ENGINE, 0);
    advance(500);
    there.fail("server_error");
    probe?.answering();
    const lifted = here.told();
    advance(3_000);
    there.health.acquire(ENGINE, 0);
    expect(there.benchedFor()).toBeGreaterThan(0);
    there.learn([{ ...(lifted[0] as object), liftedMsAgo: 3_500 }]);
    expect(there.benchedFor()).toBeGreaterThan(0);
  });

  test("a bench of a key, a model or a provider is not ended by what others say", () => {
    const { here, there, tell, advance } = instances();
    for (const kind of ["key_rejected", "model_gone"] as const) here.fail(kind);
    tell();
    advance(1_000);
    for (const level of ["key", "model", "provider"]) {
      for (const id of [`chat:groq#${ENGINE.keys[0]?.fingerprint}`, "chat:groq/llama"])
        there.learn([{ level, id, liftedMsAgo: 0 }]);
    }
    expect(there.benchedFor()).toBeGreaterThan(0);
  });

  test("calls that were under way when the other's limit was learned of do not double the backoff", () => {
    const { here, there, advance, tell } = instances();
    here.fail("rate_limited");
    advance(500);
    const underWay = there.health.acquire(ENGINE, 0);
    tell();
    underWay?.failed({ kind: "rate_limited", reason: "x" });
    expect(there.benchedFor()).toBe(4_500);
  });
});

describe("between hosts", () => {
  const FAILURES: readonly (readonly [what: string, Failure, times: number, isTrueElsewhere: boolean])[] = [
    ["a rate limit", { kind: "rate_limited", reason: "x" }, 1, true],
    ["an invalid key", { kind: "key_rejected", status: 401, reason: "x" }, 1, true],
    ["a key that this address may not use", { kind: "key_rejected", status: 403, reason: "x" }, 1, false],
    ["an account without credit", { kind: "account", problem: "no_credit", reason: "x" }, 1, true],
    ["a region that is not served", { kind: "account", problem: "region", reason: "x" }, 1, false],
    ["a model that is gone", { kind: "model_gone", reason: "x" }, 1, true],
    ["a wrong address", { kind: "model_gone", problem: "wrong_address", reason: "x" }, 1, false],
    ["a model that is forbidden", { kind: "model_forbidden", reason: "x" }, 1, true],
    ["a provider in trouble", { kind: "server_error", status: 500, reason: "x" }, 5, true],
    ["a network without a way there", { kind: "connect", reason: "x" }, 5, false],
    ["a network that breaks connections", { kind: "reset", reason: "x" }, 5, false],
    ["silence", { kind: "timeout", reason: "x" }, 5, false],
  ];
  test.each(FAILURES)("%s", (_, failure, times, isTrueElsewhere) => {
    const here = anInstance(1_000, "2026-11-22T12:00:00Z");
    const beside = anInstance(2_000, "2026-11-22T12:00:00Z");
    const elsewhere = anInstance(3_000, "2026-11-22T12:00:00Z", "another-machine");
    for (let count = 0; count < times; count++) here.health.acquire(ENGINE, 0)?.failed(failure);
    const told = here.told();
    beside.learn(told);
    elsewhere.learn(told);
    expect(beside.benchedFor()).toBeGreaterThan(0);
    expect(elsewhere.benchedFor() > 0).toBe(isTrueElsewhere);
  });
});

describe("a report", () => {
  test("says each thing once, and again if it could not be told", () => {
    const { here } = instances();
    expect(here.health.exchange.isEmpty).toBe(true);
    here.fail("rate_limited", { retryAfterMs: 30_000 });
    expect(here.health.exchange.isEmpty).toBe(false);
    const report = here.health.exchange.report(10, HOST);
    expect(report.entries).toHaveLength(1);
    expect(here.told()).toEqual([]);
    here.clock.advance(1_000);
    report.giveBack();
    expect(here.told()).toEqual([expect.objectContaining({ forMs: 29_000, ageMs: 1_000 })]);
  });

  test("does not say what is over before others could know of it", () => {
    const { here } = instances();
    here.fail("rate_limited", { retryAfterMs: 1_000 });
    here.clock.advance(600);
    expect(here.told()).toEqual([]);
  });

  test("of what came and went only says the end", () => {
    const { here } = instances();
    here.fail("rate_limited", { retryAfterMs: 30_000 });
    here.clock.advance(1);
    here.health.acquire(ENGINE, 0, { ignoreRateLimit: true })?.succeeded();
    expect(here.told()).toEqual([expect.objectContaining({ liftedMsAgo: 0 })]);
  });

  test("is bounded, whatever clients make up", () => {
    const { here } = instances();
    for (let index = 0; index < 5_000; index++)
      here.health.acquire({ ...ENGINE, model: `m${index}` }, 0)?.failed({ kind: "model_gone", reason: "x" });
    expect(here.health.exchange.report(200, HOST).entries).toHaveLength(200);
    expect(here.told()).toHaveLength(300);
    expect(here.told()).toEqual([]);
  });

  test("holds no key", () => {
    const { here } = instances();
    for (const kind of ["rate_limited", "key_rejected"] as const) here.fail(kind, { retryAfterMs: 30_000 });
    expect(JSON.stringify(here.told())).not.toMatch(/k1|k2/);
  });
});

describe("what no instance would say is not believed", () => {
  const cause = { kind: "key_rejected", reason: "x" };
  const id = `chat:groq#${ENGINE.keys[0]?.fingerprint}`;
  const good = { level: "key", id, forMs: 60_000, ageMs: 0, cause, host: HOST };
  const learned = (entries: readonly unknown[], tookMs = 0) => {
    const { there } = instances();
    there.learn(entries, tookMs);
    return there;
  };
  const idsOf = (entries: ReturnType<typeof learned>) =>
    entries.health.snapshot().benches.map((bench) => bench.id);

  test.each([
    null,
    "bench",
    {},
    { ...good, level: "planet" },
    { ...good, id: 7 },
    { ...good, id: "" },
    { ...good, id: "x".repeat(10_000) },
    { ...good, forMs: "tomorrow" },
    { ...good, forMs: null },
    { ...good, forMs: 0 },
    { ...good, forMs: -1 },
    { ...good, ageMs: -1 },
    { ...good, ageMs: undefined },
    { ...good, liftedMsAgo: "now", forMs: undefined },
    { ...good, cause: undefined },
    { ...good, cause: { kind: "bad_mood", reason: "x" } },
    { ...good, cause: { kind: "key_rejected" } },
    { ...good, level: "model" },
    { ...good, level: "key_and_model" },
  ])("of a bench %j nothing is taken, and its neighbours are", (bench) => {
    expect(idsOf(learned([bench, { ...good, id: "chat:other#1" }]))).toEqual(["chat:other#1"]);
  });

  const breaker = {
    level: "model_breaker",
    id: "chat:groq/llama",
    forMs: 5_000,
    ageMs: 0,
    openForMs: 5_000,
    cause,
  };

  test.each([
    {},
    { ...breaker, level: "planet_breaker" },
    { ...breaker, openForMs: -1 },
    { ...breaker, forMs: 0 },
  ])("of a breaker %j nothing", (entry) => {
    expect(learned([entry]).health.snapshot().breakers).toEqual([]);
  });

  test("an end in years benches nothing for longer than the longest bench", () => {
    expect(learned([{ ...good, forMs: 1e12 }]).benchedFor()).toBe(3_600_000);
    expect(learned([{ ...breaker, forMs: 1e12, openForMs: 1e12 }]).benchedFor()).toBe(10_000);
  });

  test("a process that was frozen while it asked benches nothing for longer", () => {
    expect(learned([good], 50_000).benchedFor()).toBe(10_000);
    expect(learned([good], 70_000).benchedFor()).toBe(0);
  });

  test("a flood is bounded, and forgets nothing that this instance has found out", () => {
    const { there } = instances();
    there.fail("key_rejected");
    there.fail("model_gone", {}, OTHER);
    for (let count = 0; count < 5; count++) there.fail("server_error", {}, { ...ENGINE, model: "qwen" });
    const many = Array.from({ length: 20_000 }, (_, index) => index);
    there.learn(
      many.flatMap((index) => [
        { ...good, id: `chat:p#${index}` },
        { ...good, level: "model", id: `chat:p/${index}`, dead: true },
        { ...breaker, id: `chat:p/${index}`, forMs: 20_000, openForMs: 20_000 },
      ]),
    );
    const { benches, breakers } = there.health.snapshot();
    expect(benches.length + breakers.length).toBeLessThanOrEqual(8_000);
    expect(there.benchedFor()).toBe(600_000);
    expect(there.benchedFor(OTHER)).toBe(3_600_000);
    expect(there.benchedFor({ ...ENGINE, model: "qwen" })).toBeGreaterThan(0);
  });
});
