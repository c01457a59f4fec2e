import { expect, test } from "vitest";
import { editDistance } from "#lib/shared/edit-distance.ts";

test.each([
  ["", "", 0],
  ["abc", "abc", 0],
  ["abc", "abd", 1],
  ["abc", "abcd", 1],
  ["abc", "bc", 1],
  ["abc", "acb", 1],
  ["kitten", "sitting", 3],
  ["GROQ_API_KEY", "GROK_API_KYE", 2],
  ["abcdefgh", "hgfedcba", 4],
  ["a", "abcdefgh", 4],
])("from %j to %j it is %i, counted up to 3", (from, to, distance) => {
  expect(editDistance(from, to, 3)).toBe(distance);
  expect(editDistance(to, from, 3)).toBe(distance);
});
