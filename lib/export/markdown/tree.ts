import type { CodeNode } from "#lib/browser/highlight.ts";

/** Markdown as a tree of what a printed page can show. Every word of the text is in it. */
export type Inline =
  | { kind: "text"; text: string }
  | { kind: "code"; text: string }
  | { kind: Emphasis; children: readonly Inline[] }
  /** `href` leads to the web, to a mailbox, or (`#…`) to a heading. */
  | { kind: "link"; href: string; children: readonly Inline[] }
  /** A picture that is in the text itself. */
  | { kind: "image"; bytes: Uint8Array; alt: string }
  | { kind: "note"; number: number }
  | { kind: "break" };

export type Emphasis = "strong" | "emphasis" | "strike" | "underline" | "superscript" | "subscript";

export type Block =
  | { kind: "paragraph"; children: readonly Inline[] }
  | { kind: "heading"; level: number; children: readonly Inline[] }
  /** `colours` is set once the code is highlighted. */
  | { kind: "code"; language: string | undefined; text: string; colours?: readonly CodeNode[] | undefined }
  | { kind: "quote"; children: readonly Block[] }
  | { kind: "list"; ordered: boolean; start: number; tight: boolean; items: readonly ListItem[] }
  | { kind: "table"; head: readonly TableCell[]; rows: readonly (readonly TableCell[])[] }
  | { kind: "rule" }
  /** The footnotes, behind everything else. */
  | { kind: "notes"; notes: readonly Note[] };

/** `checked` of a task; undefined for other items. */
export type ListItem = { checked: boolean | undefined; children: readonly Block[] };
export type TableCell = { align: "left" | "center" | "right" | undefined; children: readonly Inline[] };
export type Note = { number: number; children: readonly Block[] };

/** The words of inline nodes, without their looks. */
export function textOf(nodes: readonly Inline[]): string {
  return nodes.map(textOfNode).join("");
}

function textOfNode(node: Inline): string {
  switch (node.kind) {
    case "text":
    case "code":
      return node.text;
    case "image":
      return node.alt;
    case "break":
      return " ";
    case "note":
      return "";
    default:
      return textOf(node.children);
  }
}
