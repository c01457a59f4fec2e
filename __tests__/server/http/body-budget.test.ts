import { describe, expect, test } from "vitest";
import { BodyBudget, bodyBudgetOptions } from "#lib/server/http/body-budget.ts";

// Small requests, as all of these are, may take the whole.
const budget = () => new BodyBudget({ maxBytes: 100, maxBytesPerCaller: 60 });
const errorOf = (action: () => void): unknown => {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe("the memory for bodies", () => {
  test("a caller's requests have one part of it together, and have to wait beyond it", () => {
    const bodies = budget();
    bodies.open("a").take(40);
    const second = bodies.open("a");
    expect(errorOf(() => second.take(21))).toMatchObject({ code: "rate_limited", retryAfterSeconds: 2 });
    second.take(20);
    expect(bodies.taken).toBe(60);
  });

  test("what one caller has taken is no other's loss, up to the bound of the process", () => {
    const bodies = budget();
    bodies.open("a").take(60);
    const other = bodies.open("b");
    expect(errorOf(() => other.take(41))).toMatchObject({ code: "overloaded", retryAfterSeconds: 2 });
    other.take(40);
    expect(bodies.taken).toBe(100);
  });

  test("is given back once, and then nothing more is taken by that request", () => {
    const bodies = budget();
    const room = bodies.open("a");
    room.take(10);
    room.take(50);
    room.release();
    room.release();
    room.take(1_000);
    expect(bodies.taken).toBe(0);
    bodies.open("a").take(60);
  });

  test("a quarter is reserved for small requests, so that large ones do not block them", () => {
    const megabyte = 1024 * 1024;
    const bodies = new BodyBudget({ maxBytes: 8 * megabyte, maxBytesPerCaller: 4 * megabyte });
    bodies.open("a").take(3 * megabyte);
    bodies.open("b").take(3 * megabyte);
    expect(errorOf(() => bodies.open("c").take(megabyte))).toMatchObject({ code: "overloaded" });
    const small = bodies.open("c");
    small.take(60_000);
    // Small no more.
    expect(errorOf(() => small.take(60_000))).toMatchObject({ code: "overloaded" });
  });

  test("what no caller may ever take is too large, and not for later", () => {
    expect(errorOf(() => budget().open("a").take(61))).toMatchObject({ code: "payload_too_large" });
  });

  test("a refused piece takes nothing", () => {
    const bodies = budget();
    const room = bodies.open("a");
    room.take(50);
    expect(errorOf(() => room.take(11))).toBeDefined();
    expect(bodies.taken).toBe(50);
  });

  test.each([undefined, 64, 1_000])(
    "one body of the largest size fits a caller's part of %s MB",
    (megabytes) => {
      const { maxBytes, maxBytesPerCaller } = bodyBudgetOptions(megabytes);
      expect(maxBytesPerCaller).toBeGreaterThan(26 * 1024 * 1024);
      expect(maxBytes).toBe(2 * maxBytesPerCaller);
    },
  );
});
