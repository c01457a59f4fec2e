import { expect, test } from "vitest";
import { config } from "../../proxy.ts";

const matches = (path: string): boolean =>
  config.matcher.some(({ source }) => new RegExp(`^${source}$`).test(path));

test.each([
  ["/", true],
  ["/docs/how-it-works", true],
  ["/apix", true],
  // No files: pages that say so.
  ["/theme.jsx", true],
  ["/favicon.svg/x", true],
  ["/_next/image", true],
  ["/theme.js", false],
  ["/favicon.svg", false],
  ["/_next/static/chunks/a.js", false],
  ["/api", false],
  ["/api/health", false],
])("whether %s is a page with a content security policy: %s", (path, isPage) => {
  expect(matches(path)).toBe(isPage);
});
