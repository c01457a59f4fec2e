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
/** Columns of a table. */
const MAX_COLUMNS = 200;

const DELIMITERS = /[*_~`[\]<!|&\\]/g;
const LONG_RUN = new RegExp(`([*_~\`[\\]()<!|>&\\\\])\\1{${MAX_RUN}}`);
const MARKER = "(?:>|(?:[-*+]|\\d{1,9}[.)])(?=[ \\t]))";
const DEEP_MARKERS = `(?:[ \\t]{0,8}${MARKER}){${MAX_DEPTH}}`;
const DEEP_INDENT = `(?:[ ]{2}|\\t){${MAX_DEPTH}}[ \\t]*${MARKER}`;
const WIDE_ROW = `(?:[^|\\n]*\\|){${MAX_COLUMNS}}`;
const DEEP_LINE = new RegExp(`^(?:${DEEP_MARKERS}|${DEEP_INDENT}|${WIDE_ROW})`, "gm");

/** Where the first line begins whose quotes, lists or table are too deep or too wide to be looked at. */
export function findTooDeep(text: string, from = 0): number | undefined {
  DEEP_LINE.lastIndex = from;
  return DEEP_LINE.exec(text)?.index;
}

/** Whether emphasis, links and code of one paragraph would take too long to find. */
export function isTooDense(text: string): boolean {
  if (text.length > MAX_INLINE_TEXT || LONG_RUN.test(text)) return true;
  return text.length > MAX_DELIMITERS && (text.match(DELIMITERS)?.length ?? 0) > MAX_DELIMITERS;
}
