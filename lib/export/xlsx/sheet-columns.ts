import type { CellContent } from "#lib/export/xlsx/cell-value.ts";
import { textWidth } from "#lib/export/xlsx/text-width.ts";

const MIN_WIDTH = 8;
/** Longer text is wrapped. */
const MAX_WIDTH = 60;
/** `General` shows no more of a number. */
const MAX_NUMBER_WIDTH = 14;
/** Room at both sides of a cell. */
const PADDING = 2;
/** Room of the filter's button in a header. */
const BUTTON = 3;

/** What the cells of each column need in common. */
export class SheetColumns {
  readonly #widths: number[];
  /** Of the first cell in each column that is not empty. */
  readonly #kinds: CellContent["kind"][] = [];

  constructor(headers: readonly string[]) {
    this.#widths = headers.map((header) => bounded(longestLine(header) + BUTTON));
  }

  take(column: number, content: CellContent): void {
    this.#widths[column] = Math.max(this.#widths[column] ?? MIN_WIDTH, bounded(widthOf(content)));
    if (content.kind !== "empty") this.#kinds[column] ??= content.kind;
  }

  /** How wide a column must be for each of its cells, at most `MAX_WIDTH`. */
  get widths(): readonly number[] {
    return this.#widths;
  }

  /** Judged by its first value. */
  isNumeric(column: number): boolean {
    return this.#kinds[column] === "number";
  }
}

/** How many lines a text takes in a column of a width. */
export function lineCount(text: string, width: number): number {
  const room = Math.max(1, width - PADDING);
  return text.split("\n").reduce((lines, line) => lines + Math.max(1, Math.ceil(textWidth(line) / room)), 0);
}

function bounded(width: number): number {
  return Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, width + PADDING));
}

function widthOf(content: CellContent): number {
  switch (content.kind) {
    case "empty":
      return 0;
    case "boolean":
      return "FALSE".length;
    case "number":
      return Math.min(MAX_NUMBER_WIDTH, String(content.value).length);
    case "date":
      return content.format.length;
    case "text":
      return longestLine(content.text);
  }
}

/** Not of more text than can matter. */
function longestLine(text: string): number {
  if (text.length > MAX_WIDTH && !text.includes("\n")) return MAX_WIDTH;
  return text
    .split("\n")
    .reduce((longest, line) => Math.max(longest, textWidth(line.slice(0, MAX_WIDTH))), 0);
}
