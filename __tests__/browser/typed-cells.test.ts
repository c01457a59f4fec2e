import { describe, expect, test } from "vitest";
import { typedCells } from "#lib/browser/exports/typed-cells.ts";

describe("the cells of a column", () => {
  test.each<[string, readonly string[], readonly (string | number | null)[]]>([
    ["are numbers if all are", ["1", "2.50", "-3", "\u22124.5", "0"], [1, 2.5, -3, -4.5, 0]],
    [
      "are numbers beside those that say nothing",
      ["1", "", "-", "\u2014", "n/a"],
      [1, null, "-", "\u2014", "n/a"],
    ],
    ["are text if one is", ["1.10", "1.2.3"], ["1.10", "1.2.3"]],
    ["are text with leading zeros", ["007", "008"], ["007", "008"]],
    [
      "are text with groups of digits, in any country",
      ["1,234", "1.234.567", "1 234"],
      ["1,234", "1.234.567", "1 234"],
    ],
    ["are text with a decimal comma", ["1,5"], ["1,5"]],
    ["are text with units and currencies", ["12%", "$5", "5 €", "3 kg"], ["12%", "$5", "5 €", "3 kg"]],
    ["are text with a plus, as telephone numbers have", ["+49"], ["+49"]],
    ["are text with an exponent", ["1e5"], ["1e5"]],
    ["are text with more digits than Excel keeps", ["1234567890123456"], ["1234567890123456"]],
    ["are text with more digits than Excel keeps, in decimals", ["12345678.12345678"], ["12345678.12345678"]],
    ["are text in other scripts' digits", ["١٢"], ["١٢"]],
    ["lose white space around them", [" 1 ", "\u00a02"], [1, 2]],
    ["are empty if there is nothing", ["", " "], [null, null]],
  ])("%s", (_what, given, wanted) => {
    expect(typedCells(given.map((cell) => [cell]))).toEqual(wanted.map((cell) => [cell]));
  });

  test("are judged for each column; rows may be shorter", () => {
    const rows = [["a", "1"], ["b"], ["3", "2"]];
    expect(typedCells(rows)).toEqual([["a", 1], ["b"], ["3", 2]]);
    expect(typedCells([])).toEqual([]);
  });
});
