import { expect, test } from "vitest";
import { decodeBase64, isBase64 } from "#lib/shared/base64.ts";
import { expectLinear } from "../support/linear.ts";

test.each([
  ["SGVsbG8=", "Hello"],
  ["SGVsbG8", "Hello"],
  ["SGVs\r\nbG8=\n", "Hello"],
  ["data:application/pdf;base64,SGVsbG8=", "Hello"],
  ["data:application/pdf;name=a.pdf;base64,SGVsbG8=", "Hello"],
  ["data:;base64,SGVsbG8=", "Hello"],
  ["_-8", "\ufffd\ufffd"],
])("%j is %j", (text, bytes) => {
  expect(isBase64(text)).toBe(true);
  expect(decodeBase64(text).toString("utf8")).toBe(bytes);
});

test.each([
  "",
  "  ",
  "====",
  "data:application/pdf;base64,",
  "data:text/plain,Hello",
  "über",
  "https://a.b/c",
  "<pdf>",
])("%j is none", (text) => {
  expect(isBase64(text)).toBe(false);
});

test.each([
  ["spaces", " "],
  ["equals signs", "="],
  ["letters", "A"],
  ["heads", "data:"],
])("is linear in %s", (_what, unit) => {
  expectLinear(100_000, (size) => {
    const text = unit.repeat(size);
    return () => isBase64(text);
  });
});
