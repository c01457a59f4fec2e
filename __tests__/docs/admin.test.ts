import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { adminHealthSchema } from "#lib/apis/native/admin-health-answer-schema.ts";
import { adminRequestsQuerySchema } from "#lib/apis/native/admin-requests.ts";
import { SERIES_WINDOWS } from "#lib/apis/native/admin-series.ts";
import { FAILURE_POLICY, type FailureKind, type FailureProblem } from "#lib/providers/failures/failure.ts";
import { AccountAlarms } from "#lib/services/admin/account-alarms.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { readPages, tableOf } from "./pages.ts";

const page = readPages().current.find(({ path }) => path === "docs/ADMIN.md") ?? expect.fail("no page");
const firstCells = (...head: string[]): string[] =>
  tableOf(page, ...head).map(([cell = ""]) => cell.replaceAll("`", ""));

const text = readFileSync("docs/ADMIN.md", "utf8");
const [, json = ""] = /```json\n([^`]+)```/.exec(text) ?? [];

test("the answer in docs/ADMIN.md is one of the route", () => {
  const example: unknown = JSON.parse(json);
  expect(adminHealthSchema.parse(example)).toEqual(example);
});

test("and its figures add up", () => {
  const { providers, modes } = adminHealthSchema.parse(JSON.parse(json));
  const sum = (counts: Record<string, number> | null): number =>
    Object.values(counts ?? {}).reduce((total, count) => total + count, 0);
  for (const one of providers.flatMap((provider) => [provider, ...provider.engines])) {
    expect(sum(one.outcomes)).toBe(one.calls);
    const judged = (one.calls ?? 0) - (one.outcomes?.["cancelled"] ?? 0);
    expect(one.successRate).toBe(Number(((one.succeeded ?? 0) / judged).toFixed(4)));
  }
  for (const { turns, statuses, failoverDepth } of modes) {
    expect(sum(statuses)).toBe(turns);
    const beyond = Math.round((failoverDepth?.mean ?? 0) * (turns ?? 0));
    expect(failoverDepth?.mean).toBe(Number((beyond / (turns ?? 0)).toFixed(4)));
  }
});

test("it says how many requests are looked at for a page", () => {
  const sql = readFileSync("supabase/migrations/019_operator_view.sql", "utf8");
  const [, looked = ""] = /v_looked_at constant integer := (\d+);/.exec(sql) ?? [];
  expect(text).toContain(`looks at ${Number(looked).toLocaleString("en-US")} requests at most`);
});

const PROBLEMS: readonly (FailureProblem | undefined)[] = [
  ...([
    undefined,
    "no_credit",
    "daily_allowance",
    "account_disabled",
    "region",
    "data_policy",
    "not_enabled",
  ] as const),
  "wrong_address",
];

test("its alarms are those that there are", () => {
  const causes = (Object.keys(FAILURE_POLICY) as FailureKind[]).flatMap((kind) =>
    PROBLEMS.map((problem) =>
      problem === undefined ? { kind, reason: "r" } : { kind, problem, reason: "r" },
    ),
  );
  const bench = {
    level: "key",
    use: "chat",
    provider: "p",
    key: "k",
    model: undefined,
    isDead: false,
  } as const;
  const benches = causes.map((cause, index) => ({ ...bench, id: String(index), until: 1, cause }));
  const alarms = new AccountAlarms(new FakeClock()).of(benches);
  expect(firstCells("Code", "What to do").sort()).toEqual(alarms.map(({ code }) => code).sort());
});

test("its filters are those of the route, in their order", () => {
  expect(firstCells("Filter", "Finds requests")).toEqual(Object.keys(adminRequestsQuerySchema.shape));
});

test("its windows are those of the series, in their order", () => {
  const windows = firstCells("`window`", "Buckets of").map((cell) => cell.split(",")[0]);
  expect(windows).toEqual([...SERIES_WINDOWS]);
});
