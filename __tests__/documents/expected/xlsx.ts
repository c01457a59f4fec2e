import type { ExpectedFile } from "./expected-file.ts";

const SALES = [
  'Sheet "Sales 2026"',
  "(Hidden in Excel: row 5; column E.)",
  "Quarterly sales",
  "| Date | Item | Units | Price | Share |",
  "| 2026-03-01 | [Chair \\| oak](https://example.com/chair) | 12 [Comment: Stock was counted twice] | 1,234.50 € | 25.6% |",
  "| 2026-03-02 14:30:00 | Table<br>round | 3 | (80.00) | 150% |",
  "| 9:05:00 | 007 |  | 0.3 | TRUE |",
  "| Region | Manager |",
  "| North | Ida |\n| North | Ola |",
  'Sheet "Margins" (hidden)',
  "| confidential | 0.31 |",
];

const BUDGET = [
  'Sheet "Budget"',
  "| Rent | 1200 | 1200 | 0 |",
  "| Total | 1500 | 1616.5 | 116.5 |",
  "| Ratio | #DIV/0! | over | TRUE |",
];

/** Made by `scripts/make-xlsx.py` with openpyxl, XlsxWriter and LibreOffice. */
export const XLSX_FILES: readonly ExpectedFile[] = [
  { file: "openpyxl-sales.xlsx", inOrder: SALES, absent: ['"Empty"', "0.30000000000000004"] },
  { file: "libreoffice-template.xltx", inOrder: SALES },
  {
    file: "openpyxl-formulas.xlsx",
    inOrder: [
      "| Rent | 1200 | 1200 | [formula without a result: =C2-B2] |",
      "[formula without a result: =SUM(B2:B4)]",
      '[formula without a result: =IF(B5>C5,"under","over")]',
    ],
    notes: [
      "Some formulas have no stored result. Open the file in Excel and save it, so that their results can be read.",
    ],
  },
  { file: "libreoffice-formulas.xlsx", inOrder: BUDGET, absent: ["formula"] },
  { file: "libreoffice-macros.xlsm", inOrder: BUDGET },
  {
    file: "openpyxl-tall.xlsx",
    inOrder: ["| No | Event |", "| 1 | on |", "| 4999 | on |"],
    absent: ["| 5000 |"],
    notes: ['Only the first 5,000 of 6,000 rows of sheet "Log" were read.'],
  },
  { file: "openpyxl-far.xlsx", inOrder: ["near", "42", "the last cell"] },
  {
    file: "xlsxwriter-report.xlsx",
    inOrder: [
      'Sheet "Überblick & Ziele"',
      "| Ziel | Stand | Betrag | Fällig |",
      "| Umsatz verdoppeln bis Juni | ja | $1,234,567.89 | 30 Jun 2026 [Comment: Vertrag läuft aus] |",
      "| 0049 30 1234 | #DIV/0! | $2,469,135.78 | FALSE |",
      "| [Der Plan](https://example.com/plan?a=1&b=%282%29) | nach oben | ida@example.com |",
      "| 名前 😀 <b>&amp;</b> | 123456789012345 | 1e-7 |",
    ],
  },
  {
    file: "xlsxwriter-inline-strings.xlsx",
    inOrder: ["| Key | Value |", "| a b | padded |", "| <tag> | x & y |", "| line | one<br>two |"],
  },
  {
    file: "xlsxwriter-1904.xlsx",
    inOrder: [
      "| day | 2026-12-24 |",
      "| moment | 2026-01-02 3:04:05 |",
      "| duration | 30:15 |",
      "| time | 6:30 PM |",
    ],
  },
  {
    file: "xlsxwriter-formats.xlsx",
    inOrder: [
      "| 00000 | 00007 |",
      "| # ?/? | 1/2 |",
      "| 1.2M |",
      "| ($5.00) |",
      "| - |",
      "| 1 Mar 2026 |",
      "| Sunday, March 01, 2026 |",
      "| 12.5 kg |",
      "| high |",
      "| 1.23E-05 |",
      "| CHF 1,234.50 |",
      "| 555-1234 |",
      "| 2026年3月1日 |",
    ],
  },
  {
    file: "xlsxwriter-two-tables.xlsx",
    inOrder: [
      "Staff\nas of May\n\n| Name | Hours |",
      "| Ola | 20 |\n\nRooms\n\n| Room | Seats | 2025 | 2026 |",
      "| Blue | 12 | 1 | 2 |\n| 1 | 2 | 3 | 4 |",
      'Sheet "Wide"',
      "| c256 |",
    ],
    absent: ["c257"],
    notes: ['Only the first 256 of 300 columns of sheet "Wide" were read.'],
  },
];
