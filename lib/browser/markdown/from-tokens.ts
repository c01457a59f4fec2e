import type { MarkedToken, Token, Tokens } from "marked";
import { decodeEntities } from "#lib/browser/markdown/entities.ts";
import { JOINT } from "#lib/browser/markdown/joints.ts";
import { safeHref, safeImage } from "#lib/browser/markdown/link-policy.ts";
import {
  type Block,
  type Inline,
  type ListItem,
  type TableCell,
  textOf,
} from "#lib/browser/markdown/tree.ts";

/** What is counted through a document: joints, and the ids of its headings. */
export type Counters = { joints: number; slugs: Map<string, number> };

export function newCounters(): Counters {
  return { joints: 0, slugs: new Map() };
}

/** The tree of marked's tokens. */
export function blocksOf(tokens: readonly Token[], counters: Counters): Block[] {
  return (tokens as readonly MarkedToken[]).flatMap((token) => blockOf(token, counters) ?? []);
}

function blockOf(token: MarkedToken, counters: Counters): Block | undefined {
  switch (token.type) {
    case "space":
    case "def":
    case "checkbox":
      return undefined;
    case "hr":
      return { kind: "rule" };
    case "heading": {
      const children = inlinesOf(token.tokens, counters);
      return { kind: "heading", level: token.depth, children, id: slugOf(textOf(children), counters) };
    }
    case "code":
      return codeOf(token, counters);
    case "blockquote":
      return { kind: "quote", children: blocksOf(token.tokens, counters) };
    case "list":
      return listOf(token, counters);
    case "table":
      return tableOf(token, counters);
    case "html":
      // Markup of a text is words that somebody wrote: it is shown.
      return { kind: "paragraph", children: textWithJoints(token.text.trimEnd(), counters) };
    case "paragraph":
    case "text":
      return { kind: "paragraph", children: inlinesOf(token.tokens ?? [token], counters) };
    default:
      return { kind: "paragraph", children: textWithJoints(token.raw, counters) };
  }
}

function codeOf(token: Tokens.Code, counters: Counters): Block {
  const parts = token.text.split(JOINT);
  const joints = parts.slice(1).map(() => counters.joints++);
  const language = /^[\w+#.-]+/.exec(token.lang?.replaceAll(JOINT, "") ?? "")?.[0];
  return { kind: "code", language, text: parts.join(""), joints };
}

function listOf(token: Tokens.List, counters: Counters): Block {
  const items = token.items.map(
    (item): ListItem => ({
      checked: item.task ? item.checked === true : undefined,
      children: blocksOf(item.tokens, counters),
    }),
  );
  const start = typeof token.start === "number" ? token.start : 1;
  return { kind: "list", ordered: token.ordered, start, tight: !token.loose, items };
}

function tableOf(token: Tokens.Table, counters: Counters): Block {
  const cell = ({ align, tokens }: Tokens.TableCell): TableCell => ({
    align: align ?? undefined,
    children: inlinesOf(tokens, counters),
  });
  return { kind: "table", head: token.header.map(cell), rows: token.rows.map((row) => row.map(cell)) };
}

function inlinesOf(tokens: readonly Token[], counters: Counters): Inline[] {
  return (tokens as readonly MarkedToken[]).flatMap((token) => inlineOf(token, counters));
}

function inlineOf(token: MarkedToken, counters: Counters): readonly Inline[] {
  switch (token.type) {
    case "strong":
      return [{ kind: "strong", children: inlinesOf(token.tokens, counters) }];
    case "em":
      return [{ kind: "emphasis", children: inlinesOf(token.tokens, counters) }];
    case "del":
      return [{ kind: "strike", children: inlinesOf(token.tokens, counters) }];
    case "codespan":
      return jointsBehind(token.text, counters, (text) => ({ kind: "code", text }));
    case "br":
      return [{ kind: "break" }];
    case "checkbox":
      return [];
    case "link":
      return linkOf(token, counters);
    case "image":
      return imageOf(token, counters);
    case "html":
      return /^<br\s*\/?>$/i.test(token.text) ? [{ kind: "break" }] : textWithJoints(token.text, counters);
    case "escape":
      return textWithJoints(token.text, counters);
    case "text":
      if (token.tokens !== undefined) return inlinesOf(token.tokens, counters);
      return textWithJoints(token.escaped === true ? token.text : decodeEntities(token.text), counters);
    default:
      return textWithJoints(token.raw, counters);
  }
}

function linkOf(token: Tokens.Link, counters: Counters): readonly Inline[] {
  const children = inlinesOf(token.tokens, counters);
  const href = safeHref(decodeEntities(token.href.replaceAll(JOINT, "")));
  return href === undefined ? children : [{ kind: "link", href, children }];
}

/** A picture that may not be loaded becomes a link, so that nobody learns of it until a reader follows it. */
function imageOf(token: Tokens.Image, counters: Counters): readonly Inline[] {
  const address = decodeEntities(token.href.replaceAll(JOINT, ""));
  const alt = decodeEntities(token.text);
  const src = safeImage(address);
  if (src !== undefined) return [{ kind: "image", src, alt: alt.replaceAll(JOINT, "") }];
  const href = safeHref(address);
  const children = textWithJoints(alt === "" ? address : alt, counters);
  return href === undefined ? children : [{ kind: "link", href, children }];
}

function textWithJoints(text: string, counters: Counters): Inline[] {
  return text.split(JOINT).flatMap((part, index): Inline[] => {
    const words: Inline[] = part === "" ? [] : [{ kind: "text", text: part }];
    return index === 0 ? words : [{ kind: "joint", index: counters.joints++ }, ...words];
  });
}

function jointsBehind(text: string, counters: Counters, node: (text: string) => Inline): Inline[] {
  const parts = text.split(JOINT);
  const joints = parts.slice(1).map((): Inline => ({ kind: "joint", index: counters.joints++ }));
  return [node(parts.join("")), ...joints];
}

/** The id of a heading as GitHub makes it, so that links between pages hold in both places. */
function slugOf(text: string, { slugs }: Counters): string {
  const slug = text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, "")
    .replaceAll(" ", "-");
  const seen = slugs.get(slug) ?? 0;
  slugs.set(slug, seen + 1);
  return seen === 0 ? slug : `${slug}-${seen}`;
}
