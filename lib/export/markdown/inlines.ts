import type { MarkedToken, Token, Tokens } from "marked";
import type { DataImages } from "#lib/export/markdown/data-images.ts";
import { decodeEntities } from "#lib/export/markdown/entities.ts";
import { emphasized, InlineBuilder, linkTo } from "#lib/export/markdown/inline-builder.ts";
import { markupParts } from "#lib/export/markdown/markup.ts";
import { type Emphasis, type Inline, textOf } from "#lib/export/markdown/tree.ts";

/** Emphasis and links nested deeper than this are shown as they were written. */
const MAX_DEPTH = 24;
const NOTE = /\[\^([^\]\s]{1,100})\]/g;

/** What inline text is read with. */
export type Reading = {
  images: DataImages;
  /** The number of a footnote; undefined if there is none of this label. */
  noteNumber(label: string): number | undefined;
};

export function inlinesOf(tokens: readonly Token[], reading: Reading, depth = 0): Inline[] {
  const builder = new InlineBuilder();
  for (const token of tokens as readonly MarkedToken[]) addToken(builder, token, reading, depth);
  return builder.finish();
}

/** HTML that stands between blocks. */
export function inlinesOfHtml(html: string, { images }: Reading): Inline[] {
  const builder = new InlineBuilder();
  for (const part of markupParts(html)) {
    builder.addMarkup(
      part.kind === "text" ? { kind: "text", text: images.restore(decodeEntities(part.text)) } : part,
    );
  }
  return builder.finish();
}

function addToken(builder: InlineBuilder, token: MarkedToken, reading: Reading, depth: number): void {
  switch (token.type) {
    case "strong":
      return builder.add(nested("strong", token, reading, depth));
    case "em":
      return builder.add(nested("emphasis", token, reading, depth));
    case "del":
      return builder.add(nested("strike", token, reading, depth));
    case "codespan":
      return builder.add({ kind: "code", text: reading.images.restore(token.text) });
    case "br":
      return builder.add({ kind: "break" });
    case "checkbox":
      return;
    case "link":
      return builder.add(...linkOf(token, reading, depth));
    case "image":
      return builder.add(...imageOf(token, reading));
    case "html":
      for (const part of markupParts(token.text)) builder.addMarkup(part);
      return;
    case "escape":
      return builder.add({ kind: "text", text: reading.images.restore(token.text) });
    case "text":
      if (token.tokens !== undefined) return builder.add(...inlinesOf(token.tokens, reading, depth));
      return builder.add(...textWithNotes(decodeEntities(token.text), reading));
    default:
      return builder.add({ kind: "text", text: reading.images.restore(token.raw) });
  }
}

function nested(
  kind: Emphasis,
  token: Tokens.Strong | Tokens.Em | Tokens.Del,
  reading: Reading,
  depth: number,
): Inline {
  if (depth >= MAX_DEPTH) return { kind: "text", text: token.raw };
  return emphasized(kind, inlinesOf(token.tokens, reading, depth + 1));
}

function linkOf(token: Tokens.Link, reading: Reading, depth: number): readonly Inline[] {
  if (depth >= MAX_DEPTH) return [{ kind: "text", text: token.raw }];
  const children = inlinesOf(token.tokens, reading, depth + 1);
  return linkTo(decodeEntities(token.href), children);
}

/** A picture of the text itself. Any other is not fetched: a link with its words stands in its place. */
function imageOf(token: Tokens.Image, { images }: Reading): readonly Inline[] {
  const words = token.tokens === undefined ? token.text : textOf(plainInlines(token.tokens));
  const alt = decodeEntities(words);
  const bytes = images.bytesOf(token.href);
  if (bytes !== undefined) return [{ kind: "image", bytes, alt }];
  const address = decodeEntities(token.href);
  const shown = alt.trim() === "" ? images.restore(address) : alt;
  return linkTo(address, [{ kind: "text", text: shown }]);
}

function plainInlines(tokens: readonly Token[]): Inline[] {
  return (tokens as readonly MarkedToken[]).flatMap((token): Inline[] => {
    if ("tokens" in token && token.tokens !== undefined) return plainInlines(token.tokens);
    return [{ kind: "text", text: "text" in token && typeof token.text === "string" ? token.text : " " }];
  });
}

function textWithNotes(text: string, { images, noteNumber }: Reading): Inline[] {
  const nodes: Inline[] = [];
  let from = 0;
  for (const match of text.includes("[^") ? text.matchAll(NOTE) : []) {
    const number = noteNumber(match[1] ?? "");
    if (number === undefined) continue;
    if (match.index > from) nodes.push({ kind: "text", text: text.slice(from, match.index) });
    nodes.push({ kind: "note", number });
    from = match.index + match[0].length;
  }
  if (from < text.length) nodes.push({ kind: "text", text: text.slice(from) });
  return nodes.map((node) => (node.kind === "text" ? { ...node, text: images.restore(node.text) } : node));
}
