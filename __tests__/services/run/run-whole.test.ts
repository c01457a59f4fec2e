import { getEventListeners } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import type { TokenUsage } from "#lib/chat/usage.ts";
import type { Failure } from "#lib/providers/failures/failure.ts";
import { EngineHealth } from "#lib/providers/health/engine-health.ts";
import type { AttemptOutcome, EngineCall } from "#lib/providers/walk/walk-types.ts";
import { runWhole, type WholeRecord, type WholeRun } from "#lib/services/run/run-whole.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { engineAt, keysOf } from "../../support/engines.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const A = engineAt("a", "http://a.test");
const B = engineAt("b", "http://b.test");
const fails = (kind: Failure["kind"], more: Partial<Failure> = {}): AttemptOutcome<string> => ({
  ok: false,
  failure: { kind, reason: `It is ${kind}.`, ...more },
});
const says = (value: string): AttemptOutcome<string> => ({ ok: true, value });
const used = (promptTokens: number): TokenUsage => ({
  promptTokens,
  completionTokens: 0,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  source: "exact",
});

let check: () => void = () => undefined;
afterEach(() => check());

function setUp(
  attempt: WholeRun<string>["attempt"],
  changes: Partial<WholeRun<string>> = {},
  clock = new FakeClock(),
) {
  const health = new EngineHealth(clock);
  const client = new AbortController();
  const settled: WholeRecord[] = [];
  const lines: string[] = [];
  const log = (message: string): void => void lines.push(message);
  const run = runWhole<string>(
    {
      engines: [A, B],
      attempt,
      usageOf: (value) => used(value.length),
      signal: client.signal,
      deadlineMs: 10_000,
      keySeed: 0,
      onSettled: (record) => settled.push(structuredClone({ ...record, engine: undefined })),
      failureLog: { logger: { info: log, warn: log, error: log }, fields: { requestId: "r" } },
      ...changes,
    },
    { health, clock, random: () => 0.5 },
  );
  check = () => {
    expect(settled, "settled once").toHaveLength(1);
    expect(getEventListeners(client.signal, "abort")).toEqual([]);
  };
  return { clock, health, client, settled, lines, run };
}

describe("a run of one value", () => {
  test("is the first engine's that answers, and its record is complete when it is settled", async () => {
    const { run, settled, lines } = setUp(async ({ engine }, onUsed) => {
      if (engine.id === B.id) return says("four");
      onUsed(used(7));
      return fails("server_error", { status: 500 });
    });
    const { value, engine, record } = await run;
    expect([value, engine.id, record.engine?.id, record.calls]).toEqual(["four", "b/model", "b/model", 2]);
    expect(settled[0]).toMatchObject({
      state: "completed",
      committed: true,
      calls: 2,
      attempts: [
        { outcome: "server_error", status: 500 },
        { outcome: "answered", status: undefined },
      ],
      usages: [{ usage: used(7) }, { usage: used(4) }],
    });
    expect(lines).toEqual(["An engine gave no complete answer."]);
  });

  test("reports each outcome to the engines' health", async () => {
    const { run, health } = setUp(async ({ engine }) =>
      engine.id === A.id ? fails("model_gone", { status: 404 }) : says("x"),
    );
    await run;
    expect([health.wouldAdmit(A, 0), health.wouldAdmit(B, 0)]).toEqual([false, true]);
  });

  test("goes through the keys of an engine", async () => {
    const asked: number[] = [];
    const { run } = setUp(
      async ({ keyIndex }) => {
        asked.push(keyIndex);
        return keyIndex === 2 ? says("x") : fails("key_rejected", { status: 401 });
      },
      { engines: [{ ...A, keys: keysOf("1", "2", "3") }], keySeed: 1 },
    );
    await run;
    expect(asked).toEqual([1, 2]);
  });

  test("counts no usage for a value that uses nothing", async () => {
    const { run } = setUp(async () => says("x"), { usageOf: () => undefined });
    expect((await run).record.usages).toEqual([]);
  });

  test("fails as its walk does, is settled as failed, and the log says why", async () => {
    const { run, settled, lines } = setUp(async () => fails("server_error", { status: 500 }));
    await expect(run).rejects.toMatchObject({ code: "engines_unavailable" });
    expect(settled[0]).toMatchObject({ state: "failed", committed: false, calls: 2 });
    expect(lines).toEqual([
      "An engine gave no complete answer.",
      "An engine gave no complete answer.",
      "No engine completed the answer.",
    ]);
  });

  test("records which engines were not called", async () => {
    const { run, settled } = setUp(async () => says("x"), { engines: [A], deadlineMs: 10 });
    await expect(run).rejects.toMatchObject({ code: "engines_unavailable" });
    expect(settled[0]).toMatchObject({ calls: 0, skipped: [{ engine: { id: "a/model" } }] });
  });

  test("has a deadline: each attempt gets the rest of it", async () => {
    const left: number[] = [];
    const clock = new FakeClock();
    const attempt: WholeRun<string>["attempt"] = async ({ remainingMs }) => {
      left.push(remainingMs);
      clock.advance(4_000);
      return left.length === 1 ? fails("timeout") : says("x");
    };
    await setUp(attempt, {}, clock).run;
    expect(left).toEqual([10_000, 6_000]);
  });

  const waits = ({ engine }: EngineCall, signal: AbortSignal): Promise<AttemptOutcome<string>> =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(new Error(`left ${engine.id}`)), { once: true });
    });

  test.each([
    ["the client leaves", undefined, "client_closed_request", "cancelled"],
    [
      "the gateway ends it",
      new GatewayError("stream_interrupted", "The gateway is stopping."),
      "stream_interrupted",
      "interrupted",
    ],
  ] as const)("ends when %s, and no other engine is called", async (_name, reason, code, state) => {
    const client = new AbortController();
    const { run, settled } = setUp((target) => waits(target, client.signal), { signal: client.signal });
    client.abort(reason);
    await expect(run).rejects.toMatchObject({ code });
    expect(settled[0]).toMatchObject({ state, committed: false, attempts: [{ outcome: "cancelled" }] });
  });

  test("a bug is thrown as it is, logged, and settled too", async () => {
    const { run, settled, lines } = setUp(() => Promise.reject(new TypeError("bug")));
    await expect(run).rejects.toThrow("bug");
    expect([settled[0]?.state, lines]).toEqual(["failed", ["A chat turn failed."]]);
  });
});
