import { describe, expect, test } from "vitest";
import { encodeLargeJson } from "#lib/shared/large-json.ts";
import { fc } from "../support/properties.ts";

/** Pieces of text that are awkward to cut or to escape, repeated until they are long. */
const longText = fc
  .tuple(
    fc.array(fc.constantFrom("a", '"', "\\", "\n", "é", "龍", "😀", "\ud83d", "\ude00", "\u0000", "\u2028"), {
      minLength: 1,
      maxLength: 7,
    }),
    fc.nat(40_000),
  )
  .map(([parts, times]) => parts.join("").repeat(times));
const PLACEHOLDER = "\u0000long text\u0000";
const value = fc.dictionary(
  fc.constantFrom("a", "b", PLACEHOLDER, `"${PLACEHOLDER}`, "__proto__x"),
  fc.oneof(
    longText,
    fc.constantFrom(
      PLACEHOLDER,
      `x"${PLACEHOLDER}`,
      `\\"${PLACEHOLDER}"`,
      `${PLACEHOLDER}"`,
      null,
      1.5,
      true,
    ),
    fc.array(fc.oneof(longText, fc.constant(PLACEHOLDER)), { maxLength: 3 }),
  ),
  { maxKeys: 4 },
);

describe("a large object as JSON", () => {
  test("is byte for byte what JSON.stringify gives", async () => {
    await fc.assert(
      fc.asyncProperty(value, async (object) => {
        const bytes = await encodeLargeJson(object);
        expect(bytes.equals(Buffer.from(JSON.stringify(object)))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test("lets others have their turn", async () => {
    let turns = 0;
    let done = false;
    const count = (): void => {
      turns++;
      if (!done) setImmediate(count);
    };
    setImmediate(count);
    await encodeLargeJson({ text: '"'.repeat(5_000_000) });
    done = true;
    expect(turns).toBeGreaterThan(5);
  });
});
