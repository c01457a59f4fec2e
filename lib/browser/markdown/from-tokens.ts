import type { MarkedToken, Token, Tokens } from "marked";
import { decodeEntities } from "#lib/browser/markdown/entities.ts";
import { JOINT, jointsIn, withoutJoints } from "#lib/browser/markdown/joints.ts";
import { hostOf, misleadingHost, safeHref, safeImage } from "#lib/browser/markdown/link-policy.ts";
import {
  type Block,
  type Inline,
  type ListItem,
  type TableCell,
  textOf,
} from "#lib/browser/markdown/tree.ts";

/** What an address of the text stands for on this page; undefined leaves it as it is. */
export type LinkFor = (address: string) => string | undefined;

/** Emphasis and links nested deeper than this are shown as they were written. */
const MAX_INLINE_DEPTH = 24;
const LINE_BREAK = /<br\s*\/?>/i;

type Reading = { linkFor: LinkFor | undefined; depth: number };

/** The tree of marked's tokens. */
export function blocksOf(tokens: readonly Token[], linkFor: LinkFor | undefined): Block[] {
  const reading: Reading = { linkFor, depth: 0 };
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
      return codeOf(token);
    case "blockquote":
      return { kind: "quote", children: blocksOf(token.tokens, reading.linkFor) };
    case "list":
      return listOf(token, reading);
    case "table":
      return tableOf(token, reading);
    case "html":
      return { kind: "paragraph", children: markupOf(token.text.trimEnd()) };
    case "paragraph":
    case "text":
      return { kind: "paragraph", children: inlinesOf(token.tokens ?? [token], reading) };
    default:
      return { kind: "paragraph", children: textWithJoints(token.raw) };
  }
}

function codeOf({ lang, text }: Tokens.Code): Block {
  const language = /^[\w+#.-]+/.exec(withoutJoints(lang ?? ""))?.[0];
  return { kind: "code", language, text: withoutJoints(text), joints: jointsIn(text) };
}

function listOf(token: Tokens.List, { linkFor }: Reading): Block {
  const items = token.items.map(
    (item): ListItem => ({
      checked: item.task ? item.checked === true : undefined,
      children: blocksOf(item.tokens, linkFor),
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

function inlinesOf(tokens: readonly Token[], reading: Reading): Inline[] {
  const inlines: Inline[] = [];
  for (const inline of (tokens as readonly MarkedToken[]).flatMap((token) => inlineOf(token, reading))) {
    const last = inlines.at(-1);
    if (inline.kind === "text" && last?.kind === "text")
      inlines[inlines.length - 1] = { kind: "text", text: last.text + inline.text };
    else inlines.push(inline);
  }
  return inlines;
}

function inlineOf(token: MarkedToken, reading: Reading): readonly Inline[] {
  switch (token.type) {
    case "strong":
      return nested("strong", token, reading);
    case "em":
      return nested("emphasis", token, reading);
    case "del":
      return nested("strike", token, reading);
    case "codespan":
      return codeSpanOf(token.text);
    case "br":
      return [{ kind: "break" }];
    case "checkbox":
      return [];
    case "link":
      return linkOf(token, reading);
    case "image":
      return imageOf(token, reading);
    case "html":
      return markupOf(token.text);
    case "escape":
      return textWithJoints(token.text);
    case "text":
      if (token.tokens !== undefined) return inlinesOf(token.tokens, reading);
      return textWithJoints(decodeEntities(token.text));
    default:
      return textWithJoints(token.raw);
  }
}

function nested(
  kind: "strong" | "emphasis" | "strike",
  token: Tokens.Strong | Tokens.Em | Tokens.Del,
  { linkFor, depth }: Reading,
): Inline[] {
  if (depth >= MAX_INLINE_DEPTH) return textWithJoints(token.raw);
  return [{ kind, children: inlinesOf(token.tokens, { linkFor, depth: depth + 1 }) }];
}

function linkOf(token: Tokens.Link, { linkFor, depth }: Reading): readonly Inline[] {
  if (depth >= MAX_INLINE_DEPTH) return textWithJoints(token.raw);
  const children = inlinesOf(token.tokens, { linkFor, depth: depth + 1 });
  const href = safeHref(addressOf(token.href, linkFor));
  if (href === undefined) return children;
  return [{ kind: "link", href, host: misleadingHost(href, textOf(children)), children }];
}

function imageOf(token: Tokens.Image, { linkFor }: Reading): readonly Inline[] {
  const address = addressOf(token.href, linkFor);
  const alt = withoutJoints(decodeEntities(token.text));
  const src = safeImage(address);
  if (src !== undefined) return [{ kind: "image", src, alt }];
  const href = safeHref(address);
  const host = href === undefined ? undefined : hostOf(href);
  if (href !== undefined && host !== undefined) return [{ kind: "unloaded-image", href, host, alt }];
  return textWithJoints(alt);
}

function addressOf(written: string, linkFor: LinkFor | undefined): string {
  const address = withoutJoints(decodeEntities(written));
  return linkFor?.(address) ?? address;
}

/** Markup in a text is words that somebody wrote, so it is shown; a line break alone is what it says. */
function markupOf(text: string): Inline[] {
  return text
    .split(LINE_BREAK)
    .flatMap((part, index) => [
      ...(index === 0 ? [] : [{ kind: "break" } as const]),
      ...textWithJoints(part),
    ]);
}

function codeSpanOf(written: string): Inline[] {
  const joints = jointsIn(written).map((): Inline => ({ kind: "joint" }));
  return [{ kind: "code", text: withoutJoints(written) }, ...joints];
}

function textWithJoints(text: string): Inline[] {
  return text.split(JOINT).flatMap((part, index): Inline[] => {
    const words: Inline[] = part === "" ? [] : [{ kind: "text", text: part }];
    return index === 0 ? words : [{ kind: "joint" }, ...words];
  });
}
