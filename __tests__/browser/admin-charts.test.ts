import { describe, expect, test } from "vitest";
import { chartsOf, spendByModel, stacked, sumOf } from "#lib/browser/admin/chart-data.ts";
import { readSeries } from "#lib/browser/admin/series.ts";
import { fc } from "../support/properties.ts";

const bucket = (start: string, turns: object, rest: object = {}) => ({
  ...{ start, end: start, turns, failoverDepth: null, costUsd: 0, cachedSavingsUsd: 0, unknownCalls: 0 },
  ...{ latencyMs: { p50: null, p95: null }, firstTokenMs: { p50: null, p95: null }, ...rest },
});
const ANSWER = {
  ...{ window: "24h", bucketSeconds: 3_600, currency: "USD", complete: true },
  buckets: [
    bucket("2026-03-09T15:30:00.000Z", { answered: 3, rescued: 1, failed: 0, cancelled: 1, interrupted: 2 }),
    bucket(
      "2026-03-09T16:00:00.000Z",
      { answered: 0, rescued: 0, failed: 2, cancelled: 0, interrupted: 0 },
      {
        ...{ failoverDepth: 1.5, costUsd: 0.25, cachedSavingsUsd: 0.125 },
        ...{ latencyMs: { p50: 900, p95: 2_000 }, firstTokenMs: { p50: 100, p95: null } },
      },
    ),
  ],
  spend: [
    { day: "2026-03-09", provider: "groq", model: "m", calls: 9, costUsd: 0, cachedSavingsUsd: 0 },
    { day: "2026-03-09", provider: null, model: null, calls: 4, costUsd: 9, cachedSavingsUsd: 0 },
    { day: "2026-03-10", provider: "openai", model: "gpt/x", calls: 1, costUsd: 0.5, cachedSavingsUsd: 0.25 },
    { day: "2026-03-10", provider: "groq", model: "m", calls: 2, costUsd: 0, cachedSavingsUsd: 0 },
  ],
};

describe("the charts of a series", () => {
  const charts = chartsOf(readSeries(ANSWER));
  const linesOf = (name: keyof typeof charts): Record<string, unknown> =>
    Object.fromEntries(charts[name].lines.map(({ id, values }) => [id, values]));

  test("every line has what the answer says, and what was not measured is no zero", () => {
    expect(linesOf("turns")).toEqual({ answered: [3, 0], rescued: [1, 0], failed: [0, 2], stopped: [3, 0] });
    expect(linesOf("latency")).toEqual({
      ...{ firstTokenP50: [null, 100], firstTokenP95: [null, null] },
      ...{ latencyP50: [null, 900], latencyP95: [null, 2_000] },
    });
    expect(linesOf("depth")).toEqual({ depth: [null, 1.5] });
    expect(linesOf("spend")).toEqual({ spent: [0, 0.25], saved: [0, 0.125] });
    expect(charts.turns.lines.map(sumOf)).toEqual([3, 1, 2, 3]);
  });

  test("the first bucket, which begins with the window, stands an hour before the next", () => {
    const first = Date.UTC(2026, 2, 9, 15) / 1_000;
    expect(charts.turns.times).toEqual([first, first + 3_600]);
  });
});

test("layers stand on each other: the highest is the sum, and none is lower than the one below", () => {
  const line = fc.array(fc.option(fc.nat(1_000)), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), (lines) => {
      const layers = stacked(lines.map((values, index) => ({ id: String(index), values })));
      const sums = [0, 1, 2, 3].map((at) => lines.reduce((total, values) => total + (values[at] ?? 0), 0));
      expect(layers.at(-1)).toEqual(sums);
      layers.forEach((layer, index) => {
        layer.forEach((height, at) => {
          expect(height).toBeGreaterThanOrEqual(layers[index - 1]?.[at] ?? 0);
        });
      });
    }),
  );
});

test("costs by model: the dearest first, the others last, a day without a call is a zero", () => {
  expect(spendByModel(readSeries(ANSWER).spend)).toEqual({
    days: ["2026-03-09", "2026-03-10"],
    models: [
      { engine: "openai/gpt/x", calls: 1, costUsd: 0.5, cachedSavingsUsd: 0.25, byDay: [0, 0.5] },
      { engine: "groq/m", calls: 11, costUsd: 0, cachedSavingsUsd: 0, byDay: [0, 0] },
      { engine: null, calls: 4, costUsd: 9, cachedSavingsUsd: 0, byDay: [9, 0] },
    ],
  });
});
