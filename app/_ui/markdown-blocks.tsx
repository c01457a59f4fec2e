import { memo } from "react";
import type { Block, ListItem, TableCell } from "#lib/browser/markdown/tree.ts";
import { markdownStrings } from "../_strings/markdown.ts";
import { classes } from "./classes.ts";
import { MarkdownCode } from "./markdown-code.tsx";
import { Inlines } from "./markdown-inlines.tsx";
import { TableBar } from "./table-bar.tsx";

/** How a text of Markdown stands on its page. */
export type MarkdownLook = {
  /** The level of the text's first heading among the headings of the page. */
  headingBase: number;
  /** Whether all links open beside the page. */
  newTab: boolean;
  /** Whether tables can be taken away in other formats. */
  hasTableMenus?: boolean;
  /** Ids of headings, for links to them. */
  ids?: ReadonlyMap<Block, string>;
};

type Heading = Block & { kind: "heading" };
type List = Block & { kind: "list" };
type Table = Block & { kind: "table" };

/** `isGrowing`: more of the text is to come, so its last block may change. */
type BlocksProps = { blocks: readonly Block[]; look: MarkdownLook; isGrowing?: boolean };

/** Blocks are drawn in groups, so that a long text does not compare each of them for every word. */
const GROUP = 32;

/** The blocks of a text, one under another. */
export function Blocks({ blocks, look, isGrowing = false }: BlocksProps) {
  const groups = Array.from({ length: Math.ceil(blocks.length / GROUP) }, (_, index) =>
    blocks.slice(index * GROUP, (index + 1) * GROUP),
  );
  return groups.map((group, index) => (
    <Group key={index} blocks={group} look={look} isGrowing={isGrowing && index === groups.length - 1} />
  ));
}

const Group = memo(
  function Group({ blocks, look, isGrowing }: Required<BlocksProps>) {
    return blocks.map((block, index) => (
      <BlockView key={index} block={block} look={look} isGrowing={isGrowing && index === blocks.length - 1} />
    ));
  },
  (before, after) =>
    before.look === after.look &&
    before.isGrowing === after.isGrowing &&
    before.blocks.length === after.blocks.length &&
    before.blocks.every((block, index) => block === after.blocks[index]),
);

const BlockView = memo(function BlockView({
  block,
  look,
  isGrowing,
}: {
  block: Block;
  look: MarkdownLook;
  isGrowing: boolean;
}) {
  switch (block.kind) {
    case "paragraph":
      return (
        <p className="my-3 wrap-anywhere first:mt-0 last:mb-0">
          <Inlines nodes={block.children} newTab={look.newTab} />
        </p>
      );
    case "heading":
      return <HeadingView block={block} look={look} />;
    case "code": {
      const { text, language, joints } = block;
      return <MarkdownCode code={text} language={language} joints={joints} isGrowing={isGrowing} />;
    }
    case "quote":
      return (
        <blockquote className="my-3 border-l-2 border-line pl-4 text-muted">
          <Blocks blocks={block.children} look={look} />
        </blockquote>
      );
    case "list":
      return <ListView block={block} look={look} />;
    case "table":
      return <TableView block={block} look={look} isGrowing={isGrowing} />;
    case "rule":
      return <hr className="my-6 border-line" />;
    case "plain":
      return <p className="my-3 wrap-anywhere whitespace-pre-wrap">{block.text}</p>;
  }
});

/** Sizes by the level in the text, whatever its level on the page. */
const SIZES = ["text-xl", "text-lg", "text-base", "text-base", "text-sm", "text-sm text-muted"] as const;
const TAGS = ["h1", "h2", "h3", "h4", "h5", "h6"] as const;

function HeadingView({ block, look }: { block: Heading; look: MarkdownLook }) {
  const Tag = TAGS[Math.min(look.headingBase + block.level - 1, TAGS.length) - 1] ?? "h6";
  const id = look.ids?.get(block);
  return (
    <Tag
      {...(id === undefined ? {} : { id })}
      className={classes(
        "group mt-6 mb-2 scroll-mt-20 font-semibold tracking-tight wrap-anywhere first:mt-0",
        SIZES[block.level - 1],
      )}
    >
      <Inlines nodes={block.children} newTab={look.newTab} />
      {id === undefined ? null : (
        <a
          href={`#${id}`}
          aria-label={markdownStrings.linkToHeading}
          className="ml-2 font-normal text-muted opacity-0 group-hover:opacity-100 focus:opacity-100"
        >
          #
        </a>
      )}
    </Tag>
  );
}

function ListView({ block, look }: { block: List; look: MarkdownLook }) {
  const items = block.items.map((item, index) => (
    <ItemView key={index} item={item} look={look} isTight={block.tight} />
  ));
  const space = "my-3 pl-6 marker:text-muted [li>&]:my-1";
  if (!block.ordered) return <ul className={classes(space, "list-disc")}>{items}</ul>;
  return (
    <ol start={block.start} className={classes(space, "list-decimal")}>
      {items}
    </ol>
  );
}

type ItemProps = { item: ListItem; look: MarkdownLook; isTight: boolean };

const ItemView = memo(function ItemView({ item, look, isTight }: ItemProps) {
  const content = isTight ? (
    item.children.map((child, index) =>
      child.kind === "paragraph" ? (
        <Inlines key={index} nodes={child.children} newTab={look.newTab} />
      ) : (
        <BlockView key={index} block={child} look={look} isGrowing={false} />
      ),
    )
  ) : (
    <Blocks blocks={item.children} look={look} />
  );
  if (item.checked === undefined) return <li className="my-1 pl-1 wrap-anywhere">{content}</li>;
  return (
    <li className="my-1 -ml-5 flex list-none items-start gap-2 wrap-anywhere">
      <input
        type="checkbox"
        disabled
        checked={item.checked}
        readOnly
        aria-label={item.checked ? markdownStrings.taskDone : markdownStrings.taskOpen}
        className="mt-1.5 accent-accent"
      />
      <div className="min-w-0">{content}</div>
    </li>
  );
});

const ALIGN = { left: "text-left", center: "text-center", right: "text-right" } as const;

type TableProps = { block: Table; look: MarkdownLook; isGrowing: boolean };

function TableView({ block, look, isGrowing }: TableProps) {
  const table = <ScrolledTable block={block} look={look} />;
  if (look.hasTableMenus !== true) {
    return <div className="my-4 overflow-hidden rounded-lg border border-line">{table}</div>;
  }
  return (
    <figure className="my-4 rounded-xl border border-line">
      <TableBar block={block} isGrowing={isGrowing} />
      {table}
    </figure>
  );
}

/** A wide table scrolls by itself, not the page. */
function ScrolledTable({ block, look }: { block: Table; look: MarkdownLook }) {
  return (
    <section aria-label={markdownStrings.table} tabIndex={0} className="overflow-x-auto rounded-[inherit]">
      <table className="w-full border-collapse text-sm">
        <thead className="bg-panel">
          <tr>
            {block.head.map((cell, index) => (
              <th key={index} scope="col" className={cellClass(cell, "font-semibold")}>
                <Inlines nodes={cell.children} newTab={look.newTab} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {block.rows.map((row, index) => (
            <RowView key={index} cells={row} look={look} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

const RowView = memo(function RowView({ cells, look }: { cells: readonly TableCell[]; look: MarkdownLook }) {
  return (
    <tr className="border-t border-line">
      {cells.map((cell, index) => (
        <td key={index} className={cellClass(cell)}>
          <Inlines nodes={cell.children} newTab={look.newTab} />
        </td>
      ))}
    </tr>
  );
});

function cellClass({ align }: TableCell, extra?: string): string {
  return classes("min-w-24 px-3 py-2 align-top", ALIGN[align ?? "left"], extra);
}
