import { superscript } from "#lib/documents/superscript.ts";
import { decodeEscapes, MAX_CELL_TEXT } from "#lib/documents/xlsx/cell-strings.ts";
import { ownCopy } from "#lib/documents/xml/own-copy.ts";
import { readXml } from "#lib/documents/xml/read-xml.ts";
import type { Archive } from "#lib/documents/zip/open-zip.ts";

/** The texts that cells name by number; only those that are needed are kept. */
export async function readSharedStrings(
  archive: Archive,
  path: string | undefined,
  needed: ReadonlySet<number>,
): Promise<ReadonlyMap<number, string>> {
  const strings = new Map<number, string>();
  if (path === undefined || needed.size === 0) return strings;
  let index = -1;
  let text = "";
  let isText = false;
  let isPhonetic = false;
  let isRaised = false;
  await readXml(archive.read(path), {
    open(name, attributes) {
      if (name === "x:r") isRaised = false;
      else if (name === "x:vertAlign") isRaised = attributes.get("val") === "superscript";
      else if (name === "x:si") {
        isRaised = false;
        index++;
        text = "";
      } else if (name === "x:rPh") isPhonetic = true;
      else if (name === "x:t") isText = !isPhonetic && needed.has(index);
    },
    text(piece) {
      if (isText && text.length < MAX_CELL_TEXT) text += isRaised ? superscript(piece) : piece;
    },
    close(name) {
      if (name === "x:t") isText = false;
      else if (name === "x:rPh") isPhonetic = false;
      else if (name === "x:si" && needed.has(index)) strings.set(index, ownCopy(decodeEscapes(text)));
    },
    isDone: () => strings.size === needed.size,
  });
  return strings;
}
