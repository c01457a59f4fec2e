import { describe, expect, test } from "vitest";
import type { Failure, FailureKind } from "#lib/providers/failures/failure.ts";
import { EngineHealth } from "#lib/providers/health/engine-health.ts";
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

function anInstance() {
  const clock = new FakeClock(NOON, 1_000);
  const health = new EngineHealth(clock);
  const fail = (kind: FailureKind, more: Partial<Failure> = {}, engine = ENGINE, key = 0): void =>
    health.acquire(engine, key)?.failed({ kind, reason: "x", ...more });
  return { clock, health, fail };
}

describe("a snapshot", () => {
  test("has every bench and every breaker that is not closed, in wall-clock time, and no key", () => {
    const here = anInstance();
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
