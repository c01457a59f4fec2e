import { DocumentError } from "#lib/documents/document.ts";
import { documentAsText } from "#lib/documents/document-as-text.ts";
import { MAX_FILE_BYTES } from "#lib/services/documents/attached-file.ts";
import { documentFailure } from "#lib/services/documents/document-failure.ts";
import type { DocumentReader } from "#lib/services/documents/document-reader.ts";
import { cleanFileName } from "#lib/services/documents/file-name.ts";
import type { ReadDocument } from "#lib/tools/documents/read-document-tool.ts";

/** The text of files for the tool that reads them, where all files are read. */
export function documentTexts(reader: () => DocumentReader): ReadDocument {
  return async ({ name: givenName, bytes, owner }, signal) => {
    const name = cleanFileName(givenName, "document");
    try {
      if (bytes.length > MAX_FILE_BYTES) {
        throw new DocumentError("too_large", `The file is larger than ${MAX_FILE_BYTES / 1024 ** 2} MB.`);
      }
      const document = await reader().read({ name, bytes, owner }, signal);
      return { kind: document.kind, pages: document.pages, text: documentAsText(document) };
    } catch (error) {
      throw documentFailure(error, name);
    }
  };
}
