import { describe, expect, test } from "vitest";
import { OrphanSettling } from "#lib/services/ledger/orphan-settling.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const unavailable = async (): Promise<never> => {
  throw new GatewayError("database_unavailable", "away");
};

function setUp(answer: (limit: number) => Promise<{ settled: number; more: boolean }>) {
  const clock = new FakeClock();
  const logs: string[] = [];
  const limits: number[] = [];
  const database = { answer };
  const settling = new OrphanSettling({
    clock,
    logger: {
      info: (line) => logs.push(line),
      warn: (line) => logs.push(line),
      error: (line) => logs.push(line),
    },
    orphans: {
      settleOrphans: (limit) => {
        limits.push(limit);
        return database.answer(limit);
      },
    },
  });
  return { clock, logs, limits, database, settling };
}

describe("turns that other processes leave", () => {
  test("are settled once a minute, when the database has been there for one", async () => {
    const { clock, limits, logs } = setUp(async () => ({ settled: 0, more: false }));
    await clock.advanceAsync(59_999);
    expect(limits).toEqual([]);
    await clock.advanceAsync(1);
    // The first call only finds that the database is there.
    expect(limits).toEqual([0]);
    await clock.advanceAsync(180_000);
    expect(limits).toEqual([0, 200, 200, 200]);
    expect(logs).toEqual([]);
  });

  test("are settled to the last one, and told", async () => {
    const left = [200, 200, 17];
    const { clock, limits, logs } = setUp(async (limit) => {
      const settled = limit === 0 ? 0 : (left.shift() ?? 0);
      return { settled, more: left.length > 0 };
    });
    await clock.advanceAsync(120_000);
    expect(limits).toEqual([0, 200, 200, 200]);
    expect(logs).toEqual([expect.stringContaining("settled as interrupted")]);
  });

  test("are left alone for a minute after an outage, in which no process could say that it lives", async () => {
    const { clock, limits, logs, database } = setUp(async () => ({ settled: 0, more: false }));
    await clock.advanceAsync(120_000);
    database.answer = unavailable;
    await clock.advanceAsync(300_000);
    database.answer = async () => ({ settled: 0, more: false });
    limits.length = 0;
    await clock.advanceAsync(120_000);
    expect(limits).toEqual([0, 200]);
    // Where turns are stored, the outage is told already.
    expect(logs).toEqual([]);
  });

  test("cannot be settled without the function: told once", async () => {
    const { clock, logs } = setUp(() => Promise.reject(new GatewayError("not_configured", "no function")));
    await clock.advanceAsync(600_000);
    expect(logs).toEqual([expect.stringContaining("stay started")]);
  });

  test("are not looked for once the ledger closes", async () => {
    const { clock, limits, settling } = setUp(async () => ({ settled: 1, more: true }));
    settling.startClosing();
    await settling.idle();
    await clock.advanceAsync(600_000);
    expect(limits).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});
