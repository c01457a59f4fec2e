import { expect, test } from "vitest";
import { randomHex } from "#lib/server/wiring/random.ts";

test("random strings are hexadecimal, as long as asked, and never the same", () => {
  // Together many times the bytes that are drawn at once, and no divisor of them.
  const strings = Array.from({ length: 3_000 }, (_, index) => randomHex(16 + (index % 17)));
  expect(
    strings.every((text, index) => /^[0-9a-f]+$/.test(text) && text.length === 2 * (16 + (index % 17))),
  ).toBe(true);
  const halves = strings.flatMap((text) => [text.slice(0, 16), text.slice(-16)]);
  // A string of 16 bytes has two halves of 8; none is longer than what two strings could share.
  expect(new Set(halves).size).toBe(halves.length);
});

test("every digit is as likely as another", () => {
  const counts = new Map<string, number>();
  for (let call = 0; call < 1_000; call++)
    for (const digit of randomHex(32)) counts.set(digit, (counts.get(digit) ?? 0) + 1);
  expect(counts.size).toBe(16);
  // 64,000 digits: 4,000 of each, with a standard deviation of 61.
  for (const count of counts.values()) expect(Math.abs(count - 4_000)).toBeLessThan(600);
});

test("none is cut short", () => {
  expect(randomHex(4_096)).toHaveLength(8_192);
  expect(() => randomHex(4_097)).toThrow(RangeError);
});
