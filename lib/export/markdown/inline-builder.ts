import { safeHref } from "#lib/browser/markdown/link-policy.ts";
import type { MarkupPart } from "#lib/export/markdown/markup.ts";
import { type Emphasis, type Inline, textOf } from "#lib/export/markdown/tree.ts";

/** Tags of HTML nested deeper are read without what they mean. */
const MAX_OPEN = 24;

type Open = { part: Extract<MarkupPart, { kind: "open" }>; before: Inline[] };

/** Collects inline nodes, and closes the tags of HTML that are open among them. */
export class InlineBuilder {
  #nodes: Inline[] = [];
  readonly #open: Open[] = [];

  add(...nodes: readonly Inline[]): void {
    for (const node of nodes) {
      const last = this.#nodes.at(-1);
      if (node.kind === "text" && last?.kind === "text") {
        this.#nodes[this.#nodes.length - 1] = { kind: "text", text: last.text + node.text };
      } else this.#nodes.push(node);
    }
  }

  addMarkup(part: MarkupPart): void {
    switch (part.kind) {
      case "text":
        return this.add({ kind: "text", text: part.text });
      case "break":
        // Tags of blocks come in pairs and in a row: one line break is enough.
        if (this.#nodes.length > 0 && this.#nodes.at(-1)?.kind !== "break") this.add({ kind: "break" });
        return;
      case "open":
        if (this.#open.length >= MAX_OPEN) return;
        this.#open.push({ part, before: this.#nodes });
        this.#nodes = [];
        return;
      case "close":
        if (this.#open.some((open) => open.part.tag === part.tag)) this.#closeUntil(part.tag);
    }
  }

  /** All nodes. Tags that nobody has closed end here. */
  finish(): Inline[] {
    while (this.#open.length > 0) this.#closeUntil(undefined);
    while (this.#nodes.at(-1)?.kind === "break") this.#nodes.pop();
    return this.#nodes;
  }

  /** Closes the tags above the nearest one of this name, and that one. */
  #closeUntil(tag: string | undefined): void {
    for (let open = this.#open.pop(); open !== undefined; open = this.#open.pop()) {
      const children = this.#nodes;
      this.#nodes = open.before;
      if (children.length > 0) this.add(...wrapped(open.part, children));
      if (tag === undefined || open.part.tag === tag) return;
    }
  }
}

function wrapped({ emphasis, href }: Open["part"], children: Inline[]): readonly Inline[] {
  if (emphasis === undefined) return children;
  if (emphasis === "code") return [{ kind: "code", text: textOf(children) }];
  if (emphasis === "link") return linkTo(href ?? "", children);
  return [emphasized(emphasis, children)];
}

export function emphasized(kind: Emphasis, children: readonly Inline[]): Inline {
  return { kind, children };
}

/** A link, if it leads to the web, to a mailbox or to a heading: to a reader on paper nothing else exists. */
export function linkTo(address: string, children: readonly Inline[]): readonly Inline[] {
  const href = safeHref(address);
  if (href === undefined || href.startsWith("/")) return children;
  return [{ kind: "link", href, children }];
}
