import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { adminHealthSchema } from "#lib/apis/native/admin-health-answer-schema.ts";
import { adminRequestsQuerySchema } from "#lib/apis/native/admin-requests.ts";
import { FAILURE_POLICY, type FailureKind, type FailureProblem } from "#lib/providers/failures/failure.ts";
import { AccountAlarms } from "#lib/services/admin/account-alarms.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { readPages, tableOf } from "./pages.ts";

const page = readPages().current.find(({ path }) => path === "docs/ADMIN.md") ?? expect.fail("no page");
const firstCells = (...head: string[]): string[] =>
  tableOf(page, ...head).map(([cell = ""]) => cell.replaceAll("`", ""));

test("the answer in docs/ADMIN.md is one of the route", () => {
  const [, json = ""] = /```json\n([^`]+)```/.exec(readFileSync("docs/ADMIN.md", "utf8")) ?? [];
  const example: unknown = JSON.parse(json);
  expect(adminHealthSchema.parse(example)).toEqual(example);
});

const PROBLEMS: readonly (FailureProblem | undefined)[] = [
  ...([undefined, "no_credit", "account_disabled", "region", "data_policy", "not_enabled"] as const),
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
