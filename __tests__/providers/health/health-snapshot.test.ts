import { describe, expect, test } from "vitest";
import type { Failure, FailureKind } from "#lib/providers/failures/failure.ts";
import { EngineHealth } from "#lib/providers/health/engine-health.ts";
import type { BenchStart } from "#lib/providers/health/health-memory.ts";
import { keysOf } from "../../support/engines.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const NOON = Date.parse("2026-11-22T12:00:00Z");
const ENGINE = {
  provider: { id: "groq" },
  model: "llama",
  origin: "https://a.example",
  keys: keysOf("k1", "k2"),
};
const OTHER = { ...ENGINE, provider: { id: "mistral" }, origin: "https://b.example" };

/** Two instances with monotonic clocks of their own, and one time of day. */
function instances() {
  const make = (started: number) => {
    const clock = new FakeClock(NOON, started);
    const benches: BenchStart[] = [];
    const health = new EngineHealth(clock, (bench) => benches.push(bench));
    const fail = (kind: FailureKind, more: Partial<Failure> = {}, engine = ENGINE, key = 0): void =>
      health.acquire(engine, key)?.failed({ kind, reason: "x", ...more });
    const benchedFor = (engine = ENGINE, key = 0): number =>
      Math.max(0, health.releaseAt(engine, key) - clock.now());
    return { clock, benches, health, fail, benchedFor };
  };
  const here = make(1_000);
  const there = make(987_654_321);
  const advance = (milliseconds: number): void => {
    here.clock.advance(milliseconds);
    there.clock.advance(milliseconds);
  };
  /** As between processes: as JSON. */
  const tell = (): void => there.health.merge(JSON.parse(JSON.stringify(here.health.snapshot())));
  return { here, there, advance, tell };
}

describe("a snapshot", () => {
  test("has every bench and every breaker that is not closed, in wall-clock time, and no key", () => {
    const { here } = instances();
    here.fail("rate_limited", { status: 429, retryAfterMs: 30_000 });
    here.fail("key_rejected", { status: 401 }, OTHER);
    here.health.scope("embeddings").acquire(ENGINE, 0)?.failed({ kind: "model_gone", reason: "gone" });
    for (let count = 0; count < 5; count++)
      here.fail("connect", {}, { ...OTHER, provider: { id: "cohere" } });
    for (let count = 0; count < 5; count++) here.fail("server_error", {}, { ...ENGINE, model: "qwen" });
    const snapshot = here.health.snapshot();
    const [first] = ENGINE.keys;
    expect(snapshot).toEqual({
      version: 1,
      benches: [
        {
          level: "key_and_model",
          id: `chat:groq#${first?.fingerprint}/llama`,
          until: NOON + 30_000,
          cause: { kind: "rate_limited", status: 429, reason: "x" },
          streak: 0,
        },
        {
          level: "key",
          id: `chat:mistral#${first?.fingerprint}`,
          until: NOON + 600_000,
          cause: { kind: "key_rejected", status: 401, reason: "x" },
        },
        {
          level: "model",
          id: "embeddings:groq/llama",
          until: NOON + 3_600_000,
          cause: { kind: "model_gone", reason: "gone" },
          dead: true,
        },
      ],
      breakers: [
        {
          level: "model",
          id: "chat:groq/qwen",
          state: "open",
          until: NOON + 5_000,
          openForMs: 5_000,
          cause: { kind: "server_error", reason: "x" },
        },
        {
          level: "origin",
          id: "https://b.example",
          state: "open",
          until: NOON + 5_000,
          openForMs: 5_000,
          cause: { kind: "connect", reason: "x" },
        },
      ],
    });
    here.clock.advance(5_000);
    expect(here.health.snapshot().breakers.map(({ state }) => state)).toEqual(["half_open", "half_open"]);
    here.clock.advance(3_600_000);
    expect(here.health.snapshot().benches).toEqual([]);
  });
});

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
        here.health.merge(there.health.snapshot());
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

describe("what no instance would say is not believed", () => {
  const cause = { kind: "key_rejected", reason: "x" };
  const id = `chat:groq#${ENGINE.keys[0]?.fingerprint}`;
  const good = { level: "key", id, until: NOON + 60_000, cause };
  const merged = (benches: unknown, breakers: unknown = [], version: unknown = 1) => {
    const { there } = instances();
    there.health.merge({ version, benches, breakers });
    return there;
  };

  test.each([
    undefined,
    null,
    "",
    "{}",
    42,
    [],
    {},
    { version: 1 },
    { version: 1, benches: {}, breakers: [] },
    { version: 0, benches: [good], breakers: [] },
    { version: "1", benches: [good], breakers: [] },
  ])("%j is ignored", (snapshot) => {
    const { there } = instances();
    there.health.merge(snapshot);
    expect(there.health.snapshot()).toEqual({ version: 1, benches: [], breakers: [] });
  });

  test.each([
    null,
    "bench",
    {},
    { ...good, level: "planet" },
    { ...good, id: 7 },
    { ...good, id: "" },
    { ...good, id: "x".repeat(10_000) },
    { ...good, until: "tomorrow" },
    { ...good, until: null },
    { ...good, until: NOON },
    { ...good, cause: undefined },
    { ...good, cause: { kind: "bad_mood", reason: "x" } },
    { ...good, cause: { kind: "key_rejected" } },
    { ...good, level: "model" },
    { ...good, level: "key_and_model" },
  ])("of a bench %j nothing is taken, and its neighbours are", (bench) => {
    const other = { ...good, id: "chat:other#1" };
    const { health } = merged([bench, other]);
    expect(health.snapshot().benches).toEqual([other]);
  });

  test.each([
    {},
    { level: "model", id: "chat:groq/llama", state: "ajar", until: NOON + 5_000, openForMs: 5_000, cause },
    { level: "model", id: "chat:groq/llama", state: "open", until: NOON + 5_000, openForMs: -1, cause },
    { level: "model", id: "chat:groq/llama", state: "open", until: NOON, openForMs: 5_000, cause },
  ])("of a breaker %j nothing", (breaker) => {
    expect(merged([], [breaker]).health.snapshot().breakers).toEqual([]);
  });

  test("a clock that is years ahead benches nothing for longer than the longest bench", () => {
    const until = NOON + 1e12;
    expect(merged([{ ...good, until }]).benchedFor()).toBe(3_600_000);
    const breaker = { level: "model", id: "chat:groq/llama", state: "open", until, openForMs: 1e12, cause };
    expect(merged([], [breaker]).benchedFor()).toBe(10_000);
  });

  test("a flood is bounded, and forgets nothing that this instance has found out", () => {
    const { there } = instances();
    there.fail("key_rejected");
    there.fail("model_gone", {}, OTHER);
    for (let count = 0; count < 5; count++) there.fail("server_error", {}, { ...ENGINE, model: "qwen" });
    const many = Array.from({ length: 20_000 }, (_, index) => index);
    there.health.merge({
      version: 1,
      benches: many.flatMap((index) => [
        { ...good, id: `chat:p#${index}` },
        { ...good, level: "model", id: `chat:p/${index}`, dead: true },
      ]),
      breakers: many.map((index) => ({
        level: "model",
        id: `chat:p/${index}`,
        state: "open",
        until: NOON + 20_000,
        openForMs: 20_000,
        cause,
      })),
    });
    const { benches, breakers } = there.health.snapshot();
    expect(benches.length + breakers.length).toBeLessThanOrEqual(8_000);
    expect(there.benchedFor()).toBe(600_000);
    expect(there.benchedFor(OTHER)).toBe(3_600_000);
    expect(there.benchedFor({ ...ENGINE, model: "qwen" })).toBeGreaterThan(0);
  });
});
