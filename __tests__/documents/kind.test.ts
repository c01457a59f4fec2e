import { describe, expect, test } from "vitest";
import { DocumentError } from "#lib/documents/document.ts";
import { documentKind, imageType } from "#lib/documents/kind.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

const MAIN = {
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  xlsm: "application/vnd.ms-excel.sheet.macroEnabled",
  xltx: "application/vnd.openxmlformats-officedocument.spreadsheetml.template",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  docm: "application/vnd.ms-word.document.macroEnabled",
  dotx: "application/vnd.openxmlformats-officedocument.wordprocessingml.template",
  pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
};

/** A zip whose entries are stored as they are. */
function zip(entries: Readonly<Record<string, string>>): Uint8Array {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(entries)) {
    const [path, data] = [Buffer.from(name), Buffer.from(content)];
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), common, path, data]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    central.push(
      Buffer.concat([Buffer.from("PK\x01\x02\x14\x00", "latin1"), common, tail.subarray(0, 14), path]),
    );
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(locals.length, 4);
  end.writeUInt16LE(locals.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, directory, Buffer.from("PK\x05\x06", "latin1"), end]);
}

function crc(data: Buffer): number {
  let value = ~0;
  for (const byte of data) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit += 1) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return ~value >>> 0;
}

const contentTypes = (main: string): string =>
  `<?xml version="1.0"?><Types><Override PartName="/a.xml" ContentType="${main}.main+xml"/></Types>`;

const office = (main: keyof typeof MAIN): Uint8Array =>
  zip({ "[Content_Types].xml": contentTypes(MAIN[main]), "a.xml": "<a/>" });

/** A compound file with one named stream, as far as its kind is concerned. */
const compound = (stream: string): Uint8Array =>
  Buffer.concat([
    bytes(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1),
    Buffer.alloc(1_500),
    Buffer.from(`${stream}\0`, "utf16le"),
    Buffer.alloc(500),
  ]);

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const GIF = text("GIF89a\x01\x00\x01\x00");
const JPEG = bytes(0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1);
const WEBP = text("RIFF\x24\x00\x00\x00WEBPVP8 ");

describe("the kind of a document is read from its bytes", () => {
  test.each([
    ["a PDF", text("%PDF-1.7\n"), "pdf"],
    ["a PDF after a mark of byte order", text("\ufeff%PDF-1.7\n"), "pdf"],
    ["a PDF after other bytes, as some servers send it", text(`HTTP/1.1 200 OK\r\n\r\n%PDF-1.4\n`), "pdf"],
    ["a workbook", office("xlsx"), "xlsx"],
    ["a workbook with macros", office("xlsm"), "xlsx"],
    ["a template of Excel", office("xltx"), "xlsx"],
    ["a Word file", office("docx"), "docx"],
    ["a Word file with macros", office("docm"), "docx"],
    ["a template of Word", office("dotx"), "docx"],
    [
      "a Word file whose content types stand last",
      zip({ "word/document.xml": "<a/>", "[Content_Types].xml": contentTypes(MAIN.docx) }),
      "docx",
    ],
    [
      "a workbook whose content types say nothing",
      zip({ "[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>" }),
      "xlsx",
    ],
  ] as const)("%s", async (_what, file, kind) => {
    await expect(documentKind(file)).resolves.toBe(kind);
  });

  test.each([
    ["no bytes", new Uint8Array(), "damaged", "empty"],
    ["an old Word file", compound("WordDocument"), "unsupported", ".docx"],
    ["an old workbook", compound("Workbook"), "unsupported", ".xlsx"],
    ["an Office file with a password", compound("EncryptedPackage"), "encrypted", "password"],
    ["another compound file", compound("__substg1.0_"), "unsupported", "not a PDF"],
    ["a presentation", office("pptx"), "unsupported", "PDF"],
    [
      "an OpenDocument spreadsheet",
      zip({ mimetype: "application/vnd.oasis.opendocument.spreadsheet" }),
      "unsupported",
      ".xlsx",
    ],
    [
      "an OpenDocument text",
      zip({ mimetype: "application/vnd.oasis.opendocument.text" }),
      "unsupported",
      ".docx",
    ],
    ["an archive", zip({ "a.pdf": "%PDF-1.7" }), "unsupported", "Unpack"],
    ["Rich Text", text("{\\rtf1\\ansi Hello}"), "unsupported", ".docx"],
    ["an image", PNG, "unsupported", "as an image"],
    ["plain text", text("Hello, Wörld"), "unsupported", "Paste"],
    ["CSV", text("a,b\n1,2\n"), "unsupported", "Paste"],
    ["text cut within a character", text("ü".repeat(4_000)), "unsupported", "Paste"],
    ["octets", bytes(0, 1, 2, 3, 0xff), "unsupported", "not a PDF"],
    ["one octet", bytes(0xff), "unsupported", "not a PDF"],
    ["half a zip", office("docx").slice(0, 20), "unsupported", "Unpack"],
  ] as const)("%s is refused with what to do", async (_what, file, problem, advice) => {
    const error = await documentKind(file).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DocumentError);
    expect(error).toMatchObject({ problem, message: expect.stringContaining(advice) });
  });
});

describe("images that engines take are recognised by their bytes", () => {
  test.each([
    ["png", PNG, "png"],
    ["gif", GIF, "gif"],
    ["jpeg", JPEG, "jpeg"],
    ["webp", WEBP, "webp"],
    ["bmp", text("BM\x00\x00\x00\x00"), undefined],
    ["svg", text('<svg xmlns="http://www.w3.org/2000/svg"/>'), undefined],
    ["a PDF", text("%PDF-1.7"), undefined],
    ["nothing", new Uint8Array(), undefined],
  ])("%s", async (_what, file, type) => {
    await expect(imageType(file)).resolves.toBe(type);
  });
});
