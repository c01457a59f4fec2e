import { describe, expect, test } from "vitest";
import { currentTime } from "#lib/tools/basic/current-time.ts";
import { readDocumentTool } from "#lib/tools/documents/read-document-tool.ts";
import { fc } from "../support/properties.ts";

const never = new AbortController().signal;

describe("current_time", () => {
  const ROWS: readonly [string, string | undefined, string, RegExp][] = [
    ["2026-11-27T18:30:05Z", undefined, "2026-11-27T18:30:05+00:00", /^Friday, 2026-11-27 18:30:05 \(UTC/],
    [
      "2026-11-27T18:30:05Z",
      "Asia/Kolkata",
      "2026-11-28T00:00:05+05:30",
      /^Saturday, .* In UTC: 2026-11-27T18/,
    ],
    ["2026-07-01T23:30:00Z", "Europe/Paris", "2026-07-02T01:30:00+02:00", /^Thursday/],
    ["2026-01-01T00:00:00Z", "America/St_Johns", "2025-12-31T20:30:00-03:30", /^Wednesday/],
  ];
  test.each(ROWS)("%s in %s", async (now, timeZone, local, text) => {
    const tool = currentTime({ wallNow: () => Date.parse(now) });
    const result = await tool.run(timeZone === undefined ? {} : { timeZone }, { signal: never });
    expect(result.structured).toMatchObject({ local, unixSeconds: Date.parse(now) / 1_000 });
    expect(result.text).toMatch(text);
  });
});

describe("read_document", () => {
  test("gives any text whole, in pieces of any size", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "binary", maxLength: 200 }),
        fc.integer({ min: 1, max: 50 }),
        async (text, maxCharacters) => {
          const tool = readDocumentTool(async () => ({ kind: "docx", text }));
          let whole = "";
          let offset: number | undefined = 0;
          while (offset !== undefined) {
            const input = { name: "a.docx", data: "eA==", offset, maxCharacters };
            const { structured } = await tool.run(input, { signal: never });
            const piece = structured as { text: string; nextOffset?: number };
            expect(piece.text.isWellFormed()).toBe(true);
            whole += piece.text;
            offset = piece.nextOffset;
          }
          expect(whole).toBe(text);
        },
      ),
    );
  });

  test.each([
    [0, 4, "abcd\n\n(Characters 0 to 4 of 10. Go on with offset 4.)"],
    [8, 4, "ij\n\n(Characters 8 to 10 of 10. This is its end.)"],
    [0, 10, "abcdefghij"],
    [10, 4, "(The text has 10 characters; nothing is at 10.)"],
  ])("says where a piece stands: %d, %d", async (offset, maxCharacters, text) => {
    const tool = readDocumentTool(async () => ({ kind: "docx", text: "abcdefghij" }));
    const input = { name: "a.docx", data: "eA==", offset, maxCharacters };
    expect((await tool.run(input, { signal: never })).text).toBe(text);
  });
});
