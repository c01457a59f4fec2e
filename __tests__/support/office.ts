import { makeZip, type ZipEntry } from "./zip.ts";

const TRANSITIONAL = "http://schemas.openxmlformats.org";
const RELATIONSHIP = `${TRANSITIONAL}/officeDocument/2006/relationships`;
export const SHEET_NS = `${TRANSITIONAL}/spreadsheetml/2006/main`;
export const WORD_NS = `${TRANSITIONAL}/wordprocessingml/2006/main`;

export function relationships(
  ...all: readonly (readonly [type: string, target: string, mode?: string])[]
): string {
  const rows = all.map(([type, target, mode], at) => {
    const external = mode === undefined ? "" : ` TargetMode="${mode}"`;
    return `<Relationship Id="rId${at + 1}" Type="${RELATIONSHIP}/${type}" Target="${target}"${external}/>`;
  });
  return `<Relationships xmlns="${TRANSITIONAL}/package/2006/relationships">${rows.join("")}</Relationships>`;
}

/** Parts of a workbook; any of them can be given otherwise, or left out with null. */
export type Parts = Readonly<Record<string, string | Uint8Array | ZipEntry | null>>;

function office(standard: Parts, parts: Parts): Buffer {
  const entries = Object.entries({ ...standard, ...parts }).flatMap(([name, data]): ZipEntry[] => {
    if (data === null) return [];
    return typeof data === "object" && "name" in data ? [data] : [{ name, data }];
  });
  return makeZip(entries);
}

/** A workbook with one sheet. @param rows What is in its `sheetData`. */
export function makeXlsx(rows: string, parts: Parts = {}): Buffer {
  const standard = {
    "[Content_Types].xml": contentTypes("xl/workbook.xml", "spreadsheetml.sheet"),
    "_rels/.rels": relationships(["officeDocument", "xl/workbook.xml"]),
    "xl/workbook.xml": `<workbook xmlns="${SHEET_NS}" xmlns:r="${RELATIONSHIP}"><sheets><sheet name="One" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": relationships(
      ["worksheet", "worksheets/sheet1.xml"],
      ["sharedStrings", "sharedStrings.xml"],
      ["styles", "styles.xml"],
    ),
    "xl/worksheets/sheet1.xml": `<worksheet xmlns="${SHEET_NS}"><sheetData>${rows}</sheetData></worksheet>`,
  };
  return office(standard, parts);
}

/** A document. @param body What is in its body. */
export function makeDocx(body: string, parts: Parts = {}): Buffer {
  const standard = {
    "[Content_Types].xml": contentTypes("word/document.xml", "wordprocessingml.document"),
    "_rels/.rels": relationships(["officeDocument", "word/document.xml"]),
    "word/document.xml": `<w:document xmlns:w="${WORD_NS}" xmlns:r="${RELATIONSHIP}"><w:body>${body}</w:body></w:document>`,
  };
  return office(standard, parts);
}

function contentTypes(part: string, kind: string): string {
  const type = `application/vnd.openxmlformats-officedocument.${kind}.main+xml`;
  return `<Types xmlns="${TRANSITIONAL}/package/2006/content-types"><Override PartName="/${part}" ContentType="${type}"/></Types>`;
}
