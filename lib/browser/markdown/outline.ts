import { type Block, textOf } from "#lib/browser/markdown/tree.ts";

/** A heading of a document: its level, its words, and the id by which links find it. */
export type OutlineEntry = { block: Block; level: number; text: string; id: string };

/** The headings of a document, in order. Ids are those that GitHub makes, so that links hold in both places. */
export function outlineOf(blocks: readonly Block[]): OutlineEntry[] {
  const seen = new Map<string, number>();
  return blocks.flatMap((block) => {
    if (block.kind !== "heading") return [];
    const text = textOf(block.children);
    return [{ block, level: block.level, text, id: uniqueSlug(text, seen) }];
  });
}

function uniqueSlug(text: string, seen: Map<string, number>): string {
  const slug = text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, "")
    .replaceAll(" ", "-");
  const times = seen.get(slug) ?? 0;
  seen.set(slug, times + 1);
  return times === 0 ? slug : `${slug}-${times}`;
}
