import { describe, expect, test } from "vitest";
import { pluginAddress, pluginBase } from "#lib/plugins/plugin-address.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { expectLinear } from "../support/linear.ts";
import { HOSTILE_PATHS } from "./hostile-paths.ts";

const BASES = ["http://plugin.test", "https://host.test:8443/plugins/rag"];

function codeOf(run: () => unknown): string {
  try {
    return `no error: ${String(run())}`;
  } catch (error) {
    return error instanceof GatewayError ? error.code : String(error);
  }
}

test("there are at least forty hostile paths, all different", () => {
  expect(new Set(HOSTILE_PATHS).size).toBe(HOSTILE_PATHS.length);
  expect(HOSTILE_PATHS.length).toBeGreaterThanOrEqual(40);
});

describe.each(BASES)("below %s", (base) => {
  test.each(HOSTILE_PATHS.map((path) => [JSON.stringify(path).slice(0, 80), path] as const))(
    "%s is refused",
    (_, path) => {
      expect(codeOf(() => pluginAddress(base, path))).toBe("invalid_request");
    },
  );

  test.each([
    ["/runs", "/runs"],
    ["runs", "/runs"],
    ["/runs/", "/runs/"],
    ["/api/v1/items/42", "/api/v1/items/42"],
    ["/runs?limit=5", "/runs?limit=5"],
    ["/files/annual%20report.pdf", "/files/annual%20report.pdf"],
    ["/hooks/Z%C3%BCrich", "/hooks/Z%C3%BCrich"],
    ["/runs:replay", "/runs:replay"],
    ["/v1.2/a..b/.well-known/x", "/v1.2/a..b/.well-known/x"],
    ["/search?next=http://other.test/../x", "/search?next=http%3A%2F%2Fother.test%2F..%2Fx"],
    ["/users/a%40b.test", "/users/a%40b.test"],
  ])("%s is a path like any other", (path, expected) => {
    expect(pluginAddress(base, path)).toBe(`${base}${expected}`);
  });

  test("a query is appended, encoded, whatever is in it", () => {
    const query = { q: "a b&c=d#e", n: 3, on: true, tags: ["x", "y"] };
    expect(pluginAddress(base, "/s?z=1", query)).toBe(
      `${base}/s?z=1&q=a+b%26c%3Dd%23e&n=3&on=true&tags=x&tags=y`,
    );
  });
});

test("without a path the address itself is called", () => {
  expect(pluginAddress("http://plugin.test", "")).toBe("http://plugin.test/");
  expect(pluginAddress("http://plugin.test", "/")).toBe("http://plugin.test/");
  expect(pluginAddress("http://plugin.test/mcp", "")).toBe("http://plugin.test/mcp");
  expect(pluginAddress("http://plugin.test/mcp", "", { a: 1 })).toBe("http://plugin.test/mcp?a=1");
  expect(pluginAddress("http://plugin.test", "?a=1")).toBe("http://plugin.test/?a=1");
});

test.each([
  ["http://plugin.test/", "http://plugin.test"],
  ["https://plugin.test:443/a/b//", "https://plugin.test/a/b"],
  ["http://127.0.0.1:4000", "http://127.0.0.1:4000"],
  ["http://[::1]:4000/x", "http://[::1]:4000/x"],
])("an operator's address: %s", (text, base) => {
  expect(pluginBase(text)).toBe(base);
});

test.each([
  "plugin.test",
  "ftp://plugin.test",
  "http://user:pass@plugin.test",
  "http://plugin.test/?x=1",
  "http://plugin.test/#x",
  "http://plugin.test?",
  "javascript:alert(1)",
  "",
])("no operator's address: %s", (text) => {
  expect(pluginBase(text)).toBeUndefined();
});

test.each(["/", "a/", "%2e", "%25", "..", "a ", "?", ":"])("100 KB of %j take no time", (piece) => {
  expectLinear(12_000, (size) => {
    const path = piece.repeat(size / piece.length);
    return () => codeOf(() => pluginAddress("http://plugin.test", path));
  });
});
