import { readXml } from "#lib/documents/xml/read-xml.ts";
import type { Archive } from "#lib/documents/zip/open-zip.ts";
import { mainPart, readRelationships, targetOf } from "#lib/documents/zip/relationships.ts";

export type SheetEntry = {
  name: string;
  isHidden: boolean;
  /** Path of its part; undefined if the file has none, as with sheets that are a chart. */
  path: string | undefined;
};

export type Workbook = {
  /** In the order of the tabs. */
  sheets: readonly SheetEntry[];
  /** How many sheets there are, with those over the limit. */
  sheetCount: number;
  /** Days count from 1904, as in files of old Macs. */
  is1904: boolean;
  sharedStrings: string | undefined;
  styles: string | undefined;
};

type NamedSheet = { name: string; isHidden: boolean; id: string };

/** @throws DocumentError */
export async function readWorkbook(archive: Archive, maxSheets: number): Promise<Workbook> {
  const path = await mainPart(archive, "xl/workbook.xml");
  const relationships = await readRelationships(archive, path);
  const { named, sheetCount, is1904 } = await readSheetList(archive, path, maxSheets);
  const paths = new Map(
    relationships
      .filter(({ type, isExternal }) => type === "worksheet" && !isExternal)
      .map(({ id, target }) => [id, target]),
  );
  return {
    sheets: named.map(({ name, isHidden, id }) => {
      const target = paths.get(id);
      return { name, isHidden, path: target !== undefined && archive.has(target) ? target : undefined };
    }),
    sheetCount,
    is1904,
    sharedStrings: targetOf(archive, relationships, "sharedStrings"),
    styles: targetOf(archive, relationships, "styles"),
  };
}

async function readSheetList(
  archive: Archive,
  path: string,
  maxSheets: number,
): Promise<{ named: NamedSheet[]; sheetCount: number; is1904: boolean }> {
  const named: NamedSheet[] = [];
  let sheetCount = 0;
  let is1904 = false;
  await readXml(archive.read(path), {
    open(element, attributes) {
      if (element === "x:workbookPr") is1904 = isTrue(attributes.get("date1904"));
      if (element !== "x:sheet") return;
      sheetCount++;
      if (named.length >= maxSheets) return;
      named.push({
        name: attributes.get("name") ?? "",
        isHidden: (attributes.get("state") ?? "visible") !== "visible",
        id: attributes.get("r:id") ?? "",
      });
    },
  });
  return { named, sheetCount, is1904 };
}

/** A value of XML Schema's type boolean. */
export function isTrue(value: string | undefined): boolean {
  return value === "1" || value === "true";
}
