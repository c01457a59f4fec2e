import { DocumentError } from "#lib/documents/document.ts";
import type { DocumentReader } from "#lib/services/documents/document-reader.ts";
import { parseJson } from "#lib/shared/json.ts";
import { pdfWithPages, textLines } from "./pdf.ts";

/** A PDF with one line of text a page. */
export function aPdf(...pages: readonly string[]): Buffer {
  return Buffer.from(pdfWithPages(pages.map((text) => textLines([text]))));
}

/** A PDF without text. */
export function aScan(): Buffer {
  return Buffer.from(pdfWithPages(["0 0 200 200 re f"]));
}

export const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
export const GIF = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");

export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** A file as `files[]` takes it. */
export function inline(name: string, bytes: Uint8Array, type = "pdf") {
  return { type, name, data: base64(bytes) };
}

/** Bytes that `readerDouble` reads as this document. */
export function asDocument(document: object): Buffer {
  return Buffer.from(JSON.stringify(document));
}

/** A reader whose files say themselves what is in them (`asDocument`), or which problem they have. */
export function readerDouble(): DocumentReader {
  return {
    async read({ bytes }, signal) {
      signal.throwIfAborted();
      const document = parseJson(Buffer.from(bytes).toString("utf8")) as
        | { problem?: "encrypted" | "too_complex"; kind: "docx"; sections: { text: string }[] }
        | undefined;
      if (document === undefined) throw new DocumentError("unsupported", "The file is none of ours.");
      if (document.problem !== undefined) throw new DocumentError(document.problem, "It needs a password.");
      return { pages: undefined, notes: [], ...document };
    },
    close: async () => undefined,
  };
}
