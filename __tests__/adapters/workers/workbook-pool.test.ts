import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "#lib/adapters/clock.ts";
import type { TaskPoolOptions } from "#lib/adapters/workers/task-pool.ts";
import { WorkbookPool } from "#lib/adapters/workers/workbook-pool.ts";
import type { CellInput, SheetTable } from "#lib/export/xlsx/sheet.ts";
import { readWorkbookFile } from "../../support/workbook.ts";

const never = new AbortController().signal;
const warnings: unknown[] = [];
const open: WorkbookPool[] = [];

function poolOf(options: Partial<TaskPoolOptions> = {}): WorkbookPool {
  const logger = { warn: (...entry: unknown[]) => void warnings.push(entry) };
  const pool = new WorkbookPool(logger, systemClock, options);
  open.push(pool);
  return pool;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((pool) => pool.close()));
  expect(warnings.splice(0)).toEqual([]);
});

function tableOf(rows: number, columns: number, cell: CellInput, name = "One"): SheetTable {
  const row = Array.from({ length: columns }, () => cell);
  return { name, headers: [], rows: Array.from({ length: rows }, () => row) };
}

const SMALL = tableOf(1, 1, "a");
/** More than any limit in these tests allows. */
const LARGE = tableOf(5_000, 10, "some text");

const write = (pool: WorkbookPool, table: SheetTable, signal = never): Promise<Uint8Array> =>
  pool.write({ tables: [table], owner: "somebody" }, signal);

describe("workbooks are written in threads", () => {
  test.each<[string, readonly SheetTable[]]>([
    ["50,000 numbers", [tableOf(5_000, 10, 1.5)]],
    ["50,000 dates", [tableOf(50_000, 1, "2026-11-27T10:30:00Z")]],
    ["50,000 texts of 40 characters that are escaped", [tableOf(5_000, 10, "&<>\u0001".repeat(10))]],
    ["50,000 texts of wide characters and line breaks", [tableOf(5_000, 10, "漢\n".repeat(10))]],
    ["60 texts of the longest length", [tableOf(60, 1, "x ".repeat(16_000))]],
    ["two million line breaks", [tableOf(61, 1, "\n".repeat(32_767))]],
    ["all columns that Excel has", [tableOf(3, 16_384, "a")]],
    [
      "16,000 headers above 34,000 rows of one cell",
      [{ ...tableOf(34_000, 1, ""), headers: Array(16_000).fill("h") }],
    ],
    ["50,000 rows without cells", [tableOf(50_000, 0, "")]],
    ["100 sheets of one name", Array.from({ length: 100 }, () => tableOf(10, 10, "a", "x".repeat(40)))],
  ])(
    "%s, within the memory and the time of a thread",
    async (_what, tables) => {
      const bytes = await poolOf().write({ tables, owner: "somebody" }, never);
      expect(Buffer.from(bytes.subarray(0, 2)).toString()).toBe("PK");
    },
    30_000,
  );

  test.each<[string, Partial<TaskPoolOptions>, RegExp]>([
    ["time", { timeoutMs: 1 }, /too long/],
    ["memory", { externalMb: 0 }, /too much memory/],
  ])("past the bound on %s the thread ends, and the next table is written", async (_what, limits, says) => {
    const pool = poolOf(limits);
    await expect(write(pool, LARGE)).rejects.toMatchObject({
      code: "payload_too_large",
      message: expect.stringMatching(says),
    });
    const [sheet] = await readWorkbookFile(await write(poolOf(), SMALL));
    expect(sheet?.cells.get("A2")?.value).toBe("a");
  });

  test("whoever leaves ends the work", async () => {
    const pool = poolOf();
    const client = new AbortController();
    const left = write(pool, LARGE, client.signal);
    client.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    await expect(write(pool, SMALL)).resolves.toBeInstanceOf(Uint8Array);
  });

  test("too many that wait are refused, to be sent again", async () => {
    const pool = poolOf({ maxWaiting: 1 });
    const all = await Promise.allSettled([0, 1, 2, 3].map(() => write(pool, LARGE)));
    const reasons = all.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
    expect(reasons).toHaveLength(2);
    for (const reason of reasons) expect(reason).toMatchObject({ code: "overloaded", retryAfterSeconds: 5 });
  });
});
