import type { Content } from "#lib/chat/request.ts";

/**
 * A system prompt of several parts as one text. Parts are separated by a blank line, unless there is white
 * space between them already.
 */
export function systemText(content: Content): string {
  if (typeof content === "string") return content;
  const texts: string[] = [];
  for (const part of content) {
    if (part.type !== "text" || part.text === "") continue;
    // Looks at the last character only: a pattern would scan the whole text for its end.
    const before = texts.at(-1)?.at(-1);
    if (before !== undefined && !/\s/.test(before) && !/^\s/.test(part.text)) texts.push("\n\n");
    texts.push(part.text);
  }
  return texts.join("");
}
