/**
 * Stands in the text where another engine took over, while Markdown is parsed. Unicode keeps it from texts
 * that are exchanged (a noncharacter).
 */
export const JOINT = "\ufdd0";

/** Characters that may belong to Markdown's syntax: a joint between them would break it. */
const SYNTAX = /[*_~`[\]()!#>|<&\\:.\-+=\s]/;
/** How far a joint is moved at most, UTF-16 units. */
const MAX_MOVE = 40;

/** The text with a mark at each offset (UTF-16 units, rising), moved back to where it breaks no syntax. */
export function withJoints(text: string, offsets: readonly number[]): string {
  let marked = "";
  let from = 0;
  for (const offset of offsets) {
    if (offset <= 0 || offset > text.length) continue;
    const at = Math.max(from, quietPlace(text, offset));
    marked += text.slice(from, at).replaceAll(JOINT, "") + JOINT;
    from = at;
  }
  return marked + text.slice(from).replaceAll(JOINT, "");
}

function quietPlace(text: string, offset: number): number {
  for (let at = offset; at > 0 && at > offset - MAX_MOVE; at--) {
    if (!SYNTAX.test(text[at - 1] ?? "") && !isLowSurrogate(text, at)) return at;
  }
  return isLowSurrogate(text, offset) ? offset - 1 : offset;
}

function isLowSurrogate(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff;
}
