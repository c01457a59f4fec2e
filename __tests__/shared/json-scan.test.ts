import { describe, expect, test } from "vitest";
import { parseJsonObject } from "#lib/shared/json-depth.ts";
import { type JsonLimits, JsonScan } from "#lib/shared/json-scan.ts";
import { fc } from "../support/properties.ts";

const NONE: JsonLimits = {
  maxDepth: 1_000,
  maxValues: 1_000_000,
  maxKeys: 1_000_000,
  maxKeysPerObject: 1_000_000,
};

type Counts = { values: number; keys: number; depth: number; keysPerObject: number };

/** The same figures from the parsed value. */
function countsOf(value: unknown): Counts {
  if (typeof value !== "object" || value === null) return { values: 1, keys: 0, depth: 0, keysPerObject: 0 };
  const inner = Object.values(value).map(countsOf);
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return {
    // An empty one counts as if it held something.
    values: 1 + (inner.length === 0 ? 1 : 0) + inner.reduce((sum, { values }) => sum + values, 0),
    keys: own + inner.reduce((sum, { keys }) => sum + keys, 0),
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
    keysPerObject: Math.max(own, ...inner.map(({ keysPerObject }) => keysPerObject)),
  };
}

/** Scans the bytes in pieces that end at these places. */
function scan(text: string, limits: JsonLimits, cuts: readonly number[] = []) {
  const bytes = Buffer.from(text);
  const places = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  const scanned = new JsonScan(limits);
  let from = 0;
  for (const to of places) {
    const excess = scanned.push(bytes.subarray(from, to));
    if (excess !== undefined) return { excess, scanned };
    from = to;
  }
  return { excess: undefined, scanned };
}

/** Strings that look like structure, are full of escapes, or are long. */
const awkward = fc.oneof(
  fc.string({ unit: fc.constantFrom('"', "\\", "{", "}", "[", "]", ",", ":", "é", "a", "\n") }),
  fc.string({ unit: fc.constantFrom("\\", '"'), minLength: 20, maxLength: 80 }),
  fc.string({ unit: "binary", maxLength: 60 }),
);
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(null, true, 0, -1.5e3),
    awkward,
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(awkward, tie("value"), { maxKeys: 5 }),
  ),
})).value;

describe("the scan of a JSON text", () => {
  test("counts what a parser finds, wherever the pieces are cut and however it is laid out", () => {
    fc.assert(
      fc.property(
        json,
        fc.constantFrom(undefined, 1, "\t"),
        fc.array(fc.nat(5_000), { maxLength: 8 }),
        (value, indent, cuts) => {
          const text = JSON.stringify(value, null, indent);
          const { excess, scanned } = scan(text, NONE, cuts);
          const { values, keys } = countsOf(JSON.parse(text));
          expect(excess).toBeUndefined();
          expect(scanned.values).toBe(values);
          expect(scanned.keys).toBe(keys);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("stops exactly at each limit, byte by byte", () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = JSON.stringify(value);
        const { depth, keys, keysPerObject } = countsOf(JSON.parse(text));
        const { values } = scan(text, NONE).scanned;
        const everywhere = Array.from({ length: Buffer.byteLength(text) }, (_, index) => index);
        const exact = { maxDepth: depth, maxValues: values, maxKeys: keys, maxKeysPerObject: keysPerObject };
        expect(scan(text, exact, everywhere).excess).toBeUndefined();
        if (depth > 0)
          expect(scan(text, { ...NONE, maxDepth: depth - 1 }, everywhere).excess).toBe("maxDepth");
        if (values > 1) expect(scan(text, { ...NONE, maxValues: values - 1 }).excess).toBe("maxValues");
        if (keys > 0) {
          expect(scan(text, { ...NONE, maxKeys: keys - 1 }).excess).toBe("maxKeys");
          expect(scan(text, { ...NONE, maxKeysPerObject: keysPerObject - 1 }).excess).toBe(
            "maxKeysPerObject",
          );
        }
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ["ends before beginnings", "]]]}}}[1,2]"],
    ["a string that never ends", '{"a":"'],
    ["a backslash at the very end", '{"a":"\\'],
    ["colons and commas without an object", ":::,,,"],
    ["nothing", ""],
  ])("survives what is no JSON: %s", (_name, text) => {
    const everywhere = Array.from({ length: text.length }, (_, index) => index);
    expect(scan(text, { ...NONE, maxDepth: 1 }, everywhere).excess).toBeUndefined();
  });

  test.each([
    ["structure", "[".repeat(2_000_000)],
    ["backslashes", `"${"\\\\".repeat(1_000_000)}`],
    ["escaped quotes", `"${'\\"'.repeat(1_000_000)}`],
    ["backslashes that end in a quote", `"${`${"\\".repeat(63)}"`.repeat(31_250)}`],
    ["quotes far apart", `"${`${"a".repeat(30)}\\"`.repeat(62_500)}`],
  ])("takes time in proportion to the length: %s", (_name, text) => {
    const limits = { ...NONE, maxDepth: 10_000_000, maxValues: 10_000_000 };
    const timeOf = (piece: string): number => {
      const startedAt = performance.now();
      scan(piece, limits);
      return performance.now() - startedAt;
    };
    timeOf(text);
    const short = Math.min(...[1, 2, 3].map(() => timeOf(text.slice(0, text.length / 8))));
    expect(timeOf(text)).toBeLessThan(Math.max(8 * 8 * short, 250));
  });
});

describe("a JSON object within a text", () => {
  test.each<[string, string, unknown]>([
    ["an object", ' \n\t{"a":[1]}', { a: [1] }],
    ["a list", "[1]", undefined],
    ["a text", "hello {}", undefined],
    ["nothing", "", undefined],
    ["blanks", " ".repeat(10_000), undefined],
    ["no JSON", "{a}", undefined],
    ["too deep", `{"a":${"[".repeat(201)}${"]".repeat(201)}}`, undefined],
    ["too many keys", `{${Array.from({ length: 5_001 }, (_, i) => `"k${i}":1`).join(",")}}`, undefined],
    ["too many values", `{"a":[${"0,".repeat(400_001)}0]}`, undefined],
    ["too long", `{"a":"${"x".repeat(1_000_001)}"}`, undefined],
  ])("%s", (_name, text, expected) => {
    expect(parseJsonObject(text)).toEqual(expected);
  });
});
