import { describe, expect, test } from "vitest";
import { MAX_STEPS, readPlan } from "#lib/agent/plan.ts";
import { expectLinear } from "../support/linear.ts";
import { fc } from "../support/properties.ts";
import { GOAL, PLANNER_ANSWERS } from "./planner-answers.ts";

describe("a plan is read from", () => {
  test.each(PLANNER_ANSWERS)("$name", ({ answer, steps }) => {
    expect(readPlan(answer, GOAL)).toEqual(steps.map(([title, ...needs]) => ({ title, needs })));
  });
});

test("whatever is written, there are one to five steps of one line, and each needs earlier ones only", () => {
  const pieces = fc.constantFrom(
    ...["[", "]", "{", "}", '"', "'", ",", ":", "\n", " ", "- ", "1. ", "Then ", "First, ", "```", "<li>"],
    ...["title", "needs", "steps", "1", "2", "a step", "然后", "．", "\\", "\u200b"],
  );
  const answer = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(pieces).map((some) => some.join("")),
    fc.json(),
  );
  fc.assert(
    fc.property(answer, (text) => {
      const steps = readPlan(text, GOAL);
      expect(steps.length).toBeGreaterThan(0);
      expect(steps.length).toBeLessThanOrEqual(MAX_STEPS);
      for (const [at, { title, needs }] of steps.entries()) {
        expect(title).toMatch(/\S/);
        expect(title).not.toMatch(/[\r\n]/);
        expect(title.length).toBeLessThanOrEqual(300);
        expect(needs.every((need) => Number.isInteger(need) && need >= 0 && need < at)).toBe(true);
      }
    }),
  );
});

test.each([
  ["brackets", "["],
  ["objects", '{"a":'],
  ["quotes", '["'],
  ["line breaks", "\n"],
  ["spaces within a sentence", "First,   "],
  ["stops", "Then ...."],
  ["list marks", "1. - "],
  ["tags", "<a "],
  ["stars", "*a _b "],
])("reads many %s in linear time", (_, piece) => {
  expectLinear(2_000 / piece.length, (size) => {
    const text = piece.repeat(size);
    return () => readPlan(text, GOAL);
  });
});
