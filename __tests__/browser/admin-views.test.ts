import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readHealth } from "#lib/browser/admin/health.ts";
import { readKeyPage } from "#lib/browser/admin/keys.ts";
import { readOverrides } from "#lib/browser/admin/overrides.ts";
import { addressOf, apiQueryOf, filterOf } from "#lib/browser/admin/request-filter.ts";
import { type AttemptView, readRequestDetail, readRequestPage } from "#lib/browser/admin/requests.ts";
import { readSeries } from "#lib/browser/admin/series.ts";
import { timelineOf } from "#lib/browser/admin/timeline.ts";
import { bodyOf, NEW_DRAFT, problemOf } from "../../app/admin/overrides/override-draft.ts";
import { fc } from "../support/properties.ts";

describe("answers of the API", () => {
  test.each([
    ["health", readHealth],
    ["series", readSeries],
    ["requests", readRequestPage],
    ["a request", readRequestDetail],
    ["overrides", readOverrides],
    ["keys", readKeyPage],
  ])("%s: no JSON at all breaks the page", (_, read) => {
    fc.assert(fc.property(fc.jsonValue(), (answer) => void read(answer)));
    expect(() =>
      read({ providers: [null], buckets: [1], requests: ["x"], overrides: [[]], keys: [0] }),
    ).not.toThrow();
  });

  test("health, as docs/ADMIN.md shows it", () => {
    const [, json = ""] = /```json\n([^`]+)```/.exec(readFileSync("docs/ADMIN.md", "utf8")) ?? [];
    const { providers, modes, cost, databaseProblem } = readHealth(JSON.parse(json));
    expect(databaseProblem).toBeNull();
    expect(cost).toBeNull();
    expect(providers[0]).toMatchObject({
      ...{ id: "groq", calls: 1_042, successRate: 0.9412, latencyP95: 2_480, breaker: "closed" },
      ...{ benchedUntil: null, alarms: [{ code: "no_credit", keyIndex: 1 }] },
      keys: [
        { index: 0, benchedUntil: null },
        { index: 1, benchedUntil: "2026-11-27T03:20:00.000Z" },
      ],
    });
    expect(modes).toMatchObject([
      { mode: "smart", turns: 812, completed: 806, failed: 6, depthMean: 0.0825 },
    ]);
  });
});

describe("the time line of a request", () => {
  const attempt = (
    startedMs: number | null,
    latencyMs: number,
    firstTokenMs: number | null,
  ): AttemptView => ({
    ...{ engine: "groq/m", keyIndex: 0, outcome: "ok", httpStatus: null, problem: null, reason: null },
    ...{ startedMs, latencyMs, firstTokenMs, usage: null },
  });

  test("bars lie where their attempts were under way", () => {
    const { totalMs, bars } = timelineOf([attempt(0, 100, null), attempt(200, 800, 300)]);
    expect(totalMs).toBe(1_000);
    expect(bars).toMatchObject([
      { startMs: 0, left: 0, width: 10, firstToken: null },
      { startMs: 200, left: 20, width: 80, firstToken: 50 },
    ]);
  });

  test("an attempt that does not say when it began comes after the one before", () => {
    const { bars } = timelineOf([attempt(null, 100, null), attempt(null, 300, null)]);
    expect(bars.map(({ startMs }) => startMs)).toEqual([0, 100]);
  });

  test("no bar leaves the line, and none is too narrow to be seen", () => {
    const any = fc.record({
      startedMs: fc.option(fc.nat(100_000)),
      latencyMs: fc.nat(600_000),
      firstTokenMs: fc.option(fc.nat(600_000)),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 20 }), (times) => {
        const { bars } = timelineOf(
          times.map((one) => attempt(one.startedMs, one.latencyMs, one.firstTokenMs)),
        );
        for (const { left, width, firstToken } of bars) {
          expect(left).toBeGreaterThanOrEqual(0);
          expect(left + width).toBeLessThanOrEqual(100.000_1);
          expect(width).toBeGreaterThan(0);
          expect(firstToken ?? 0).toBeLessThanOrEqual(100);
        }
      }),
    );
  });
});

describe("filters of the log", () => {
  test("a page's address gives them back, whatever they hold", () => {
    const filter = fc.record(
      { status: fc.constant("failed"), engine: fc.string(), user: fc.string(), minCost: fc.string() },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(filter, (typed) => {
        const address = addressOf(typed);
        expect(addressOf(filterOf(Object.fromEntries(new URLSearchParams(address))))).toBe(address);
      }),
    );
  });

  test("unknown names and empty filters are not sent, and times are sent with their zone", () => {
    expect(filterOf({ status: "failed", cursor: "x", mode: "", key: ["a", "b"] })).toEqual({
      status: "failed",
    });
    const query = new URLSearchParams(
      apiQueryOf({ mode: " fast ", from: "2026-03-10T15:30Z", cost: "" }, 50),
    );
    expect(Object.fromEntries(query)).toEqual({
      mode: "fast",
      from: "2026-03-10T15:30:00.000Z",
      limit: "50",
    });
    // The API says what is wrong with it.
    expect(apiQueryOf({ to: "soon" }, 1)).toBe("to=soon&limit=1");
  });
});

describe("a new override", () => {
  test.each([
    [{ target: " groq " }, { kind: "off", provider: "groq", mode: null }],
    [
      { kind: "engine", target: "groq/m", mode: "fast" },
      { kind: "off", engine: "groq/m", mode: "fast" },
    ],
    [
      { kind: "order", engines: "a/b\n\n c/d " },
      { kind: "order", mode: "smart", engines: ["a/b", "c/d"] },
    ],
  ] as const)("%j", (change, body) => {
    const draft = { ...NEW_DRAFT, ...change };
    expect(problemOf(draft)).toBeUndefined();
    expect(bodyOf(draft)).toEqual({ ...body, note: null, expiresAt: null });
  });

  test.each([{}, { kind: "engine", target: " " }, { kind: "order", target: "groq" }] as const)(
    "%j lacks something",
    (change) => {
      expect(problemOf({ ...NEW_DRAFT, ...change })).toBeTypeOf("string");
    },
  );
});
