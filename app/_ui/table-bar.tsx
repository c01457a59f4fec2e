"use client";

import { useState } from "react";
import { ApiError } from "#lib/browser/api.ts";
import { xlsxOf } from "#lib/browser/exports/export-api.ts";
import { csvOf, markdownTableOf, tableText } from "#lib/browser/exports/table-text.ts";
import { typedCells } from "#lib/browser/exports/typed-cells.ts";
import type { Block } from "#lib/browser/markdown/tree.ts";
import { mediaStrings } from "../_strings/media.ts";
import { copyText } from "./copy-text.ts";
import { Menu } from "./menu.tsx";
import { saveFile } from "./save-file.ts";

const texts = mediaStrings.table;

type BarProps = {
  block: Block & { kind: "table" };
  /** Rows of it may still come. */
  isGrowing: boolean;
};

type Notice = { tone: "muted" | "bad"; text: string };

/** Stands above a table: its size, and a menu to take it away. */
export function TableBar({ block, isGrowing }: BarProps) {
  const [notice, setNotice] = useState<Notice>();
  const copy = async (text: string): Promise<void> => {
    const isCopied = await copyText(text);
    setNotice(isCopied ? { tone: "muted", text: texts.copied } : { tone: "bad", text: texts.copyFailed });
  };
  return (
    <figcaption className="flex min-h-10 items-center justify-between gap-2 border-b border-line pr-1 pl-4 text-xs text-muted">
      <span role="status" className={notice?.tone === "bad" ? "min-w-0 wrap-anywhere text-bad" : "min-w-0"}>
        {notice?.text ?? texts.size(block.rows.length, block.head.length)}
      </span>
      {isGrowing ? null : (
        <Menu
          label={texts.menu}
          items={[
            { label: texts.excel, icon: "download", onSelect: () => void saveExcel(block, setNotice) },
            { label: texts.copyCsv, icon: "copy", onSelect: () => void copy(csvOf(tableText(block))) },
            {
              label: texts.copyMarkdown,
              icon: "copy",
              onSelect: () => void copy(markdownTableOf(tableText(block))),
            },
          ]}
        />
      )}
    </figcaption>
  );
}

async function saveExcel(block: BarProps["block"], tell: (notice: Notice) => void): Promise<void> {
  tell({ tone: "muted", text: texts.working });
  const filename = `${texts.fileName}.xlsx`;
  try {
    const { headers, rows } = tableText(block);
    saveFile(await xlsxOf({ headers, rows: typedCells(rows), filename }), filename);
    tell({ tone: "muted", text: texts.saved });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    tell({ tone: "bad", text: error.message });
  }
}
