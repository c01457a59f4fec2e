import { expect, test } from "vitest";
import { BoundedMap } from "#lib/shared/bounded-map.ts";

test("a bounded map drops what was set first, and setting an entry again makes it the newest", () => {
  const map = new BoundedMap<number>(2);
  map.set("a", 1);
  map.set("b", 2);
  map.set("a", 3);
  map.set("c", 4);
  expect([...map.entries()]).toEqual([
    ["a", 3],
    ["c", 4],
  ]);
  expect([map.size, map.has("b"), map.get("b")]).toEqual([2, false, undefined]);
  map.delete("a");
  expect(map.size).toBe(1);
});
