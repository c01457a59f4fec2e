import { describe, expect, test } from "vitest";
import { boundedOutcome } from "#lib/services/ledger/turn-bounds.ts";
import type { AttemptRecord, AttemptUsage, TurnOutcome } from "#lib/services/ledger/turn-store.ts";
import { aLedgerEntry } from "../../support/turns.ts";

const MEGABYTE = 1_048_576;
const outcome = (changes: Partial<TurnOutcome> = {}): TurnOutcome => {
  const { requestId, caller, tier, startedAt, settleSecret, conversation, ...rest } = aLedgerEntry();
  return { ...rest, ...changes };
};
const attempt = (changes: Partial<AttemptRecord> = {}): AttemptRecord => ({
  modelId: "m",
  backend: "b",
  keyIndex: 0,
  status: "ok",
  latencyMs: 1,
  tokensOut: 1,
  meta: { attempt: 1 },
  ...changes,
});

const USAGE = {
  promptTokens: 10,
  cachedTokens: 5,
  cacheWriteTokens: 4,
  completionTokens: 3,
  reasoningTokens: 2,
  source: "exact",
  isBilled: true,
  costUsd: 0.1,
  listUsd: 0.2,
  cachedSavingsUsd: -0.05,
} as const;

test("an ordinary outcome stays as it is", () => {
  const used = attempt({ startedMs: 0, firstTokenMs: 12, usage: USAGE });
  const ordinary = outcome({
    attempts: [attempt(), used],
    costUsd: 0.00012,
    servedTokens: 3,
    billableTokens: 13,
  });
  expect(boundedOutcome(ordinary)).toEqual(ordinary);
  expect(boundedOutcome(outcome({ costUsd: null, model: null, backend: null }))).toMatchObject({
    costUsd: null,
    model: null,
    backend: null,
  });
});

describe("numbers", () => {
  test("of what an attempt used are finite and in their ranges; savings may be below zero", () => {
    for (const wild of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300, -1e300]) {
      const usage = Object.fromEntries(
        Object.entries(USAGE).map(([name, value]) => [name, typeof value === "number" ? wild : value]),
      ) as unknown as AttemptUsage;
      const [kept] = boundedOutcome(
        outcome({ attempts: [attempt({ startedMs: wild, firstTokenMs: wild, usage })] }),
      ).attempts;
      const { costUsd, listUsd, cachedSavingsUsd, source, isBilled, ...counts } = kept?.usage ?? usage;
      for (const count of [...Object.values(counts), kept?.startedMs, kept?.firstTokenMs]) {
        expect(Number.isInteger(count) && Number(count) >= 0 && Number(count) <= 1e9).toBe(true);
      }
      for (const cost of [costUsd, listUsd]) expect(cost === null || (cost >= 0 && cost <= 1e6)).toBe(true);
      expect(cachedSavingsUsd === null || Math.abs(cachedSavingsUsd) <= 1e6).toBe(true);
      expect([source, isBilled]).toEqual(["exact", true]);
    }
  });

  test.each([
    [Number.NaN, 0],
    [Number.POSITIVE_INFINITY, 1e9],
    [Number.NEGATIVE_INFINITY, 0],
    [-5, 0],
    [-0, 0],
    [1e300, 1e9],
    [2 ** 63 - 1, 1e9],
    [1e9, 1e9],
    [1.5, 2],
    [7, 7],
  ])("%s tokens are %s", (given, kept) => {
    const { promptTokens, completionTokens, cachedTokens, attempts } = boundedOutcome(
      outcome({
        promptTokens: given,
        completionTokens: given,
        cachedTokens: given,
        attempts: [attempt({ tokensOut: given })],
      }),
    );
    expect([promptTokens, completionTokens, cachedTokens, attempts[0]?.tokensOut]).toEqual(
      Array(4).fill(kept),
    );
    // JSON has no -0 for Postgres to stumble over.
    expect(JSON.stringify(promptTokens)).not.toMatch(/-|e/);
  });

  test.each([
    [Number.NaN, null],
    [Number.NEGATIVE_INFINITY, null],
    [-1, null],
    [Number.POSITIVE_INFINITY, 1e6],
    [1e300, 1e6],
    [5e-324, 0],
    [0, 0],
    [0.1 + 0.2, 0.3],
    [1.23456789e-7, 1.23457e-7],
  ])("a cost of %s USD is %s", (costUsd, kept) => {
    expect(boundedOutcome(outcome({ costUsd })).costUsd).toBe(kept);
  });

  test.each([
    [Number.NaN, 0],
    [Number.POSITIVE_INFINITY, 86_400_000],
    [-1, 0],
  ])("a latency of %s ms is %s", (latencyMs, kept) => {
    const [only] = boundedOutcome(
      outcome({ attempts: [attempt({ latencyMs, keyIndex: latencyMs })] }),
    ).attempts;
    expect(only?.latencyMs).toBe(kept);
    expect(Number.isInteger(only?.keyIndex)).toBe(true);
  });
});

describe("texts", () => {
  test("of a megabyte are cut", () => {
    const long = "é".repeat(MEGABYTE);
    const bounded = boundedOutcome(
      outcome({
        model: long,
        backend: long,
        attempts: [attempt({ modelId: long, backend: long, status: long })],
      }),
    );
    expect([bounded.model?.length, bounded.backend?.length]).toEqual([200, 100]);
    const [only] = bounded.attempts;
    expect([only?.modelId.length, only?.backend.length, only?.status.length]).toEqual([200, 100, 64]);
  });

  test.each<[string, Record<string, unknown>]>([
    ["a long text", { attempt: 1, reason: "€".repeat(MEGABYTE) }],
    ["a deep object", { attempt: 1, nested: { a: "x".repeat(MEGABYTE) } }],
    ["many fields", Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`k${index}`, index]))],
    ["a long name", { ["k".repeat(MEGABYTE)]: 1 }],
    [
      "many texts",
      Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, "€".repeat(500)])),
    ],
    ["control characters", { reason: "\u0001".repeat(5_000) }],
  ])("a note with %s fits", (_, meta) => {
    const [only] = boundedOutcome(outcome({ attempts: [attempt({ meta })] })).attempts;
    const text = JSON.stringify(only?.meta);
    // Postgres writes a space behind every colon and comma.
    expect(Buffer.byteLength(text) + (text.match(/[:,]/g) ?? []).length).toBeLessThanOrEqual(4_096);
    if ("attempt" in meta) expect(only?.meta).toMatchObject({ attempt: 1 });
  });

  test("the reason of a failure, at its longest, is kept whole", () => {
    const meta = { attempt: 100, httpStatus: 500, reason: "€".repeat(500) };
    expect(boundedOutcome(outcome({ attempts: [attempt({ meta })] })).attempts[0]?.meta).toEqual(meta);
  });
});

test("of many attempts the first and the last fifty are kept", () => {
  const attempts = Array.from({ length: 5_000 }, (_, index) => attempt({ meta: { attempt: index + 1 } }));
  const kept = boundedOutcome(outcome({ attempts })).attempts.map(({ meta }) => meta["attempt"]);
  expect(kept).toHaveLength(100);
  expect([kept[0], kept[49], kept[50], kept[99]]).toEqual([1, 50, 4_951, 5_000]);
});
