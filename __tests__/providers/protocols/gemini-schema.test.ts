import { describe, expect, test } from "vitest";
import { geminiParameters, newReferenceBudget } from "#lib/providers/protocols/gemini/schema.ts";
import type { JsonObject } from "#lib/shared/json.ts";

const ref = (name: string): JsonObject => ({ $ref: `#/$defs/${name}` });
const both = (name: string): JsonObject => ({ allOf: [ref(name), ref(name)] });
const properties = (count: number, prefix = "p"): JsonObject =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${index}`, { type: "string" }]));

/** Each definition names the next one twice: 2^12 places in a few hundred bytes. */
const doubling: JsonObject = {
  type: "object",
  properties: { a: ref("d0") },
  $defs: {
    ...Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`d${index}`, both(`d${index + 1}`)])),
    d12: { properties: { b: { type: "string" } } },
  },
};

describe("references of all tools of a request share a budget", () => {
  test.each<[string, JsonObject, number]>([
    ["definitions that double", doubling, 700],
    [
      "a large definition, referred to by each property",
      {
        properties: Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`a${index}`, both("x")])),
        $defs: { x: { properties: properties(500) } },
      },
      20,
    ],
    [
      "parts that are joined one by one",
      { allOf: Array.from({ length: 500 }, (_, index) => ({ properties: properties(5, `p${index}_`) })) },
      20,
    ],
  ])("%s", (_name, schema, tools) => {
    const budget = newReferenceBudget();
    const whole = budget.left;
    let most = 0;
    for (let tool = 0; tool < tools; tool++) {
      const before = budget.left;
      geminiParameters(schema, budget);
      most = Math.max(most, before - budget.left);
    }
    // It is used up, and passed by no more than the places that were under way.
    expect(budget.left).toBeLessThan(0);
    expect(budget.left).toBeGreaterThan(-whole);
    expect(most).toBeLessThan(2 * whole);
  });

  test("ordinary schemas take little of it, and are followed whole", () => {
    const budget = newReferenceBudget();
    const whole = budget.left;
    const schema: JsonObject = {
      type: "object",
      properties: {
        address: ref("address"),
        other: { allOf: [ref("address"), { properties: properties(3) }] },
      },
      $defs: { address: { type: "object", properties: { city: { type: "string" } } } },
    };
    for (let tool = 0; tool < 200; tool++) {
      const parameters = geminiParameters(schema, budget);
      expect(parameters?.["properties"]).toMatchObject({
        address: { properties: { city: { type: "string" } } },
        other: { properties: { city: { type: "string" }, p0: { type: "string" } } },
      });
    }
    expect(budget.left).toBeGreaterThan(whole / 2);
  });

  test("plain properties take nothing of it", () => {
    const budget = newReferenceBudget();
    const whole = budget.left;
    geminiParameters({ type: "object", properties: properties(2_000) }, budget);
    expect(budget.left).toBe(whole);
  });

  test("a reference longer than any name is none", () => {
    const name = "a".repeat(2_000);
    const schema: JsonObject = { properties: { x: ref(name) }, $defs: { [name]: { type: "string" } } };
    expect(geminiParameters(schema, newReferenceBudget())).toMatchObject({
      properties: { x: { type: "object" } },
    });
  });
});
