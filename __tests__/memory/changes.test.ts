import { describe, expect, test } from "vitest";
import { type ChangesContext, readChanges } from "#lib/memory/changes.ts";
import { factKey } from "#lib/memory/fact.ts";
import { expectLinear } from "../support/linear.ts";
import { fc } from "../support/properties.ts";
import { KNOWN, MESSAGE, MODEL_OUTPUTS } from "./model-outputs.ts";
import { OTHER_FACTS, SAME_FACTS } from "./same-facts.ts";

const context = (changes: Partial<ChangesContext> = {}): ChangesContext => ({
  known: KNOWN.map((fact, index) => ({ id: "abc".charAt(index), fact })),
  message: MESSAGE,
  mayBeSensitive: false,
  mayForgetAll: false,
  ...changes,
});

describe("a model's answer, whatever it is, changes nothing wrong", () => {
  test.each(MODEL_OUTPUTS)("$name", ({ output, changes }) => {
    const expected = changes === undefined ? undefined : { add: [], replace: [], forget: [], ...changes };
    expect(readChanges(output, context())).toEqual(expected);
  });

  test("health is kept if the user asks to remember it, and many facts are forgotten if that is asked for", () => {
    const health = JSON.stringify({ add: ["Ada, 34, has diabetes"] });
    expect(readChanges(health, context({ mayBeSensitive: true }))?.add).toEqual(["Ada, 34, has diabetes"]);
    const all = JSON.stringify({ forget: [1, 2, 3] });
    expect(readChanges(all, context({ mayForgetAll: true }))?.forget).toEqual(["a", "b", "c"]);
  });

  test("throws for nothing, and adds no more than ten", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map((json) => `{"add":${json},"forget":${json}}`),
        ),
        (text) => {
          const found = readChanges(text, context());
          expect((found?.add ?? []).length).toBeLessThanOrEqual(10);
          expect(found?.replace ?? []).toEqual([]);
        },
      ),
    );
  });

  test.each(["{", "}\n{", "```\n", "</think>", '{"add":["a '])("is linear in %j", (piece) => {
    expectLinear(12_500, (size) => {
      const text = piece.repeat(Math.ceil(size / piece.length));
      return () => void readChanges(text, context());
    });
  });
});

test.each(SAME_FACTS)("%s and %s are one fact", (a, b) => {
  expect(factKey(a)).toBe(factKey(b));
});

test.each(OTHER_FACTS)("%s and %s are two", (a, b) => {
  expect(factKey(a)).not.toBe(factKey(b));
});

test("facts are compared in linear time", () => {
  for (const piece of [" ", "1 ", "- ", ".-"])
    expectLinear(12_500, (size) => () => void factKey(`1${piece.repeat(size)}x`));
});
