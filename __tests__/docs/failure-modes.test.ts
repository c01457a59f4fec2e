import { expect, test } from "vitest";
import { FAULTS } from "../faults/table.ts";
import { readPages } from "./pages.ts";

const page = readPages().current.find(({ path }) => path === "docs/FAILURE-MODES.md");
/** The rows that begin with a number, as cells. */
const rows = (page?.text ?? "").split("\n").flatMap((line) => {
  const cells = line.split("|").map((cell) => cell.trim());
  return /^\d+$/.test(cells[1] ?? "") ? [cells.slice(1, -1)] : [];
});

test("every fault has its row, in order", () => {
  expect(rows.map(([number]) => Number(number))).toEqual(Array.from({ length: 37 }, (_, index) => index + 1));
});

test("every row says how many variants of it are tested, or which test shows it", () => {
  const variants = new Map<number, number>();
  for (const { row } of FAULTS) variants.set(row, (variants.get(row) ?? 0) + 1);
  const told = rows.map((cells) => [Number(cells[0]), Number(cells[4])] as const);
  expect(told.filter(([row, count]) => (variants.get(row) ?? 0) !== (count || 0))).toEqual([]);
  const unproved = rows.filter(
    (cells) => !variants.has(Number(cells[0])) && !cells.join(" ").includes("`__tests__/"),
  );
  expect(unproved).toEqual([]);
});
