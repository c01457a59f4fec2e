import type { CellStyle } from "hucre/xlsx";

const TOP = { vertical: "top" } as const;

const HEADER = {
  font: { name: "Calibri", size: 11, bold: true, color: { rgb: "1F2937" } },
  fill: { type: "pattern", pattern: "solid", fgColor: { rgb: "E8EDF4" } },
  border: { bottom: { style: "thin", color: { rgb: "94A3B8" } } },
} satisfies CellStyle;

export const HEADER_STYLE: CellStyle = { ...HEADER, alignment: { vertical: "center", wrapText: true } };

/** Above numbers, which stand at the right. */
export const NUMBER_HEADER_STYLE: CellStyle = {
  ...HEADER,
  alignment: { vertical: "center", wrapText: true, horizontal: "right" },
};

/** Of every other cell, if it has none of its own. */
export const BODY_STYLE: CellStyle = { alignment: TOP };

/** Excel shows TRUE and FALSE without it, LibreOffice 1 and 0. */
export const BOOLEAN_STYLE: CellStyle = {
  alignment: { ...TOP, horizontal: "center" },
  numFmt: '"TRUE";"TRUE";"FALSE"',
};

/** Numbers that Excel should show as a date. */
export function dateStyle(format: string): CellStyle {
  return { alignment: { ...TOP, horizontal: "left" }, numFmt: format };
}

/** Excel's own format for text. A cell that has it stays text also when somebody edits it. */
const AS_TEXT = "@";

const TEXT_STYLES = {
  plain: BODY_STYLE,
  wrapped: { alignment: { ...TOP, wrapText: true } },
  literal: { alignment: TOP, numFmt: AS_TEXT },
  literalWrapped: { alignment: { ...TOP, wrapText: true }, numFmt: AS_TEXT },
} satisfies Record<string, CellStyle>;

export function textStyle({ wraps, isAmbiguous }: { wraps: boolean; isAmbiguous: boolean }): CellStyle {
  if (isAmbiguous) return wraps ? TEXT_STYLES.literalWrapped : TEXT_STYLES.literal;
  return wraps ? TEXT_STYLES.wrapped : TEXT_STYLES.plain;
}
