import type { PDFDocumentProxy } from "unpdf/pdfjs";
import { DocumentError } from "#lib/documents/document.ts";
import { NamedEncodings } from "#lib/documents/pdf/named-encodings.ts";
import { asBuffer } from "#lib/shared/bytes.ts";

const ENCRYPTED = "The PDF needs a password. Save it without one and send it again.";
const DAMAGED =
  "The PDF is damaged and cannot be read. Save it anew, or print it to a new PDF, and send that.";

/**
 * Opens a PDF: without a password, and without fetching or running anything. One whose end is missing (a download
 * that broke off) is read as far as it goes. The bytes are no longer of use afterwards.
 * @throws DocumentError `encrypted` or `damaged`.
 */
export async function openPdf(bytes: Uint8Array): Promise<PDFDocumentProxy> {
  const copy = withTrailer(bytes);
  try {
    return await open(bytes);
  } catch (error) {
    if (nameOf(error) !== "InvalidPDFException" || copy === undefined) throw openError(error);
  }
  try {
    return await open(copy);
  } catch (error) {
    throw openError(error);
  }
}

async function open(data: Uint8Array): Promise<PDFDocumentProxy> {
  const { getResolvedPDFJS } = await import("unpdf");
  const { getDocument } = await getResolvedPDFJS();
  const encodings = new NamedEncodings();
  const task = getDocument({
    data,
    // What PDF.js makes of a file, it would make with it and the network.
    BinaryDataFactory: class {
      fetch = encodings.fetch.bind(encodings);
    },
    cMapPacked: false,
    useWorkerFetch: false,
    useWasm: false,
    useSystemFonts: false,
    disableFontFace: true,
    maxImageSize: 0,
    enableXfa: false,
    verbosity: 0,
  });
  return task.promise;
}

const CATALOG = /(\d{1,10}) (\d{1,5}) obj\s{0,10}<<[^<>]{0,500}\/Type\s{0,4}\/Catalog\b/;

/** The file with a trailer that names its catalog, if it has lost its own; undefined if that is not the matter. */
function withTrailer(bytes: Uint8Array): Uint8Array | undefined {
  const buffer = asBuffer(bytes);
  if (buffer.includes("startxref") || buffer.includes("trailer")) return undefined;
  const at = buffer.lastIndexOf("/Catalog");
  const [, number, generation] = CATALOG.exec(buffer.toString("latin1", Math.max(0, at - 600), at + 8)) ?? [];
  if (number === undefined) return undefined;
  return new Uint8Array(
    Buffer.concat([
      buffer,
      Buffer.from(`\ntrailer\n<< /Root ${number} ${generation} R >>\nstartxref\n0\n%%EOF\n`),
    ]),
  );
}

function openError(error: unknown): Error {
  switch (nameOf(error)) {
    case "PasswordException":
      return new DocumentError("encrypted", ENCRYPTED);
    default:
      return new DocumentError("damaged", DAMAGED);
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}
