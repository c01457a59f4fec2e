import { isUnspaced } from "#lib/documents/pdf/fragment.ts";
import { bulletLine, isListMarker } from "#lib/documents/pdf/list-marker.ts";
import type { Row } from "#lib/documents/pdf/rows.ts";

/** How much larger than the text a heading is, from the first level. */
const HEADINGS = [1.7, 1.35, 1.15] as const;
const MAX_HEADING = 200;
/** Lines further apart are paragraphs, in sizes of the font and in usual distances. */
const PARAGRAPH = 1.5;
const USUAL_DISTANCE = 1.25;
const FAR_APART = 2.6;
/** Between cells of a line that is no part of a table. */
const CELL_SEPARATOR = "   ";
/** How near to the edge a full line ends, in sizes of the font. */
const NEAR_EDGE = 3;
/** Words may be wider than the letters of their line are on average. */
const WORD_SLACK = 1.25;
/** Words that are written with a hyphen before another one, and hardly ever as its beginning. */
const HYPHENATED =
  /(?:^|[^\p{L}])(?:well|self|half|long|short|high|low|full|ill|cross|first|second|third|two|three|four|five|six)-$/iu;
const HYPHEN_AT_END = /[\p{L}\p{N}][-\u00ad\u2010]$/u;
const SMALL_AT_END = /\p{Ll}[-\u00ad\u2010]$/u;
const SMALL_AT_START = /^\p{Ll}/u;
const WORD_AT_START = /^[\p{L}\p{N}]/u;
const COMPOUND = /^\p{L}{1,40}-\p{L}{1,40}/u;

type Line = { text: string; row: Row; level: number; isList: boolean };

/**
 * Rows as Markdown: lines of a paragraph are joined, and words that were divided at the end of a line; headings
 * are found by their size, lists by their bullets.
 * @param bodySize the size of the document's usual text.
 */
export function proseOf(rows: readonly Row[], bodySize: number): string {
  const lines = rows.map((row) => lineOf(row, bodySize));
  const edges = edgesOf(rows);
  const usual = usualDistance(rows);
  const words = lines.flatMap(({ text }) => (text.includes("-") ? text.split(" ") : []));
  const compounds = new Set(words.flatMap((word) => COMPOUND.exec(word) ?? []));
  let text = "";
  let above: Line | undefined;
  for (const line of lines) {
    if (above === undefined) text = marked(line);
    else text = append(text, above, line, { isParagraph: isParagraph(above, line, usual), edges, compounds });
    above = line;
  }
  return text;
}

function lineOf(row: Row, bodySize: number): Line {
  const [first, ...others] = row.cells.map((cell) => cell.text);
  const isMarked = first !== undefined && others.length > 0 && isListMarker(first);
  const marker = /^\d+$/.test(first ?? "") ? `${first}.` : first;
  const whole = isMarked
    ? `${marker} ${others.join(CELL_SEPARATOR)}`
    : [first, ...others].join(CELL_SEPARATOR);
  const bullet = bulletLine(whole);
  const ratio = row.size / bodySize;
  const level = whole.length > MAX_HEADING ? -1 : HEADINGS.findIndex((least) => ratio >= least);
  return { text: bullet ?? whole, row, level: level + 1, isList: isMarked || bullet !== undefined };
}

function marked({ text, level }: Line): string {
  return level === 0 ? text : `${"#".repeat(level)} ${text}`;
}

/** How far the lines reach, and whether several do, so that it was the edge that ended them. */
type Edges = { left: number; right: number; isReached: boolean };
type Joint = { isParagraph: boolean; edges: Edges; compounds: ReadonlySet<string> };

function append(text: string, above: Line, line: Line, { isParagraph, edges, compounds }: Joint): string {
  if (above.level !== line.level) return `${text}\n\n${marked(line)}`;
  if (line.level > 0) return isParagraph ? `${text}\n\n${marked(line)}` : `${text} ${line.text}`;
  if (isParagraph) return `${text}\n\n${line.text}`;
  if (line.isList) return `${text}\n${line.text}`;
  if (HYPHEN_AT_END.test(above.text) && WORD_AT_START.test(line.text)) {
    return isDivided(above.text, line.text, compounds) ? text.slice(0, -1) + line.text : text + line.text;
  }
  const isSplit = (one: Line): boolean => !one.isList && one.row.cells.length > 1;
  if (isSplit(above) || isSplit(line) || !isFull(above.row, line, edges)) return `${text}\n${line.text}`;
  const isWithoutSpace = isUnspaced(above.text.at(-1)) && isUnspaced(line.text[0]);
  return isWithoutSpace ? text + line.text : `${text} ${line.text}`;
}

/** Whether a hyphen at the end of a line is there only because the word did not fit. */
function isDivided(above: string, below: string, compounds: ReadonlySet<string>): boolean {
  if (above.endsWith("\u00ad")) return true;
  if (!SMALL_AT_END.test(above) || !SMALL_AT_START.test(below) || HYPHENATED.test(above.slice(-20)))
    return false;
  const [start] = /\p{L}+-$/u.exec(above.slice(-60)) ?? [""];
  const [end] = /^\p{L}+/u.exec(below.slice(0, 60)) ?? [""];
  return !compounds.has(start + end);
}

function edgesOf(rows: readonly Row[]): Edges {
  const left = Math.min(...rows.map((row) => row.left));
  const right = Math.max(...rows.map((row) => row.right));
  const reaching = rows.filter((row) => row.right > right - NEAR_EDGE * row.size).length;
  return { left, right, isReached: reaching > 1 };
}

/** Whether a line ended because the next word did not fit, and not because its writer ended it. */
function isFull(row: Row, next: Line, edges: Edges): boolean {
  const width = ((next.row.right - next.row.left) / Math.max(1, next.text.length)) * WORD_SLACK;
  const word = isUnspaced(next.text[0]) ? 1 : (next.text.split(" ", 1)[0]?.length ?? 0);
  const needed = width * (word + 1);
  if (row.cells[0]?.isRightToLeft) {
    return row.left - needed < edges.left && Math.abs(next.row.right - row.right) < NEAR_EDGE * row.size;
  }
  const isAligned = Math.abs(next.row.left - row.left) < NEAR_EDGE * next.row.size;
  const isSure = edges.isReached || SMALL_AT_START.test(next.text) || isUnspaced(next.text[0]);
  return isAligned && isSure && row.right + needed > edges.right;
}

function isParagraph(above: Line, line: Line, usual: number): boolean {
  const distance = above.row.y - line.row.y;
  const size = Math.max(above.row.size, line.row.size);
  return distance > FAR_APART * size || (distance > PARAGRAPH * size && distance > USUAL_DISTANCE * usual);
}

function usualDistance(rows: readonly Row[]): number {
  const distances = rows.slice(1).map((row, index) => (rows[index]?.y ?? row.y) - row.y);
  return distances.toSorted((a, b) => a - b)[Math.floor(distances.length / 2)] ?? 0;
}
