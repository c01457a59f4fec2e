import { expect, test } from "vitest";
import { createLogger } from "#lib/adapters/logger.ts";

const SECRET = 'my "quoted" secret\\with a backslash';

function logged(write: (logger: ReturnType<typeof createLogger>) => void): Record<string, unknown> {
  const lines: string[] = [];
  write(createLogger([SECRET, "plain-secret"], (line) => lines.push(line)));
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain("\n");
  return JSON.parse(lines[0] ?? "") as Record<string, unknown>;
}

test("an entry is one line of JSON, whatever is in it", () => {
  const entry = logged((logger) =>
    logger.warn('At "https://host.test/v1"', {
      a: "http://x.test",
      b: "Bearer abc",
      c: "line\nbreak",
      d: 7,
      e: null,
    }),
  );
  expect(entry).toMatchObject({
    level: "warn",
    message: 'At "[url]',
    a: "[url]",
    b: "[redacted]",
    c: "line\nbreak",
    d: 7,
    e: null,
  });
});

test("secrets are left out of message, fields and every cause, also those that JSON writes otherwise", () => {
  const cause = new Error(`one ${SECRET}`, {
    cause: new Error("two plain-secret", { cause: `three ${SECRET}` }),
  });
  const entry = logged((logger) => logger.error(`zero ${SECRET}`, cause, { field: `four ${SECRET}` }));
  const text = Object.values(entry).join(" ");
  for (const word of ["zero", "one", "two", "three", "four"]) expect(text).toContain(`${word} [redacted]`);
  expect(text).not.toMatch(/quoted|plain-secret/);
});

test("a stack keeps its places in our files", () => {
  const error = new Error("broken");
  error.stack = "Error: broken\n    at f (file:///srv/lib/a.ts:1:2)\n    at https://host.test/x.js:1:1";
  expect(logged((logger) => logger.error("x", error))["cause"]).toBe(
    "Error: broken\n    at f (/srv/lib/a.ts:1:2)\n    at [url]",
  );
});

test("a cause that goes in circles ends", () => {
  const error = new Error("round");
  error.cause = error;
  expect(String(logged((logger) => logger.error("x", error))["cause"])).toContain("round");
});

test.each([
  [undefined, "undefined"],
  [null, "null"],
  ["text", "text"],
  [7, "7"],
  [
    { code: "PT404", message: "no such turn", details: "Failing row contains (a secret)" },
    "PT404: no such turn",
  ],
  [{ message: "fetch failed" }, "error: fetch failed"],
  [{ a: 1 }, "[object Object]"],
])("anything can be a cause: %j", (cause, told) => {
  expect(logged((logger) => logger.error("x", cause))).toMatchObject({ cause: told });
});
