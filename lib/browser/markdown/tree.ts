/**
 * Markdown as a tree of a few kinds of nodes. Pages draw it as elements, so that no text of a model ever
 * becomes markup: there is nothing to sanitise.
 */
export type Inline =
  | { kind: "text"; text: string }
  | { kind: "strong" | "emphasis" | "strike"; children: readonly Inline[] }
  | { kind: "code"; text: string }
  /** `href` is safe to follow: see link-policy.ts. */
  | { kind: "link"; href: string; children: readonly Inline[] }
  /** `src` is safe to load. */
  | { kind: "image"; src: string; alt: string }
  | { kind: "break" }
  /** Where another engine took over in the middle of an answer; counted from 0. */
  | { kind: "joint"; index: number };

export type Block =
  | { kind: "paragraph"; children: readonly Inline[] }
  | { kind: "heading"; level: number; children: readonly Inline[]; id: string }
  | { kind: "code"; language: string | undefined; text: string; joints: readonly number[] }
  | { kind: "quote"; children: readonly Block[] }
  | { kind: "list"; ordered: boolean; start: number; tight: boolean; items: readonly ListItem[] }
  | { kind: "table"; head: readonly TableCell[]; rows: readonly (readonly TableCell[])[] }
  | { kind: "rule" }
  /** Text that would take too long to parse, as it is. */
  | { kind: "plain"; text: string };

/** `checked` of a task; undefined for other items. */
export type ListItem = { checked: boolean | undefined; children: readonly Block[] };
export type TableCell = { align: "left" | "center" | "right" | undefined; children: readonly Inline[] };

/** The words of inline nodes, without their looks. */
export function textOf(nodes: readonly Inline[]): string {
  return nodes
    .map((node) => {
      switch (node.kind) {
        case "text":
        case "code":
          return node.text;
        case "image":
          return node.alt;
        case "break":
          return " ";
        case "joint":
          return "";
        default:
          return textOf(node.children);
      }
    })
    .join("");
}
