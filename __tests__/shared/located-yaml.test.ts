import { describe, expect, test } from "vitest";
import { z } from "zod";
import { parseChecked } from "#lib/shared/located-yaml.ts";

const read = async (text: string): Promise<unknown> =>
  (await parseChecked(text, "a.yaml", z.unknown())).value;

describe("a text is read, or refused with its name and line", () => {
  test.each<[text: string, says: RegExp]>([
    ["a: 1\nb: 2\na: 3\n", /^a\.yaml, line 3: .*twice/],
    ["a:\n  - { b: 1,\n      b: 2 }\n", /^a\.yaml, line 3: .*twice/],
    ['{"a": 1, "a": 2}', /^a\.yaml, line 1: .*twice/],
    ['a: 1\n"a": 2\n', /^a\.yaml, line 2: .*twice/],
    ["a: *b\n", /^a\.yaml, line 1: .*alias/],
    ["a: 1\n---\nb: 2\n", /^a\.yaml, line 2: .*multiple documents/],
    ["%YAML 1.1\n---\na:\n  <<: 5\n", /^a\.yaml, line \d: .*[Mm]erge/],
    ["%YAML 1.1\n---\n!!omap [a: 1, a: 2]\n", /^a\.yaml, line 3: /],
    // Too deep for the stack.
    ["[".repeat(10_000), /^a\.yaml, line 1: /],
    [
      Array.from({ length: 1_000 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n"),
      /^a\.yaml, line \d+: |^$/,
    ],
  ])("%#", async (text, says) => {
    const error: unknown = await read(text).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error === undefined) return expect("").toMatch(says);
    expect(error).toMatchObject({ code: "not_configured", message: expect.stringMatching(says) });
  });

  test.each<[text: string, value: unknown]>([
    ["\uFEFFa: 1\n", { a: 1 }],
    ["a: 1\r\nb: 2\r\n", { a: 1, b: 2 }],
    ['{"a": {"b": 1}, "c": {"b": 1}}', { a: { b: 1 }, c: { b: 1 } }],
    ["a: &x { b: 1 }\nc: *x\n", { a: { b: 1 }, c: { b: 1 } }],
  ])("%j", async (text, value) => {
    expect(await read(text)).toEqual(value);
  });
});

test("a map is read in time that grows with its size, not with its square", async () => {
  const timeOf = async (count: number): Promise<number> => {
    const text = Array.from({ length: count }, (_, index) => `name-${index}: 1\n`).join("");
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 3; round++) {
      const from = performance.now();
      await read(text);
      best = Math.min(best, performance.now() - from);
    }
    return best;
  };
  const small = await timeOf(1_500);
  expect(await timeOf(12_000)).toBeLessThan(Math.max(small, 4) * 20);
}, 60_000);
