import { openZip } from "#lib/documents/zip/open-zip.ts";

/** A cell as it stands in the file, read without the libraries that write and read it elsewhere. */
export type FileCell = { type: string; value: string | undefined; format: string; hasFormula: boolean };

export type FileSheet = {
  name: string;
  /** By reference, such as `B2`. */
  cells: ReadonlyMap<string, FileCell>;
  xml: string;
};

/** The sheets of a workbook by the letter of the format. */
export async function readWorkbookFile(bytes: Uint8Array): Promise<FileSheet[]> {
  const archive = await openZip(bytes);
  const part = async (path: string): Promise<string> => {
    if (!archive.has(path)) return "";
    const chunks: Uint8Array[] = [];
    for await (const chunk of archive.read(path)) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  const strings = all(await part("xl/sharedStrings.xml"), /<si>(.*?)<\/si>/gs).map(([, si]) => textIn(si));
  const formats = formatsOf(await part("xl/styles.xml"));
  const names = all(await part("xl/workbook.xml"), /<sheet name="([^"]*)"/g).map(([, name]) =>
    unescaped(name),
  );
  return Promise.all(
    names.map(async (name, index) => {
      const xml = await part(`xl/worksheets/sheet${index + 1}.xml`);
      return { name, xml, cells: cellsOf(xml, strings, formats) };
    }),
  );
}

function cellsOf(xml: string, strings: readonly string[], formats: readonly string[]): Map<string, FileCell> {
  const cells = all(xml, /<c r="([A-Z]+\d+)"([^>]*?)(?:\/>|>(.*?)<\/c>)/gs);
  return new Map(
    cells.map(([, at = "", attributes = "", content = ""]) => {
      const type = /t="(\w+)"/.exec(attributes)?.[1] ?? "n";
      const plain = /<v>(.*?)<\/v>/s.exec(content)?.[1];
      const value = type === "s" ? strings[Number(plain)] : type === "inlineStr" ? textIn(content) : plain;
      const format = formats[Number(/s="(\d+)"/.exec(attributes)?.[1] ?? 0)] ?? "?";
      return [at, { type, value, format, hasFormula: content.includes("<f") }];
    }),
  );
}

/** The number format of each style, `General` for none. */
function formatsOf(styles: string): string[] {
  const codes = new Map(
    all(styles, /<numFmt numFmtId="(\d+)" formatCode="([^"]*)"/g).map(([, id, code]) => [
      id,
      unescaped(code),
    ]),
  );
  const cellStyles = /<cellXfs.*?<\/cellXfs>/s.exec(styles)?.[0] ?? "";
  return all(cellStyles, /<xf numFmtId="(\d+)"/g).map(([, id]) => codes.get(id) ?? "General");
}

function textIn(xml: string | undefined): string {
  return all(xml ?? "", /<t( xml:space="preserve")?>([^<]*)<\/t>/g)
    .map(([, keeps, text = ""]) => {
      // Without the attribute, readers take white space at the ends away.
      return unescaped(keeps === undefined ? text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "") : text);
    })
    .join("");
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** XML's entities first, then the escapes of the format (ECMA-376, 22.9.2.19). */
function unescaped(text = ""): string {
  return text
    .replace(/&(?:#(\d+)|(\w+));/g, (_, code, name) =>
      code === undefined ? (ENTITIES[name] ?? "?") : String.fromCodePoint(Number(code)),
    )
    .replace(/_x([0-9a-fA-F]{4})_/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));
}

function all(text: string, pattern: RegExp): RegExpExecArray[] {
  return [...text.matchAll(pattern)];
}
