import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "#lib/adapters/clock.ts";
import { DocumentPool } from "#lib/adapters/workers/document-pool.ts";
import type { TaskPoolOptions } from "#lib/adapters/workers/task-pool.ts";
import { pdfWithPages, textLines } from "../../support/pdf.ts";

const HELLO = pdfWithPages([textLines(["Hello from page one."])]);
/** Half a minute of work in a small file, and much memory: with limits that it does not reach, it is only slow. */
const ENDLESS = pdfWithPages([textLines(Array.from({ length: 1_500_000 }, (_, line) => `Line ${line}`))], {
  compress: true,
});
const AMPLE = { heapMb: 500, externalMb: 500 };
const never = new AbortController().signal;

const warnings: unknown[] = [];
const open: DocumentPool[] = [];

function poolOf(options: Partial<TaskPoolOptions> = {}): DocumentPool {
  const logger = { warn: (...entry: unknown[]) => void warnings.push(entry) };
  const pool = new DocumentPool(logger, systemClock, options);
  open.push(pool);
  return pool;
}

const read = (pool: DocumentPool, bytes: Uint8Array, signal = never) =>
  pool.read({ name: "a.pdf", bytes }, signal);

afterEach(async () => {
  await Promise.all(open.splice(0).map((pool) => pool.close()));
  expect(warnings.splice(0)).toEqual([]);
});

describe("documents are read in threads", () => {
  test("the text arrives, and the caller keeps its bytes", async () => {
    const bytes = new Uint8Array(HELLO);
    const document = await read(poolOf(), bytes);
    expect(document).toMatchObject({ kind: "pdf", pages: 1, sections: [{ label: "Page 1" }] });
    expect(document.sections[0]?.text).toContain("Hello from page one.");
    expect(bytes).toEqual(HELLO);
  });

  test("a view of a larger buffer is read without its surroundings", async () => {
    const larger = Buffer.concat([Buffer.alloc(100, 0x41), HELLO, Buffer.alloc(100, 0x41)]);
    const document = await read(poolOf(), larger.subarray(100, 100 + HELLO.length));
    expect(document.sections).toHaveLength(1);
  });

  test("what cannot be read is refused as its reader says", async () => {
    await expect(read(poolOf(), Buffer.from("a,b"))).rejects.toMatchObject({
      name: "DocumentError",
      problem: "unsupported",
      message: expect.stringContaining("plain text"),
    });
  });

  test("a file that takes too long ends, and the next is read", async () => {
    const pool = poolOf({ ...AMPLE, timeoutMs: 1_500, threads: 1 });
    const slow = read(pool, ENDLESS);
    const next = read(pool, HELLO);
    await expect(slow).rejects.toMatchObject({
      problem: "too_complex",
      message: expect.stringContaining("too long"),
    });
    await expect(next).resolves.toMatchObject({ pages: 1 });
  });

  test.each([
    ["heap", { heapMb: 8 }],
    ["memory outside of it", { externalMb: 1, heapMb: 200 }],
  ])("a file that needs too much %s ends, and the next is read", async (_what, limits) => {
    const pool = poolOf({ ...limits, threads: 1, timeoutMs: 60_000 });
    await expect(read(pool, ENDLESS)).rejects.toMatchObject({
      problem: "too_complex",
      message: expect.stringContaining("too much memory"),
    });
  });

  test("a caller that leaves ends the reading at once, running or waiting", async () => {
    const pool = poolOf({ ...AMPLE, threads: 1 });
    const [first, second] = [new AbortController(), new AbortController()];
    const running = read(pool, ENDLESS, first.signal);
    const waiting = read(pool, ENDLESS, second.signal);
    const ended = Promise.allSettled([running, waiting]);
    const startedAt = performance.now();
    second.abort(new Error("left while waiting"));
    await expect(waiting).rejects.toThrow("left while waiting");
    first.abort(new Error("left while running"));
    await expect(running).rejects.toThrow("left while running");
    await ended;
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    await expect(read(pool, HELLO)).resolves.toMatchObject({ pages: 1 });
    await expect(read(pool, HELLO, AbortSignal.abort(new Error("left before")))).rejects.toThrow(
      "left before",
    );
  });

  test("more files than may wait are refused, and told when to come again", async () => {
    const pool = poolOf({ threads: 1, maxWaiting: 1 });
    const reading = [read(pool, HELLO), read(pool, HELLO)];
    await expect(read(pool, HELLO)).rejects.toMatchObject({ code: "overloaded", retryAfterSeconds: 5 });
    await Promise.all(reading);
    await expect(read(pool, HELLO)).resolves.toMatchObject({ pages: 1 });
  });

  test("a file that waits too long is refused", async () => {
    const pool = poolOf({ ...AMPLE, threads: 1, maxWaitMs: 300 });
    const left = new AbortController();
    const busy = read(pool, ENDLESS, left.signal).catch(() => undefined);
    await expect(read(pool, HELLO)).rejects.toMatchObject({ code: "overloaded" });
    left.abort();
    await busy;
  });

  test("ten files of one request do not hold up the one of another", async () => {
    const pool = poolOf({ threads: 1 });
    const order: string[] = [];
    const many = new AbortController().signal;
    const reads = Array.from({ length: 10 }, (_, index) =>
      read(pool, HELLO, many).then(() => order.push(`many ${index}`)),
    );
    reads.push(read(pool, HELLO, new AbortController().signal).then(() => order.push("one")));
    await Promise.all(reads);
    expect(order.indexOf("one")).toBeLessThanOrEqual(2);
    expect(order).toHaveLength(11);
  });

  test("nobody fills the queue with many requests: the newest of whoever has the most gives way", async () => {
    const pool = poolOf({ ...AMPLE, threads: 1, maxWaiting: 4, maxWaitMs: 60_000, timeoutMs: 1_500 });
    const readFor = (owner: string, bytes: Uint8Array) =>
      pool.read({ name: "a.pdf", bytes, owner }, new AbortController().signal);
    const ended: string[] = [];
    const many = Array.from({ length: 5 }, (_, index) =>
      readFor("many", index === 0 ? ENDLESS : HELLO).then(
        () => ended.push(`many ${index}`),
        (error: Error) => ended.push(`many ${index}: ${error.message.split(".")[0]}`),
      ),
    );
    const one = readFor("one", HELLO).then(() => ended.push("one"));
    await expect(readFor("many", HELLO)).rejects.toMatchObject({ code: "overloaded" });
    await Promise.all([...many, one]);
    expect(ended[0]).toBe("many 4: Too many documents are being read at the moment");
    expect(ended).toContain("one");
    // The first of "many" came before; after it, they take turns.
    expect(ended.indexOf("one")).toBeLessThanOrEqual(3);
    expect(ended).toHaveLength(6);
  });

  test("threads are used again, end after some files, and when they have no work", async () => {
    const pool = poolOf({ threads: 1, maxTasksPerThread: 3, idleMs: 50 });
    for (let file = 0; file < 7; file += 1) await read(pool, HELLO);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await expect(read(pool, HELLO)).resolves.toMatchObject({ pages: 1 });
  });

  test("after the end, what runs, waits or comes is refused", async () => {
    const pool = poolOf({ ...AMPLE, threads: 1 });
    const both = Promise.allSettled([read(pool, ENDLESS), read(pool, HELLO)]);
    await pool.close();
    for (const result of await both) {
      expect(result).toMatchObject({ status: "rejected", reason: { code: "overloaded" } });
    }
    await expect(read(pool, HELLO)).rejects.toMatchObject({ code: "overloaded" });
  });
});
