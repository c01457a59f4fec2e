import { expect, test } from "vitest";
import { boundedDocument } from "#lib/documents/bounded-document.ts";

const sectionsOf = (...texts: string[]) => texts.map((text, index) => ({ label: `Page ${index + 1}`, text }));

test("a document within the limit is kept, without invisible characters and empty sections", () => {
  const document = {
    kind: "pdf",
    sections: sectionsOf("A\u202eB", " \u200b ", "C"),
    pages: 3,
    notes: ["x\u0000"],
  } as const;
  expect(boundedDocument(document)).toEqual({
    kind: "pdf",
    sections: [
      { label: "Page 1", text: "AB" },
      { label: "Page 3", text: "C" },
    ],
    pages: 3,
    notes: ["x"],
  });
});

test("what is over the limit is cut off, and noted", () => {
  const document = {
    kind: "pdf",
    sections: sectionsOf("aaaa", "bbbb", "cccc"),
    pages: 3,
    notes: [],
  } as const;
  expect(boundedDocument(document, 6)).toMatchObject({
    sections: [{ text: "aaaa" }, { text: "bb" }],
    notes: ["Only the first 6 characters were read; Page 2 is cut off."],
  });
  expect(boundedDocument(document, 4)).toMatchObject({
    sections: [{ text: "aaaa" }],
    notes: [expect.any(String)],
  });
  expect(boundedDocument(document, 12).notes).toEqual([]);
});
