import type { Block, Inline, TableCell } from "#lib/browser/markdown/tree.ts";

type Count = { joints: number };

/** The tree without its joints, and how many they were. */
export function takeJoints(blocks: readonly Block[]): { blocks: readonly Block[]; joints: number } {
  const count: Count = { joints: 0 };
  return { blocks: blocks.map((block) => fromBlock(block, count)), joints: count.joints };
}

function fromBlock(block: Block, count: Count): Block {
  switch (block.kind) {
    case "paragraph":
    case "heading":
      return { ...block, children: fromInlines(block.children, count) };
    case "code":
      count.joints += block.joints.length;
      return { ...block, joints: [] };
    case "quote":
      return { ...block, children: block.children.map((child) => fromBlock(child, count)) };
    case "list":
      return {
        ...block,
        items: block.items.map((item) => ({
          ...item,
          children: item.children.map((child) => fromBlock(child, count)),
        })),
      };
    case "table":
      return {
        ...block,
        head: fromCells(block.head, count),
        rows: block.rows.map((row) => fromCells(row, count)),
      };
    case "rule":
    case "plain":
      return block;
  }
}

function fromCells(cells: readonly TableCell[], count: Count): TableCell[] {
  return cells.map((cell) => ({ ...cell, children: fromInlines(cell.children, count) }));
}

function fromInlines(inlines: readonly Inline[], count: Count): Inline[] {
  const left: Inline[] = [];
  for (const inline of inlines) {
    const last = left.at(-1);
    if (inline.kind === "joint") count.joints++;
    else if (inline.kind === "text" && last?.kind === "text")
      left[left.length - 1] = { kind: "text", text: last.text + inline.text };
    else
      left.push("children" in inline ? { ...inline, children: fromInlines(inline.children, count) } : inline);
  }
  return left;
}
