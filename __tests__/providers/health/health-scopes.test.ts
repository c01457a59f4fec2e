import { describe, expect, test } from "vitest";
import type { Failure, FailureKind } from "#lib/providers/failures/failure.ts";
import { EngineHealth } from "#lib/providers/health/engine-health.ts";
import type { BenchStart } from "#lib/providers/health/health-memory.ts";
import { withoutConsequences } from "#lib/providers/health/without-consequences.ts";
import { benchLogger } from "#lib/services/engines/bench-log.ts";
import type { LogFields } from "#lib/services/ports.ts";
import { keysOf } from "../../support/engines.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const ENGINE = {
  provider: { id: "openai" },
  model: "m",
  origin: "https://a.example",
  keys: keysOf("k1", "k2"),
};

function setUp() {
  const clock = new FakeClock();
  const benches: BenchStart[] = [];
  const chat = new EngineHealth(clock, (bench) => benches.push(bench));
  const embeddings = chat.scope("embeddings");
  const fail = (health: EngineHealth, kind: FailureKind, more: Partial<Failure> = {}): void =>
    health.acquire(ENGINE, 0)?.failed({ kind, reason: "x", ...more });
  const admits = (): boolean[] => [chat, embeddings].map((health) => health.wouldAdmit(ENGINE, 0));
  return { clock, benches, chat, embeddings, fail, admits };
}

describe("one health, with a scope for each use of an engine", () => {
  test.each<[FailureKind, number]>([
    ["rate_limited", 1],
    ["key_rejected", 1],
    ["model_forbidden", 1],
    ["model_gone", 1],
    ["server_error", 5],
  ])("%s in embeddings keeps the engine out of embeddings alone", (kind, times) => {
    const { embeddings, fail, admits, benches } = setUp();
    for (let count = 0; count < times; count++) fail(embeddings, kind);
    expect(admits()).toEqual([true, false]);
    expect(benches).toMatchObject([{ scope: "embeddings" }]);
  });

  test("an address that cannot be reached keeps out of all, whichever found it out", () => {
    const { clock, chat, embeddings, fail, admits, benches } = setUp();
    for (let count = 0; count < 3; count++) fail(chat, "connect");
    for (let count = 0; count < 2; count++) fail(embeddings, "connect");
    expect(admits()).toEqual([false, false]);
    expect(benches).toMatchObject([{ level: "origin", scope: "embeddings" }]);
    clock.advance(5_000);
    const probe = chat.acquire(ENGINE, 0);
    expect(embeddings.acquire(ENGINE, 0), "one probe for all").toBeUndefined();
    probe?.succeeded();
    expect(admits()).toEqual([true, true]);
  });

  test("the same scope has the same health, wherever it was created", () => {
    const { chat, embeddings, fail } = setUp();
    fail(embeddings, "model_gone");
    expect(chat.scope("embeddings").wouldAdmit(ENGINE, 0)).toBe(false);
    expect(embeddings.scope("chat").wouldAdmit(ENGINE, 0)).toBe(true);
    expect(chat.scope("speech").wouldAdmit(ENGINE, 0)).toBe(true);
  });

  test("the report names the scope", () => {
    const { chat, embeddings, fail } = setUp();
    fail(embeddings, "model_gone");
    fail(chat, "server_error");
    expect(chat.report()).toMatchObject([
      { scope: "embeddings", engine: "openai/m", dead: true },
      { scope: "chat", engine: "openai/m", dead: false },
    ]);
    expect(embeddings.report()).toEqual(chat.report());
  });

  test("the log line of a bench names the use, and the key by its fingerprint", () => {
    const clock = new FakeClock();
    const lines: [string, LogFields][] = [];
    const logger = {
      info: () => undefined,
      warn: (message: string, fields: LogFields = {}) => lines.push([message, fields]),
      error: () => undefined,
    };
    const chat = new EngineHealth(clock, benchLogger(logger, clock));
    const embeddings = chat.scope("embeddings");
    embeddings.acquire(ENGINE, 1)?.failed({ kind: "key_rejected", reason: "x" });
    chat.acquire(ENGINE, 0)?.failed({ kind: "model_gone", reason: "x" });
    for (let count = 0; count < 5; count++)
      embeddings.acquire(ENGINE, 0)?.failed({ kind: "connect", reason: "x" });
    expect(lines).toMatchObject([
      ["A provider key is benched.", { key: ENGINE.keys[1]?.fingerprint, use: "embeddings" }],
      ["A model is benched.", { model: "m", use: undefined }],
      ["A provider's address is benched.", { provider: "openai", use: undefined }],
    ]);
  });
});

test("a key is known by what it is, not by its place in the pool", () => {
  const { chat, fail } = setUp();
  fail(chat, "key_rejected");
  const turned = { ...ENGINE, keys: [...ENGINE.keys].reverse() };
  expect([chat.wouldAdmit(turned, 0), chat.wouldAdmit(turned, 1)]).toEqual([true, false]);
  const renewed = { ...ENGINE, keys: keysOf("new", "k2") };
  expect(chat.wouldAdmit(renewed, 0)).toBe(true);
});

describe("a walk without consequences", () => {
  test("does not record its failures", () => {
    const { chat } = setUp();
    const health = withoutConsequences(chat);
    for (const kind of ["model_gone", "key_rejected", "server_error", "connect"] as const)
      for (let count = 0; count < 9; count++) health.acquire(ENGINE, 0)?.failed({ kind, reason: "x" });
    expect(chat.snapshot()).toEqual({ version: 1, benches: [], breakers: [] });
    expect(chat.report()).toEqual([]);
  });

  test("keeps out what is benched, and says why", () => {
    const { chat, fail } = setUp();
    fail(chat, "rate_limited");
    const health = withoutConsequences(chat);
    expect([health.acquire(ENGINE, 0), health.wouldAdmit(ENGINE, 0)]).toEqual([undefined, false]);
    expect(health.benchOf(ENGINE, 0)?.cause.kind).toBe("rate_limited");
    expect(health.acquire(ENGINE, 1)).toBeDefined();
  });
});
