import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DocumentError } from "#lib/documents/document.ts";
import { readDocument } from "#lib/documents/read-document.ts";
import { PDF_FILES, REFUSED_PDFS } from "./expected/pdf.ts";

const FOLDER = join(import.meta.dirname, "../fixtures/documents");

async function read(file: string) {
  return readDocument(new Uint8Array(await readFile(join(FOLDER, file))));
}

describe("files of other tools: pdf", () => {
  test.each(PDF_FILES)("$file", async ({ file, inOrder, absent = [], notes = [] }) => {
    const document = await read(file);
    const text = document.sections.map(({ label, text }) => `${label}\n${text}`).join("\n");
    expect(document.kind).toBe("pdf");
    expect(document.notes).toEqual(notes);
    let from = 0;
    for (const fragment of inOrder) {
      const at = text.indexOf(fragment, from);
      expect(at, `${fragment}\nis not, or not in its place, in\n${text}`).toBeGreaterThanOrEqual(0);
      from = at + fragment.length;
    }
    for (const fragment of absent) expect(text).not.toContain(fragment);
  });

  test.each(REFUSED_PDFS)("$file is refused", async ({ file, problem, message }) => {
    const error = await read(file).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DocumentError);
    expect(error).toMatchObject({ problem, message: expect.stringContaining(message) });
  });
});
