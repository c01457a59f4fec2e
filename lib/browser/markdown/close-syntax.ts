import remend, { type RemendOptions } from "remend";
import { countDelimiters } from "#lib/browser/markdown/difficulty.ts";

/** What remend closes. It also escapes and removes text, which would jump when the rest has come. */
const CLOSING: RemendOptions = {
  linkMode: "text-only",
  comparisonOperators: false,
  singleTilde: false,
  htmlTags: false,
  katex: false,
};
/** How much of the end is looked at, UTF-16 units, and how many delimiters there may be in it. */
const MAX_LENGTH = 2_000;
const MAX_DELIMITERS = 200;
const FENCE = /^[ \t]*(?:`{3}|~{3})/m;

/** An unfinished text with the emphasis, code and links at its end closed. */
export function closeSyntax(text: string): string {
  const lineStart = text.indexOf("\n", text.length - MAX_LENGTH) + 1;
  const from = text.length > MAX_LENGTH ? lineStart : 0;
  const end = text.slice(from);
  // Behind a fence that began earlier everything may be code.
  if (end.length > MAX_LENGTH || (from > 0 && FENCE.test(text))) return text;
  return countDelimiters(end) > MAX_DELIMITERS ? text : text.slice(0, from) + remend(end, CLOSING);
}
