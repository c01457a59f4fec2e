import type { PDFPageProxy } from "unpdf/pdfjs";
import type { Fragment } from "#lib/documents/pdf/fragment.ts";
import { field, stringField } from "#lib/shared/json.ts";

/** A link, with the rectangle of the text that it is on: left, bottom, right, top. */
export type PageLink = { url: string; text: string | undefined; rectangle: readonly number[] };

/** What is on a page beside its text. */
export type Annotations = {
  /** The values of form fields, and text that was typed onto the page, at their places. */
  fields: Omit<Fragment, "order">[];
  links: PageLink[];
  /** What readers wrote to it. */
  comments: string[];
};

const MAX_ANNOTATIONS = 2_000;
const MAX_URL = 2_000;
const MAX_TEXT = 5_000;
/** Flags of an annotation that is not shown: hidden, and not for the screen. */
const NOT_SHOWN = 2 | 32;
const FIELD_SIZE = 10;

/** The annotations of a page; none if they are damaged. */
export async function readAnnotations(page: PDFPageProxy): Promise<Annotations> {
  const result: Annotations = { fields: [], links: [], comments: [] };
  for (const annotation of (await annotationsOf(page)).slice(0, MAX_ANNOTATIONS))
    addAnnotation(annotation, result);
  return result;
}

async function annotationsOf(page: PDFPageProxy): Promise<unknown[]> {
  try {
    return await page.getAnnotations();
  } catch {
    return [];
  }
}

function addAnnotation(annotation: unknown, { fields, links, comments }: Annotations): void {
  const rectangle = rectangleOf(annotation);
  const flags = field(annotation, "annotationFlags");
  if (rectangle === undefined || (typeof flags === "number" && (flags & NOT_SHOWN) !== 0)) return;
  const contents = (stringField(field(annotation, "contentsObj"), "str") ?? "").trim().slice(0, MAX_TEXT);
  const url = stringField(annotation, "url");
  switch (stringField(annotation, "subtype")) {
    case "Link":
      if (url !== undefined && url.length <= MAX_URL)
        links.push({ url, text: contents || undefined, rectangle });
      return;
    case "Widget":
      for (const text of fieldText(annotation)) fields.push(...atRectangle(text, rectangle));
      return;
    case "FreeText":
      fields.push(...atRectangle(contents, rectangle));
      return;
    default:
      if (contents !== "") comments.push(contents);
  }
}

function rectangleOf(annotation: unknown): readonly number[] | undefined {
  const rectangle = field(annotation, "rect");
  const isUsable = Array.isArray(rectangle) && rectangle.length === 4 && rectangle.every(Number.isFinite);
  return isUsable ? rectangle : undefined;
}

/** What a person sees in a field; nothing of empty ones and of passwords. */
function fieldText(annotation: unknown): string[] {
  if (field(annotation, "password") === true) return [];
  const value = field(annotation, "fieldValue");
  switch (stringField(annotation, "fieldType")) {
    case "Btn":
      return buttonText(annotation, value);
    case "Ch":
      return strings(value).map((chosen) => displayed(annotation, chosen));
    case "Tx":
      return strings(value);
    default:
      return [];
  }
}

function buttonText(annotation: unknown, value: unknown): string[] {
  if (field(annotation, "pushButton") === true) return [];
  const isRadio = field(annotation, "radioButton") === true;
  const mine = stringField(annotation, isRadio ? "buttonValue" : "exportValue");
  const isOn = typeof value === "string" && value !== "Off" && value === mine;
  if (isRadio) return [isOn ? "(x)" : "( )"];
  return [isOn ? "[x]" : "[ ]"];
}

/** The text of a choice, which may differ from its value. */
function displayed(annotation: unknown, chosen: string): string {
  const options = field(annotation, "options");
  const option = Array.isArray(options)
    ? options.find((one) => stringField(one, "exportValue") === chosen)
    : undefined;
  return stringField(option, "displayValue") ?? chosen;
}

function strings(value: unknown): string[] {
  const all = Array.isArray(value) ? value : [value];
  return all.filter((one): one is string => typeof one === "string" && one.trim() !== "");
}

/** Lines of text in a rectangle, from its top; a single line stands on its bottom. */
function atRectangle(text: string, rectangle: readonly number[]): Omit<Fragment, "order">[] {
  const [left = 0, bottom = 0, right = 0, top = 0] = rectangle;
  const lines = text
    .slice(0, MAX_TEXT)
    .split(/\r\n|[\r\n]/)
    .filter((line) => line.trim() !== "");
  const size = Math.max(1, Math.min(FIELD_SIZE, (top - bottom) / Math.max(1, lines.length)));
  const first = lines.length === 1 ? bottom + (top - bottom) * 0.3 : top - size;
  return lines.map((line, index) => ({
    text: line.trim(),
    left,
    right: Math.min(right, left + line.length * size * 0.5),
    y: first - index * size * 1.2,
    size,
    isRightToLeft: false,
  }));
}
