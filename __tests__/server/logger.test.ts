import { expect, test } from "vitest";
import { createLogger } from "#lib/adapters/logger.ts";
import { expectLinear } from "../support/linear.ts";

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

test.each([
  ["info", ["info", "warn", "error"]],
  ["debug", ["info", "warn", "error"]],
  ["warn", ["warn", "error"]],
  ["error", ["error"]],
] as const)("at level %s it writes %j", (level, written) => {
  const lines: string[] = [];
  const logger = createLogger([], (line) => lines.push(line), level);
  logger.info("a");
  logger.warn("b");
  logger.error("c", new Error("d"));
  expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(written);
});

/** No list of secrets has it, and it looks like no key: only its name tells. */
const UNKNOWN = "pA55phrase.of_somebody";

test.each([
  `https://host.test/v1?key=${UNKNOWN}`,
  `GET /v1/models?api_key=${UNKNOWN}&limit=1`,
  `{"api_key":"${UNKNOWN}"}`,
  JSON.stringify(JSON.stringify({ apiKey: UNKNOWN, password: UNKNOWN })),
  `x-api-key: ${UNKNOWN}`,
  `x-goog-api-key: ${UNKNOWN}`,
  `authorization: Basic ${UNKNOWN}`,
  `Authorization=Bearer ${UNKNOWN}`,
  `access_token=${UNKNOWN}; refresh-token=${UNKNOWN}`,
  `cookie: sb-auth-token=${UNKNOWN}`,
])("a credential behind its name is left out: %s", (text) => {
  const inMessage = logged((logger) => logger.warn(text, { field: text }));
  const inCause = logged((logger) => logger.error("x", new AggregateError([new Error(text)], "all failed")));
  expect(JSON.stringify([inMessage, inCause])).not.toContain(UNKNOWN);
});

test("a secret is left out in the spellings of a query and of JSON, and half of it is not left at a cut", () => {
  const secret = 'a "secret" of words/and=signs';
  const lines: string[] = [];
  const logger = createLogger([secret], (line) => lines.push(line));
  logger.warn(`${encodeURIComponent(secret)} ${JSON.stringify({ secret })}`);
  // At every place around the cut.
  for (let before = 16_384 - 60; before < 16_384 + 10; before++)
    logger.warn(`${"x".repeat(before)}${secret}`);
  for (const line of lines) expect(line).not.toMatch(/secret[^"]*words|%22secret|a \\"/);
});

test("a text of megabytes is cut, in time that grows with its size alone", () => {
  const logger = createLogger(["some-secret"], () => undefined);
  expectLinear(50_000, (size) => () => logger.warn(" ".repeat(size)));
  expectLinear(50_000, (size) => () => logger.warn("api_key ".repeat(size / 8)));
  expect(String(logged((own) => own.warn("y".repeat(1_000_000)))["message"]).length).toBeLessThan(20_000);
});

test("a secret that is known later is left out from then on, also of what was written before", () => {
  const secrets: string[] = [];
  const lines: string[] = [];
  const logger = createLogger(secrets, (line) => lines.push(line));
  logger.warn("It said later-secret.");
  secrets.push("later-secret");
  logger.warn("It said later-secret.");
  expect(lines[1]).toContain("It said [redacted].");
});
