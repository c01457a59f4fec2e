import { expect, test } from "vitest";
import { cleanFileName } from "#lib/services/documents/file-name.ts";
import { fc } from "../../support/properties.ts";

test.each([
  ["report.pdf", "report.pdf"],
  ["/etc/../secret/report.pdf", "report.pdf"],
  ["C:\\fakepath\\report.pdf", "report.pdf"],
  [" a\tb\r\nc.pdf ", "a b c.pdf"],
  ["a\u0000\u200bb\u202e.pdf", "ab.pdf"],
  [".env", ".env"],
  ["", "file"],
  ["...", "file"],
  ["folder/", "file"],
  [`${"x".repeat(400)}.xlsx`, `${"x".repeat(194)}….xlsx`],
  [`${"x".repeat(400)}`, `${"x".repeat(199)}…`],
  ["👩‍👩‍👧 فایل‌ها.docx", "👩‍👩‍👧 فایل‌ها.docx"],
])("%j is shown as %j", (given, name) => {
  expect(cleanFileName(given, "file")).toBe(name);
});

test("any name fits the database, in one line", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 600 }), (given) => {
      const name = cleanFileName(given, "file");
      expect(name.length).toBeLessThanOrEqual(200);
      expect(name).not.toMatch(/[\r\n\u0000]/);
      expect(name.isWellFormed() && name !== "").toBe(true);
    }),
  );
});
