/**
 * Markdown's grammar has texts whose parsing takes time that grows with the square of their length, or
 * faster. They do not occur in answers that make sense, so such text is shown as it is.
 */

/** One paragraph or table of more UTF-16 units than this is not searched for emphasis and links. */
const MAX_BLOCK = 60_000;
/** Delimiters in one block, `*`, `[` and their like. */
const MAX_DELIMITERS = 4_000;
/** A run of one delimiter. */
const MAX_RUN = 200;
/** How deeply quotes and lists may be nested: each level is a recursion. */
const MAX_DEPTH = 40;
/** Columns of a table. */
const MAX_COLUMNS = 200;

const DELIMITERS = /[*_~`[\]<!|&\\]/g;
const LONG_RUN = new RegExp(`([*_~\`[\\]()<!|>&\\\\])\\1{${MAX_RUN}}`);
const DEEP_QUOTE = new RegExp(`^[ \\t]*(?:>[ \\t]?){${MAX_DEPTH}}`, "m");
const DEEP_LIST = new RegExp(`^[ \\t]*(?:(?:[-*+]|\\d{1,9}[.)])[ \\t]+){${MAX_DEPTH}}`, "m");
const DEEP_INDENT = new RegExp(`^[ \\t]{${2 * MAX_DEPTH},}(?:[-*+]|\\d{1,9}[.)])[ \\t]`, "m");
const WIDE_ROW = new RegExp(`^(?:[^|\\n]*\\|){${MAX_COLUMNS}}`, "m");

/** Whether the structure of a text is too deep to be looked at: then all of it is plain. */
export function isTooDeep(text: string): boolean {
  return DEEP_QUOTE.test(text) || DEEP_LIST.test(text) || DEEP_INDENT.test(text) || WIDE_ROW.test(text);
}

/** Whether a block's emphasis, links and code would take too long to find. */
export function isTooDense(text: string): boolean {
  if (text.length > MAX_BLOCK || LONG_RUN.test(text)) return true;
  return text.length > MAX_DELIMITERS && (text.match(DELIMITERS)?.length ?? 0) > MAX_DELIMITERS;
}
