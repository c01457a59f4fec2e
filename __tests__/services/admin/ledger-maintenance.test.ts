import { expect, test } from "vitest";
import { LedgerMaintenance, type PrunedBatch } from "#lib/services/admin/ledger-maintenance.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const MINUTE = 60_000;
const RETENTION = { eventsDays: 90, usageDays: 400 };

type Script = {
  /** How long each batch takes, milliseconds. */
  takesMs?: number;
  /** Answers, in order; then false, or nothing more. */
  folds?: (boolean | Error)[];
  prunes?: (PrunedBatch | Error)[];
};

function running({ takesMs = 0, folds = [], prunes = [] }: Script = {}) {
  const clock = new FakeClock();
  const begin = clock.now();
  const calls: { what: string; at: number }[] = [];
  const log: string[] = [];
  const answer = async <Value>(what: string, value: Value | Error): Promise<Value> => {
    calls.push({ what, at: clock.now() - begin });
    if (takesMs > 0) await new Promise<void>((resolve) => clock.after(takesMs, resolve));
    if (value instanceof Error) throw value;
    return value;
  };
  const end = new AbortController();
  const maintenance = new LedgerMaintenance({
    store: {
      fold: () => answer("fold", folds.shift() ?? false),
      prune: (retention) => {
        expect(retention).toBe(RETENTION);
        return answer("prune", prunes.shift() ?? { events: 0, usage: 0, more: false });
      },
    },
    retention: RETENTION,
    clock,
    random: () => 0,
    logger: {
      info: (message, fields) => void log.push(`${message} ${JSON.stringify(fields)}`),
      warn: () => undefined,
      error: (message, cause) => void log.push(`${message} ${String(cause)}`),
    },
  });
  const ended = maintenance.run(end.signal);
  return { clock, calls, log, end, ended };
}

test("nothing is done in the first half minute, when a server has better things to do", async () => {
  const { clock, calls } = running();
  await clock.advanceAsync(MINUTE / 2 - 1);
  expect(calls).toEqual([]);
  await clock.advanceAsync(1);
  expect(calls[0]).toEqual({ what: "fold", at: MINUTE / 2 });
});

test("figures are folded every minute, and old rows deleted every hour", async () => {
  const { clock, calls } = running();
  await clock.advanceAsync(60 * MINUTE);
  expect(calls.filter(({ what }) => what === "fold").length).toBeGreaterThanOrEqual(58);
  expect(calls.filter(({ what }) => what === "prune")).toHaveLength(1);
  await clock.advanceAsync(2 * MINUTE);
  expect(calls.filter(({ what }) => what === "prune")).toHaveLength(2);
});

test("between batches the database has four times as long for requests as a batch took", async () => {
  const { clock, calls } = running({ takesMs: 100, folds: [true, true] });
  await clock.advanceAsync(MINUTE);
  expect(calls.map(({ at }) => at - MINUTE / 2)).toEqual([0, 500, 1_000, 1_500]);
});

test("a batch that costs nothing is followed by a pause as well", async () => {
  const { clock, calls } = running({ folds: [true] });
  await clock.advanceAsync(MINUTE / 2 + 1_000);
  expect(calls.map(({ at }) => at - MINUTE / 2)).toEqual([0, 200, 400]);
});

test("a million old rows do not keep the figures from being folded, and are told of once", async () => {
  const batch = { events: 1_000, usage: 10, more: true };
  const prunes = [...Array.from({ length: 99 }, () => batch), { ...batch, more: false }];
  const { clock, calls, log } = running({ takesMs: 400, prunes });
  await clock.advanceAsync(10 * MINUTE);
  const folds = calls.filter(({ what }) => what === "fold").map(({ at }) => at);
  const pauses = folds.slice(1).map((at, index) => at - (folds[index] ?? 0));
  expect(Math.max(...pauses)).toBeLessThanOrEqual(2.2 * MINUTE);
  expect(calls.filter(({ what }) => what === "prune").length).toBeGreaterThanOrEqual(100);
  expect(log).toEqual(['Old rows of the ledger were deleted. {"events":100000,"turns":1000}']);
});

test("a failure is logged when it begins and tried again every minute", async () => {
  const failures = Array.from({ length: 3 }, () => new Error("away"));
  const { clock, calls, log } = running({ folds: [...failures, false, new Error("away again")] });
  await clock.advanceAsync(3 * MINUTE);
  expect(calls).toHaveLength(3);
  await clock.advanceAsync(2 * MINUTE);
  expect(log.map((line) => line.split("Error: ")[1])).toEqual(["away", "away again"]);
});

test("it ends with the gateway, also in a pause", async () => {
  const { clock, calls, end, ended } = running({ folds: Array.from({ length: 9 }, () => true) });
  await clock.advanceAsync(MINUTE / 2 + 100);
  end.abort();
  await ended;
  expect(calls).toHaveLength(1);
  expect(clock.pending).toBe(0);
});
