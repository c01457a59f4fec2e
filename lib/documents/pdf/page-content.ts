import type { PDFPageProxy } from "unpdf/pdfjs";
import { type Annotations, readAnnotations } from "#lib/documents/pdf/annotations.ts";
import type { Fragment, Turned } from "#lib/documents/pdf/fragment.ts";

/** What bounds the reading of one page. */
export type PageBounds = {
  /** Characters that may still be read. */
  maxCharacters: number;
  /** True once no more time is left. */
  isOver(): boolean;
};

/** What is written on a page, in no order yet. */
export type PageContent = Pick<Annotations, "links" | "comments"> & {
  turned: readonly Turned[];
  /** Not all of it was read. */
  isCut: boolean;
};

/** Pieces of text of a page that are read; a page of a book has some hundreds. */
const MAX_FRAGMENTS = 50_000;
const MAX_COMPARISONS = 5_000_000;
/** Symbol fonts have their bullets where Unicode has no characters. */
const PRIVATE_BULLETS = /[\uf0a7\uf0b7\uf0d8\uf0fc]/g;

type TextItem = { str: string; dir: string; transform: readonly number[]; width: number; height: number };

/** Reads a page piece by piece, until it ends or a bound is reached. Rejects if the page is damaged. */
export async function readPage(page: PDFPageProxy, bounds: PageBounds): Promise<PageContent> {
  const turned = new Map<number, Fragment[]>();
  const add = (degrees: number, fragment: Omit<Fragment, "order">): void => {
    const list = turned.get(degrees) ?? [];
    list.push({ ...fragment, order: count });
    turned.set(degrees, list);
  };
  let count = 0;
  let characters = 0;
  let isCut = false;
  const reader = page.streamTextContent().getReader();
  for (let chunk = await reader.read(); chunk.done !== true && !isCut; chunk = await reader.read()) {
    for (const item of itemsOf(chunk.value)) {
      if (item.str.trim() === "") continue;
      addItem(item, add);
      count += 1;
      characters += item.str.length;
    }
    isCut = count > MAX_FRAGMENTS || characters > bounds.maxCharacters || bounds.isOver();
  }
  if (isCut) await reader.cancel();
  const { fields, links, comments } = await readAnnotations(page);
  const upright = turned.get(0) ?? [];
  if (fields.length * upright.length < MAX_COMPARISONS) {
    turned.set(0, [
      ...upright,
      ...fields.map((field) => ({ ...field, order: orderOf(field, upright, count) })),
    ]);
  }
  return {
    turned: Array.from(turned, ([degrees, fragments]) => ({ degrees, fragments })),
    links,
    comments,
    isCut,
  };
}

/** Just behind its label, the text on its left: annotations have no order of their own. */
function orderOf(field: Omit<Fragment, "order">, upright: readonly Fragment[], last: number): number {
  let label: Fragment | undefined;
  for (const one of upright) {
    const isBefore = Math.abs(one.y - field.y) < one.size && one.left <= field.left;
    if (isBefore && one.left >= (label?.left ?? one.left)) label = one;
  }
  return label === undefined ? last : label.order + 0.5;
}

function itemsOf(chunk: { items?: unknown }): TextItem[] {
  return Array.isArray(chunk.items) ? chunk.items.filter((item) => typeof item?.str === "string") : [];
}

function addItem(
  { str, dir, transform, width, height }: TextItem,
  add: (degrees: number, fragment: Omit<Fragment, "order">) => void,
): void {
  const [a = 1, b = 0, c = 0, d = 1, x = 0, y = 0] = transform;
  const size = Math.hypot(c, d);
  if (![a, b, size, x, y, width].every(Number.isFinite)) return;
  // To whole degrees: a scanner's text layer leans a little.
  const degrees = Math.round((Math.atan2(b, a) * 180) / Math.PI / 5) * 5;
  const angle = (degrees * Math.PI) / 180;
  const left = x * Math.cos(angle) + y * Math.sin(angle);
  const isVertical = dir === "ttb";
  add(isVertical ? 270 : degrees === -180 ? 180 : degrees, {
    text: str.replace(PRIVATE_BULLETS, "•"),
    left: isVertical ? -y : left,
    right: isVertical ? -y + Math.abs(height) : left + Math.abs(width),
    y: isVertical ? x : y * Math.cos(angle) - x * Math.sin(angle),
    size: size || 1,
    isRightToLeft: dir === "rtl",
  });
}
