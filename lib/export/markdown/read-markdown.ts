import type { MarkedToken, Token, Tokens } from "marked";
import { lexMarkdown } from "#lib/browser/markdown/parse.ts";
import { DataImages } from "#lib/export/markdown/data-images.ts";
import { takeFootnotes } from "#lib/export/markdown/footnotes.ts";
import { inlinesOf, inlinesOfHtml, type Reading } from "#lib/export/markdown/inlines.ts";
import type { Block, Inline, ListItem, Note, TableCell } from "#lib/export/markdown/tree.ts";

/**
 * The tree of a text in GitHub's Markdown, with footnotes and the tags of HTML that mean something on paper.
 * It always ends soon: what is too hard to parse is text.
 */
export function readMarkdown(text: string): Block[] {
  const images = new DataImages();
  const { body, notes } = takeFootnotes(images.take(text.replaceAll(/\r\n?/g, "\n")));
  const numbers = new Map<string, number>();
  const noteNumber = (label: string): number | undefined => {
    if (!notes.has(label)) return undefined;
    const number = numbers.get(label) ?? numbers.size + 1;
    numbers.set(label, number);
    return number;
  };
  const reading: Reading = { images, noteNumber };
  const blocks = blocksOfText(body, reading);
  // A footnote may refer to others, which come behind it. Those that nobody refers to are the last.
  const read = new Map<string, Note>();
  const readNotes = (labels: Iterable<string>): void => {
    for (const label of labels) {
      const number = noteNumber(label);
      if (number === undefined || read.has(label)) continue;
      read.set(label, { number, children: blocksOfText(notes.get(label) ?? "", reading) });
    }
  };
  readNotes(numbers.keys());
  readNotes(notes.keys());
  const inOrder = [...read.values()].sort((a, b) => a.number - b.number);
  return inOrder.length === 0 ? blocks : [...blocks, { kind: "notes", notes: inOrder }];
}

function blocksOfText(text: string, reading: Reading): Block[] {
  return lexMarkdown(text).flatMap(({ source, tokens }) =>
    tokens === undefined ? plain(source, reading) : blocksOf(tokens, reading),
  );
}

/** Text that is too hard to parse, line by line as it is. */
function plain(source: string, { images }: Reading): Block[] {
  return source
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => ({ kind: "paragraph", children: [{ kind: "text", text: images.restore(line) }] }));
}

function blocksOf(tokens: readonly Token[], reading: Reading): Block[] {
  return (tokens as readonly MarkedToken[]).flatMap((token) => blockOf(token, reading) ?? []);
}

function blockOf(token: MarkedToken, reading: Reading): Block | undefined {
  switch (token.type) {
    case "space":
    case "def":
    case "checkbox":
      return undefined;
    case "hr":
      return { kind: "rule" };
    case "heading":
      return { kind: "heading", level: token.depth, children: inlinesOf(token.tokens, reading) };
    case "code":
      return codeOf(token, reading);
    case "blockquote":
      return { kind: "quote", children: blocksOf(token.tokens, reading) };
    case "list":
      return listOf(token, reading);
    case "table":
      return tableOf(token, reading);
    case "html":
      return paragraphOf(inlinesOfHtml(token.text.trim(), reading));
    case "paragraph":
    case "text":
      return paragraphOf(inlinesOf(token.tokens ?? [token], reading));
    default:
      return paragraphOf([{ kind: "text", text: reading.images.restore(token.raw) }]);
  }
}

function paragraphOf(children: readonly Inline[]): Block | undefined {
  return children.length === 0 ? undefined : { kind: "paragraph", children };
}

function codeOf({ lang, text }: Tokens.Code, { images }: Reading): Block {
  return { kind: "code", language: /^[\w+#.-]+/.exec(lang ?? "")?.[0], text: images.restore(text) };
}

function listOf(token: Tokens.List, reading: Reading): Block {
  const items = token.items.map(
    (item): ListItem => ({
      checked: item.task ? item.checked === true : undefined,
      children: blocksOf(item.tokens, reading),
    }),
  );
  const start = typeof token.start === "number" ? token.start : 1;
  return { kind: "list", ordered: token.ordered, start, tight: !token.loose, items };
}

function tableOf(token: Tokens.Table, reading: Reading): Block {
  const cell = ({ align, tokens }: Tokens.TableCell): TableCell => ({
    align: align ?? undefined,
    children: inlinesOf(tokens, reading),
  });
  return { kind: "table", head: token.header.map(cell), rows: token.rows.map((row) => row.map(cell)) };
}
