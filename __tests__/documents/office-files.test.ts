import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readDocument } from "#lib/documents/read-document.ts";
import { DOCX_FILES } from "./expected/docx.ts";
import { XLSX_FILES } from "./expected/xlsx.ts";

const FOLDER = join(import.meta.dirname, "../fixtures/documents");

describe.each([
  ["xlsx", XLSX_FILES],
  ["docx", DOCX_FILES],
] as const)("files of other tools: %s", (kind, files) => {
  test.each(files)("$file", async ({ file, inOrder, absent = [], notes = [] }) => {
    const document = await readDocument(await readFile(join(FOLDER, file)));
    const text = document.sections.map((section) => `${section.label ?? ""}\n${section.text}`).join("\n");

    expect(document.kind).toBe(kind);
    expect(document.notes).toEqual(notes);
    let from = 0;
    for (const fragment of inOrder) {
      const at = text.indexOf(fragment, from);
      expect(
        at,
        `${fragment}\nis not, or not in its place, in\n${text.slice(0, 3_000)}`,
      ).toBeGreaterThanOrEqual(0);
      from = at + fragment.length;
    }
    for (const fragment of absent) expect(text).not.toContain(fragment);
  });
});

test.each(["msoffcrypto-password.xlsx", "msoffcrypto-password.docx", "libreoffice-password.xlsx"])(
  "a file with a password: %s",
  async (file) => {
    await expect(readDocument(await readFile(join(FOLDER, file)))).rejects.toMatchObject({
      problem: "encrypted",
      message: expect.stringContaining("needs a password"),
    });
  },
);
