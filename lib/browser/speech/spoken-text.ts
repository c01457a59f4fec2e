import { parseMarkdown } from "#lib/browser/markdown/parse.ts";
import { type Block, type ListItem, textOf } from "#lib/browser/markdown/tree.ts";

/** What is said in place of what cannot be read aloud. */
export type SpokenWords = { code: string };

const ADDRESS = /\bhttps?:\/\/(?:www\.)?([^\s/?#]+)[^\s)\]]*/giu;
/** Pictures have no sound; those that are letters and digits too stay. */
const PICTURES = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\u{1f1e6}-\u{1f1ff}\u{fe0f}\u200d]/gu;

/** A text of Markdown as somebody would read it to another person, one paragraph a line. */
export function spokenText(markdown: string, words: SpokenWords): string {
  return linesOf(parseMarkdown(markdown), words).join("\n");
}

function linesOf(blocks: readonly Block[], words: SpokenWords): string[] {
  return blocks.flatMap((block) => spokenBlock(block, words));
}

function spokenBlock(block: Block, words: SpokenWords): string[] {
  switch (block.kind) {
    case "paragraph":
    case "heading":
      return spokenLine(textOf(block.children));
    case "code":
      return [words.code];
    case "quote":
      return linesOf(block.children, words);
    case "list":
      return block.items.flatMap((item, index) =>
        spokenItem(item, block.ordered ? `${block.start + index}. ` : "", words),
      );
    case "table":
      return [block.head, ...block.rows].flatMap((row) =>
        spokenLine(row.map(({ children }) => textOf(children).trim()).join(", ")),
      );
    case "rule":
      return [];
    case "plain":
      return block.text.split("\n").flatMap(spokenLine);
  }
}

function spokenItem({ children }: ListItem, number: string, words: SpokenWords): string[] {
  const [first, ...rest] = linesOf(children, words);
  return first === undefined ? [] : [`${number}${first}`, ...rest];
}

/** With a full stop, which makes the voice pause; nothing for a line in which there is nothing to say. */
function spokenLine(text: string): string[] {
  const said = text.replace(ADDRESS, "$1").replace(PICTURES, "").replaceAll(/\s+/g, " ").trim();
  if (!/[\p{L}\p{N}]/u.test(said)) return [];
  return [/\p{P}$/u.test(said) ? said : `${said}.`];
}
