import { markdownTable } from "#lib/documents/markdown-table.ts";
import type { PageLink } from "#lib/documents/pdf/annotations.ts";
import type { Fragment } from "#lib/documents/pdf/fragment.ts";
import { columnOf, findGrids, type Grid } from "#lib/documents/pdf/gutters.ts";
import type { PageContent } from "#lib/documents/pdf/page-content.ts";
import { proseOf } from "#lib/documents/pdf/prose.ts";
import { type Row, rowsOf } from "#lib/documents/pdf/rows.ts";
import { readGrid } from "#lib/documents/pdf/table.ts";

/** Columns within columns. */
const MAX_DEPTH = 4;
const MAX_LINKS = 100;

/** The Markdown of a page: its upright text, then what is written in other directions, links and comments. */
export function pageText({ turned, links, comments }: PageContent, bodySize: number): string {
  const parts = turned
    .toSorted((a, b) => lengthOf(b.fragments) - lengthOf(a.fragments))
    .map(({ fragments }) => textOf(fragments, bodySize, 0));
  const text = parts.join("\n\n");
  return [
    text,
    linksOf(
      links,
      turned.flatMap(({ fragments }) => fragments),
      text,
    ),
    commentsOf(comments),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function textOf(fragments: readonly Fragment[], bodySize: number, depth: number): string {
  const blocks: string[] = [];
  let lines: Row[] = [];
  const endLines = (): void => {
    if (lines.length > 0) blocks.push(proseOf(lines, bodySize));
    lines = [];
  };
  for (const part of findGrids(rowsOf(fragments))) {
    if (!("gutters" in part)) {
      lines.push(part);
      continue;
    }
    const reading = readGrid(part);
    if (reading.kind === "lines" || (reading.kind === "columns" && depth >= MAX_DEPTH)) {
      lines.push(...part.rows);
      continue;
    }
    endLines();
    if (reading.kind === "table") {
      blocks.push(markdownTable(reading.cells));
      lines = reading.rest;
    } else {
      blocks.push(...columnsOf(part).map((column) => textOf(column, bodySize, depth + 1)));
    }
  }
  endLines();
  return blocks.join("\n\n");
}

function columnsOf({ rows, gutters }: Grid): Fragment[][] {
  const columns: Fragment[][] = Array.from({ length: gutters.length + 1 }, () => []);
  for (const fragment of rows.flatMap((row) => row.fragments)) {
    columns[columnOf(fragment, gutters)]?.push(fragment);
  }
  return columns.filter((column) => column.length > 0);
}

/** The targets of links that the text does not show. */
function linksOf(links: readonly PageLink[], fragments: readonly Fragment[], text: string): string {
  const lines = new Set<string>();
  for (const link of links.slice(0, MAX_LINKS)) {
    if (text.includes(link.url)) continue;
    const label = link.text ?? linkedText(link, fragments);
    lines.add(label === "" ? `- ${link.url}` : `- [${label.replace(/[[\]]/g, " ").trim()}](${link.url})`);
  }
  return lines.size === 0 ? "" : `Links:\n${[...lines].join("\n")}`;
}

/** The text under a link, if the link is on all of it. */
function linkedText({ rectangle }: PageLink, fragments: readonly Fragment[]): string {
  const [left = 0, bottom = 0, right = 0, top = 0] = rectangle;
  return fragments
    .filter(({ y, size }) => y + size / 3 >= bottom && y + size / 3 <= top)
    .filter((one) => one.left >= left - one.size / 2 && one.right <= right + one.size / 2)
    .map((one) => one.text.trim())
    .join(" ")
    .slice(0, 200);
}

function commentsOf(comments: readonly string[]): string {
  return comments.length === 0 ? "" : `Comments:\n${comments.map((comment) => `- ${comment}`).join("\n")}`;
}

function lengthOf(fragments: readonly Fragment[]): number {
  return fragments.reduce((sum, { text }) => sum + text.length, 0);
}
