/**
 * A table of GitHub's Markdown. Its first row is its header, as Markdown has no table without one. Rows may
 * differ in length: missing cells are empty. Nothing for no rows.
 * @param rows Plain text; pipes and line breaks in it are escaped.
 */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [header, ...body] = rows;
  if (header === undefined) return "";
  const width = rows.reduce((most, row) => Math.max(most, row.length), 1);
  const rule = `|${" --- |".repeat(width)}`;
  return [tableRow(header, width), rule, ...body.map((row) => tableRow(row, width))].join("\n");
}

function tableRow(cells: readonly string[], width: number): string {
  return `| ${Array.from({ length: width }, (_, column) => tableCell(cells[column] ?? "")).join(" | ")} |`;
}

/** Text as it may stand in a cell. Cells keep to one line, so line breaks become `<br>`. */
function tableCell(text: string): string {
  return text
    .trim()
    .replaceAll("|", "\\|")
    .replace(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/g, "<br>")
    .replaceAll("\t", " ");
}
