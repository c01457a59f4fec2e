import { expect, test } from "vitest";
import { pathMatcher } from "#lib/server/http/path-matcher.ts";

const find = pathMatcher([
  ["/api/all/[...rest]", "all"],
  ["/api/all/[id]", "one"],
  ["/api/all/fixed", "fixed"],
  ["/api/all", "list"],
  ["/api/all/[id]/part", "part"],
]);

test.each([
  ["/api/all", "list"],
  ["/api/all/", "list"],
  ["/api/all/fixed", "fixed"],
  ["/api/all/7", "one"],
  ["/api/all/7/", "one"],
  ["/api/all/7/part", "part"],
  ["/api/all/7/other", "all"],
  ["/api/all/a/b/c", "all"],
])("%s is %s", (path, name) => {
  expect(find(path)).toBe(name);
});

test.each([
  "/api",
  "/api/",
  "/api//",
  "/api/al",
  "/api/ALL",
  "/api/all//",
  "/api/__proto__",
  "/api/constructor",
])("%s is not found", (path) => {
  expect(find(path)).toBeUndefined();
});
