/**
 * Stands in the text where another engine took over, while Markdown is parsed. Unicode keeps it from texts
 * that are exchanged (a noncharacter).
 */
export const JOINT = "\ufdd0";

/** The text with a mark at each offset (UTF-16 units, rising), moved back to where a word can be cut. */
export function withJoints(text: string, offsets: readonly number[]): string {
  if (offsets.length === 0) return withoutJoints(text);
  let marked = "";
  let from = 0;
  for (const offset of offsets) {
    if (offset <= 0 || offset > text.length) continue;
    const at = Math.max(from, quietPlace(text, offset));
    // At the very beginning a mark is a paragraph of its own: it must not change what the first line is.
    marked += at === 0 ? `${JOINT}\n\n` : withoutJoints(text.slice(from, at)) + JOINT;
    from = at;
  }
  return marked + withoutJoints(text.slice(from));
}

/** The text without marks: neither ours nor those that a model wrote. */
export function withoutJoints(text: string): string {
  return text.includes(JOINT) ? text.replaceAll(JOINT, "") : text;
}

/** Where marks stand, as offsets in the text without them. */
export function jointsIn(text: string): number[] {
  const offsets: number[] = [];
  for (let at = text.indexOf(JOINT); at >= 0; at = text.indexOf(JOINT, at + 1))
    offsets.push(at - offsets.length);
  return offsets;
}

/** The last place up to `offset` behind a letter and outside of a tag, where a mark belongs to no syntax. */
function quietPlace(text: string, offset: number): number {
  let at = offset;
  while (at > 0) {
    const lineStart = text.lastIndexOf("\n", at - 1) + 1;
    const tag = text.lastIndexOf("<", at - 1);
    if (tag >= lineStart && !text.slice(tag, at).includes(">")) at = tag;
    else if (/\p{L}/u.test(text[at - 1] ?? "")) return at;
    else at--;
  }
  return 0;
}
