/**
 * Markdown's grammar has texts whose parsing takes time that grows with the square of their length, or
 * faster. They do not occur in answers that make sense, so such text is shown as it is.
 */

/** One paragraph or cell of more UTF-16 units than this is not searched for emphasis and links. */
const MAX_INLINE_TEXT = 60_000;
/** Delimiters in one paragraph, `*`, `[` and their like. */
const MAX_DELIMITERS = 4_000;
/** A run of one delimiter. */
const MAX_RUN = 200;
/** How deeply quotes and lists may be nested: each level is a recursion over all that it holds. */
const MAX_DEPTH = 30;
/** Items of one list, with those of lists in it, or rows of a table. */
const MAX_ITEMS = 3_000;
/** Lines that belong to a quote without its mark: each makes the quote be read again. */
const MAX_LAZY_LINES = 500;
/** Columns of a table. */
const MAX_COLUMNS = 200;

const DELIMITERS = /[*_~`[\]<!|&\\]/g;
const ITEM = /^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]|\|)/gm;
const LONG_RUN = new RegExp(`([*_~\`[\\]()<!|>&\\\\])\\1{${MAX_RUN}}`);
const QUOTED_LINE = /^[ \t\d.)*+-]*>/;
const MARKER = "(?:>|(?:[-*+]|\\d{1,9}[.)])(?=[ \\t]))";
const DEEP_MARKERS = `(?:[ \\t]{0,8}${MARKER}){${MAX_DEPTH}}`;
const DEEP_INDENT = `(?:[ ]{2}|\\t){${MAX_DEPTH}}[ \\t]*${MARKER}`;
const WIDE_ROW = `(?:[^|\\n]*\\|){${MAX_COLUMNS}}`;
const DEEP_LINE = new RegExp(`^(?:${DEEP_MARKERS}|${DEEP_INDENT}|${WIDE_ROW})`, "gm");

/** Where the first line begins whose quotes, lists or table are too deep or too wide to be looked at. */
export function findTooDeep(text: string, from = 0): number | undefined {
  DEEP_LINE.lastIndex = from;
  const deep = DEEP_LINE.exec(text)?.index;
  return findLazyQuotes(text.slice(0, deep), from) ?? deep;
}

/** Where the line begins with which one paragraph has left quotes and gone on too often. */
function findLazyQuotes(text: string, from: number): number | undefined {
  let lazyLines = 0;
  let isQuoted = false;
  for (let at = text.indexOf(">", from) < 0 ? text.length : from; at < text.length; ) {
    const end = text.indexOf("\n", at);
    const line = text.slice(at, end < 0 ? text.length : end);
    if (line.trim() === "") lazyLines = 0;
    else if (isQuoted && !QUOTED_LINE.test(line) && ++lazyLines > MAX_LAZY_LINES) return at;
    isQuoted = QUOTED_LINE.test(line);
    at = end < 0 ? text.length : end + 1;
  }
  return undefined;
}

/** Whether emphasis, links and code of one paragraph would take too long to find. */
export function isTooDense(text: string): boolean {
  if (text.length > MAX_INLINE_TEXT || LONG_RUN.test(text)) return true;
  return text.length > MAX_DELIMITERS && countDelimiters(text) > MAX_DELIMITERS;
}

/** How many characters may begin or end emphasis, code, a link or markup. */
export function countDelimiters(text: string): number {
  return text.match(DELIMITERS)?.length ?? 0;
}

/** Whether a list or table has more lines than a page can draw without a pause. */
export function hasTooManyItems(text: string): boolean {
  return text.length > 2 * MAX_ITEMS && (text.match(ITEM)?.length ?? 0) > MAX_ITEMS;
}
