/** How an exported document looks. Lengths are points, 72 to an inch. */

export type PageSize = "a4" | "letter";

/** Width and height of an upright page. */
export const PAGE_SIZES: Readonly<Record<PageSize, readonly [number, number]>> = {
  a4: [595.28, 841.89],
  letter: [612, 792],
};

export const MARGIN = { top: 62, bottom: 68, left: 64, right: 64 } as const;
/** Where the page's number stands, above the lower edge. */
export const FOOTER_HEIGHT = 36;

export const COLOURS = {
  text: "#1f2328",
  muted: "#59636e",
  link: "#0a58ca",
  line: "#d1d9e0",
  panel: "#f5f7f9",
  bar: "#c8d1da",
} as const;

export const SIZES = { body: 10.5, code: 9, table: 9.5, footer: 8, note: 9 } as const;
/** Of the six levels of headings. */
export const HEADING_SIZES: readonly number[] = [22, 16.5, 13.5, 11.5, 10.5, 10.5];

/** The height of a line, times the size of its text. */
export const LINE_HEIGHT = { body: 1.5, heading: 1.25, code: 1.45, table: 1.4 } as const;

/** Between two blocks, and between the items of a list without blank lines. */
export const GAP = { block: 9, item: 3, heading: 16 } as const;

export const INDENT = { list: 20, quote: 16 } as const;
export const CODE_PADDING = 9;
export const CELL_PADDING = { x: 6, y: 4.5 } as const;

/** The colours of code, by the first word of highlight.js' names. */
export const CODE_COLOURS: Readonly<Record<string, string>> = {
  addition: "#116329",
  attr: "#0550ae",
  attribute: "#0550ae",
  built_in: "#953800",
  bullet: "#953800",
  comment: "#6a737d",
  deletion: "#82071e",
  doctag: "#cf222e",
  keyword: "#cf222e",
  literal: "#0550ae",
  meta: "#6639ba",
  name: "#116329",
  number: "#0550ae",
  operator: "#cf222e",
  property: "#0550ae",
  quote: "#6a737d",
  regexp: "#0a3069",
  section: "#0550ae",
  "selector-class": "#0550ae",
  "selector-id": "#0550ae",
  "selector-tag": "#116329",
  string: "#0a3069",
  subst: "#1f2328",
  symbol: "#0550ae",
  "template-variable": "#953800",
  title: "#6639ba",
  type: "#953800",
  variable: "#953800",
};
