import { expect, test } from "vitest";
import { memoized } from "#lib/shared/memo.ts";

test("makes a value once, and keeps no more of them than it may", () => {
  const made: string[] = [];
  const upper = memoized((text) => {
    made.push(text);
    return text.toUpperCase();
  }, 2);
  expect([upper("a"), upper("b"), upper("a")]).toEqual(["A", "B", "A"]);
  expect(made).toEqual(["a", "b"]);
  expect(upper("c")).toBe("C");
  expect(upper("a")).toBe("A");
  expect(made).toEqual(["a", "b", "c", "a"]);
});
