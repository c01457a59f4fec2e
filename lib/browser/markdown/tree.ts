/**
 * Markdown as a tree of a few kinds of nodes. Pages draw it as elements, so that no text of a model ever
 * becomes markup: there is nothing to sanitise.
 */
export type Inline =
  | { kind: "text"; text: string }
  | { kind: "strong" | "emphasis" | "strike"; children: readonly Inline[] }
  | { kind: "code"; text: string }
  /** `host` is set when the words look like another address than the one they lead to. */
  | { kind: "link"; href: SafeHref; host: string | undefined; children: readonly Inline[] }
  | { kind: "image"; src: SafeImage; alt: string }
  /** A picture of a stranger's server, which is not loaded. */
  | { kind: "unloaded-image"; href: SafeHref; host: string; alt: string }
  | { kind: "break" }
  /** Where another engine took over in the middle of an answer. */
  | { kind: "joint" };

export type Block =
  | { kind: "paragraph"; children: readonly Inline[] }
  | { kind: "heading"; level: number; children: readonly Inline[] }
  /** `joints`: where in `text` another engine took over. */
  | { kind: "code"; language: string | undefined; text: string; joints: readonly number[] }
  | { kind: "quote"; children: readonly Block[] }
  | { kind: "list"; ordered: boolean; start: number; tight: boolean; items: readonly ListItem[] }
  | { kind: "table"; head: readonly TableCell[]; rows: readonly (readonly TableCell[])[] }
  | { kind: "rule" }
  /** Text that would take too long to parse, as it is. */
  | { kind: "plain"; text: string };

/** An address that link-policy.ts lets a reader follow. */
export type SafeHref = string & { readonly brand: "href" };
/** An address that link-policy.ts lets a page load. */
export type SafeImage = string & { readonly brand: "image" };

/** `checked` of a task; undefined for other items. */
export type ListItem = { checked: boolean | undefined; children: readonly Block[] };
export type TableCell = { align: "left" | "center" | "right" | undefined; children: readonly Inline[] };

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
    case "unloaded-image":
      return node.alt;
    case "break":
      return " ";
    case "joint":
      return "";
    case "strong":
    case "emphasis":
    case "strike":
    case "link":
      return textOf(node.children);
  }
}
