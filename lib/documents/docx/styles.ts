import { readXml } from "#lib/documents/xml/read-xml.ts";
import type { Archive } from "#lib/documents/zip/open-zip.ts";

/** A paragraph's place in a list. */
export type ListPlace = { list: string | undefined; level: number | undefined };

/** What a style says of its paragraphs. */
export type ParagraphStyle = ListPlace & {
  /** In English in every edition of Word: `heading 1`. */
  name: string;
  basedOn: string | undefined;
  /** Level of a heading from 0; 9 is text. */
  outline: number | undefined;
};

const MAX_STYLES = 10_000;
const HEADING = /^heading ([1-9])$/;

/** The styles of a document by their ids. */
export async function readStyles(
  archive: Archive,
  path: string | undefined,
): Promise<ReadonlyMap<string, ParagraphStyle>> {
  const styles = new Map<string, ParagraphStyle>();
  if (path === undefined) return styles;
  let style: ParagraphStyle | undefined;
  await readXml(archive.read(path), {
    open(name, attributes) {
      if (name === "w:style") {
        style = { name: "", basedOn: undefined, outline: undefined, list: undefined, level: undefined };
        if (styles.size < MAX_STYLES) styles.set(attributes.get("w:styleId") ?? "", style);
      } else if (style !== undefined) setProperty(style, name, attributes.get("w:val"));
    },
    close(name) {
      if (name === "w:style") style = undefined;
    },
  });
  return styles;
}

function setProperty(style: ParagraphStyle, name: string, value: string | undefined): void {
  if (value === undefined) return;
  if (name === "w:name") {
    style.name = value.toLowerCase();
    style.outline ??= outlineOfName(style.name);
  } else if (name === "w:basedOn") style.basedOn = value;
  else if (name === "w:outlineLvl") style.outline = Number(value);
  else if (name === "w:numId") style.list = value;
  else if (name === "w:ilvl") style.level = Number(value);
}

function outlineOfName(name: string): number | undefined {
  if (name === "title") return 0;
  const level = HEADING.exec(name)?.[1];
  return level === undefined ? undefined : Number(level) - 1;
}

/** What a style has of its own, or else of the style that it is based on. Styles based on each other end the search. */
export function inherited<Value>(
  styles: ReadonlyMap<string, ParagraphStyle>,
  id: string | undefined,
  pick: (style: ParagraphStyle) => Value | undefined,
): Value | undefined {
  const seen = new Set<string>();
  for (let next = id; next !== undefined && !seen.has(next); next = styles.get(next)?.basedOn) {
    seen.add(next);
    const style = styles.get(next);
    const value = style === undefined ? undefined : pick(style);
    if (value !== undefined) return value;
  }
  return undefined;
}
