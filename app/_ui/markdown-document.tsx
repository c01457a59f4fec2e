import type { LinkFor } from "#lib/browser/markdown/from-tokens.ts";
import { outlineOf } from "#lib/browser/markdown/outline.ts";
import { parseMarkdown } from "#lib/browser/markdown/parse.ts";
import { Blocks } from "./markdown-blocks.tsx";

type MarkdownDocumentProps = {
  text: string;
  /** The level of the text's first heading among the headings of the page. */
  headingBase?: number;
  /** What a relative link or picture of the text stands for on this page. */
  linkFor?: LinkFor;
};

/** A page of documentation, drawn on the server: its headings can be linked to. */
export function MarkdownDocument({ text, headingBase = 1, linkFor }: MarkdownDocumentProps) {
  const blocks = parseMarkdown(text, linkFor);
  const ids = new Map(outlineOf(blocks).map(({ block, id }) => [block, id]));
  return (
    <div className="min-w-0 leading-relaxed">
      <Blocks blocks={blocks} look={{ headingBase, newTab: false, ids }} />
    </div>
  );
}
