import { describe, expect, test } from "vitest";
import { BoundedMap } from "#lib/shared/bounded-map.ts";

const keys = (map: BoundedMap<string, number>): string[] => Array.from(map, ([key]) => key);

function filled(maxEntries: number, names: string): BoundedMap<string, number> {
  const map = new BoundedMap<string, number>(maxEntries);
  for (const [index, name] of [...names].entries()) map.set(name, index);
  return map;
}

describe("a bounded map", () => {
  test("forgets the oldest entry for one too many", () => {
    expect(keys(filled(3, "abcde"))).toEqual(["c", "d", "e"]);
  });

  test("takes an entry that is set again for new", () => {
    const map = filled(3, "abc");
    map.set("a", 9);
    map.set("d", 4);
    expect([keys(map), map.get("a")]).toEqual([["c", "a", "d"], 9]);
  });

  test("keeps what is used, not what is only looked at", () => {
    const map = filled(3, "abc");
    expect([map.get("a"), map.use("b"), map.use("none")]).toEqual([0, 1, undefined]);
    map.set("d", 4);
    map.set("e", 5);
    expect(keys(map)).toEqual(["b", "d", "e"]);
  });

  test("has room again after a deletion", () => {
    const map = filled(2, "ab");
    expect([map.delete("a"), map.delete("a"), map.has("a"), map.size, map.oldest]).toEqual([
      true,
      false,
      false,
      1,
      "b",
    ]);
    map.set("c", 2);
    expect(keys(map)).toEqual(["b", "c"]);
  });
});
