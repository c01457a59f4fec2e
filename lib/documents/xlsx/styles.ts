import { builtinFormat, GENERAL } from "#lib/documents/xlsx/builtin-formats.ts";
import { readXml } from "#lib/documents/xml/read-xml.ts";
import type { Archive } from "#lib/documents/zip/open-zip.ts";

/** As many as Excel allows. */
const MAX_STYLES = 65_490;
/** Excel's own limit of a format's code. */
const MAX_CODE = 255;

/** The format codes of the cells' styles, by the number that cells name. */
export async function readFormats(archive: Archive, path: string | undefined): Promise<readonly string[]> {
  if (path === undefined) return [];
  const codes = new Map<number, string>();
  const ids: number[] = [];
  let isCellStyles = false;
  await readXml(archive.read(path), {
    open(name, attributes) {
      if (name === "x:cellXfs") isCellStyles = true;
      if (name === "x:numFmt" && codes.size < MAX_STYLES) {
        const code = attributes.get("formatCode") ?? "";
        codes.set(Number(attributes.get("numFmtId")), code.length <= MAX_CODE ? code : GENERAL);
      }
      if (name === "x:xf" && isCellStyles && ids.length < MAX_STYLES)
        ids.push(Number(attributes.get("numFmtId") ?? 0));
    },
    close(name) {
      if (name === "x:cellXfs") isCellStyles = false;
    },
  });
  return ids.map((id) => codes.get(id) ?? builtinFormat(id));
}
