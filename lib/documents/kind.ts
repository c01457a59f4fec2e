import { DocumentError, type DocumentKind } from "#lib/documents/document.ts";
import { asBuffer } from "#lib/shared/bytes.ts";

/** The images that engines take. */
const IMAGE_TYPES = ["png", "jpeg", "webp", "gif"] as const;

export type ImageType = (typeof IMAGE_TYPES)[number];

/** Files of Office whose formats differ in nothing that is read. */
const KINDS: Readonly<Record<string, DocumentKind>> = {
  pdf: "pdf",
  xlsx: "xlsx",
  xlsm: "xlsx",
  xltx: "xlsx",
  xltm: "xlsx",
  docx: "docx",
  docm: "docx",
  dotx: "docx",
  dotm: "docx",
};

/** How many of the first bytes may stand before a PDF, as in all common viewers. */
const MAX_BEFORE_PDF = 1_024;
/** Bytes that are looked at to recognise plain text. */
const TEXT_SAMPLE = 4_096;

const IS_IMAGE = "The file is an image, not a document. Send it as an image.";
const SAVE_AS_PDF = "Save it as a PDF and send that.";
const SAVE_AS_XLSX = "Save it as .xlsx and send that.";
const SAVE_AS_DOCX = "Save it as .docx and send that.";

/** What to do with other files, by the extension that `file-type` gives their format. */
const ADVICE: Readonly<Record<string, string>> = {
  ods: `The file is an OpenDocument spreadsheet. ${SAVE_AS_XLSX}`,
  ots: `The file is an OpenDocument spreadsheet. ${SAVE_AS_XLSX}`,
  odt: `The file is an OpenDocument text. ${SAVE_AS_DOCX}`,
  ott: `The file is an OpenDocument text. ${SAVE_AS_DOCX}`,
  odp: `The file is a presentation. ${SAVE_AS_PDF}`,
  otp: `The file is a presentation. ${SAVE_AS_PDF}`,
  odg: `The file is a drawing. ${SAVE_AS_PDF}`,
  pptx: `The file is a presentation. ${SAVE_AS_PDF}`,
  pptm: `The file is a presentation. ${SAVE_AS_PDF}`,
  ppsx: `The file is a presentation. ${SAVE_AS_PDF}`,
  ppsm: `The file is a presentation. ${SAVE_AS_PDF}`,
  potx: `The file is a presentation. ${SAVE_AS_PDF}`,
  potm: `The file is a presentation. ${SAVE_AS_PDF}`,
  key: `The file is a Keynote presentation. ${SAVE_AS_PDF}`,
  pages: `The file is a Pages document. ${SAVE_AS_PDF}`,
  numbers: `The file is a Numbers spreadsheet. ${SAVE_AS_XLSX}`,
  epub: `The file is an EPUB book. ${SAVE_AS_PDF}`,
  rtf: `The file is in Rich Text Format. ${SAVE_AS_DOCX}`,
  ps: `The file is PostScript. ${SAVE_AS_PDF}`,
  eps: `The file is PostScript. ${SAVE_AS_PDF}`,
  vsdx: `The file is a Visio drawing. ${SAVE_AS_PDF}`,
  zip: "The file is a zip archive. Unpack it, and send the PDF, Excel or Word files in it.",
};
const TEXT = "The file is plain text. Paste its text into the message.";
const UNKNOWN = "The file is not a PDF, Excel (.xlsx) or Word (.docx) file, and no other kind can be read.";

/** Streams in a compound file (CFB) that say what it holds, in the order in which they decide. */
const COMPOUND_FILES: readonly (readonly [stream: string, problem: "encrypted" | "unsupported", string])[] = [
  ["EncryptedPackage", "encrypted", "The file needs a password. Save it without one and send it again."],
  ["WordDocument", "unsupported", `The file is in Word's old format (.doc). ${SAVE_AS_DOCX}`],
  ["Workbook", "unsupported", `The file is in Excel's old format (.xls). ${SAVE_AS_XLSX}`],
  ["Book", "unsupported", `The file is in Excel's old format (.xls). ${SAVE_AS_XLSX}`],
  ["PowerPoint Document", "unsupported", `The file is a presentation. ${SAVE_AS_PDF}`],
];

/**
 * Which kind of document a file is, by its bytes; its name and what its sender says of it do not count.
 * @throws DocumentError `unsupported` for every other file, with advice; `encrypted` for Office files with a
 * password; `damaged` for no bytes at all.
 */
export async function documentKind(bytes: Uint8Array): Promise<DocumentKind> {
  if (bytes.length === 0) throw new DocumentError("damaged", "The file is empty. Send it again.");
  const { ext, isImage } = await detect(bytes);
  const kind = KINDS[ext];
  if (kind !== undefined) return kind;
  if (ext === "cfb") throw compoundFileError(bytes);
  if (ext === "zip" || ext === "") {
    if (ext === "" && startsPdf(bytes)) return "pdf";
    const office = ext === "zip" ? officeKindByNames(bytes) : undefined;
    if (office !== undefined) return office;
  }
  if (isImage) throw new DocumentError("unsupported", IS_IMAGE);
  throw new DocumentError("unsupported", ADVICE[ext] ?? (isText(bytes) ? TEXT : UNKNOWN));
}

/** Which of the images that engines take a file is, by its bytes; undefined for all other files. */
export async function imageType(bytes: Uint8Array): Promise<ImageType | undefined> {
  if (bytes.length === 0) return undefined;
  const { ext } = await detect(bytes);
  const type = ext === "jpg" ? "jpeg" : ext === "apng" ? "png" : ext;
  return IMAGE_TYPES.find((known) => known === type);
}

async function detect(bytes: Uint8Array): Promise<{ ext: string; isImage: boolean }> {
  // Loaded with the first file, not at start.
  const { fileTypeFromBuffer } = await import("file-type");
  const found = await fileTypeFromBuffer(bytes);
  return { ext: found?.ext ?? "", isImage: found?.mime.startsWith("image/") === true };
}

function startsPdf(bytes: Uint8Array): boolean {
  return asBuffer(bytes).subarray(0, MAX_BEFORE_PDF).includes("%PDF-");
}

/**
 * For packages whose list of content types is not where or what it should be: the names in the central
 * directory, at the end of the file, say the kind.
 */
function officeKindByNames(bytes: Uint8Array): DocumentKind | undefined {
  const buffer = asBuffer(bytes);
  if (!buffer.includes("[Content_Types].xml")) return undefined;
  if (buffer.includes("xl/workbook.xml")) return "xlsx";
  return buffer.includes("word/document.xml") ? "docx" : undefined;
}

function compoundFileError(bytes: Uint8Array): DocumentError {
  const buffer = asBuffer(bytes);
  for (const [stream, problem, message] of COMPOUND_FILES) {
    if (buffer.includes(Buffer.from(`${stream}\0`, "utf16le"))) return new DocumentError(problem, message);
  }
  return new DocumentError("unsupported", UNKNOWN);
}

function isText(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, TEXT_SAMPLE);
  if (sample.includes(0)) return false;
  // A character may be cut off at the end of the sample.
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    decoder.decode(sample, { stream: true });
    return true;
  } catch {
    return false;
  }
}
