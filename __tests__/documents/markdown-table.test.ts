import { describe, expect, test } from "vitest";
import { markdownTable } from "#lib/documents/markdown-table.ts";
import { expectLinear } from "../support/linear.ts";

describe("a Markdown table", () => {
  test("has its first row as header", () => {
    expect(
      markdownTable([
        ["Region", "Units"],
        ["North", "12"],
        ["South", "7"],
      ]),
    ).toBe("| Region | Units |\n| --- | --- |\n| North | 12 |\n| South | 7 |");
  });

  test("is as wide as its widest row; what is missing is empty", () => {
    expect(markdownTable([["a"], ["b", "c"], []])).toBe("| a |  |\n| --- | --- |\n| b | c |\n|  |  |");
  });

  test("keeps each row on a line, and each cell in its column", () => {
    expect(markdownTable([["a|b", " two\r\nlines ", "tab\there"]])).toBe(
      "| a\\|b | two<br>lines | tab here |\n| --- | --- | --- |",
    );
  });

  test("is nothing without rows", () => {
    expect(markdownTable([])).toBe("");
  });

  test("takes time in proportion to its text", () => {
    expectLinear(20_000, (size) => () => void markdownTable([[" ".repeat(size), "|\n".repeat(size)]]));
  });
});
