import { type Block, type TableCell, textOf } from "#lib/browser/markdown/tree.ts";

/** A table as words, row by row; the first row is its head. */
export type TableText = { headers: readonly string[]; rows: readonly (readonly string[])[] };

/** The words of a table of Markdown. */
export function tableText({ head, rows }: Block & { kind: "table" }): TableText {
  const words = (cells: readonly TableCell[]): string[] =>
    cells.map(({ children }) => textOf(children).trim());
  return { headers: words(head), rows: rows.map(words) };
}

/** What a spreadsheet would compute, if it is no number. */
const FORMULA = /^(?:[=@\t\r]|[+-](?![\d.]))/;

/** Comma-separated values (RFC 4180). A text that a spreadsheet would take for a formula begins with an apostrophe. */
export function csvOf({ headers, rows }: TableText): string {
  return [headers, ...rows].map((row) => `${row.map(csvCell).join(",")}\r\n`).join("");
}

function csvCell(text: string): string {
  const inert = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

/** A table of Markdown. */
export function markdownTableOf({ headers, rows }: TableText): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(markdownCell).join(" | ")} |\n`;
  return [line(headers), line(headers.map(() => "---")), ...rows.map(line)].join("");
}

function markdownCell(text: string): string {
  return text.replaceAll(/[|\\]/g, "\\$&").replaceAll(/\s*\n\s*/g, "<br>");
}
