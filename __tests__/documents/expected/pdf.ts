import type { ExpectedFile } from "./expected-file.ts";

const REPORT = [
  "Page 1\nConfidential - Northwind Ltd.",
  "# Annual report",
  "those from the south did not, and the new warehouse paid for itself two months early.",
  "## Sales by region",
  "| Region | 2024 | 2025 | Change |\n| --- | --- | --- | --- |\n| North | 1,200 | 1,500 | +25 % |",
  "| Total | 2,100 | 2,350 | +12 % |",
  "All numbers are in thousands of euros.",
  "1 / 3",
  "Page 2\n",
  "# Plans",
  "- Buy a second van\n- Hire two drivers\n1. Sign the lease\n2. Move in May",
  "Page 3\n",
  "# Outlook",
  "Profit will be 4.2 million euros.",
];

/** Made by `scripts/make-pdfs.py` with reportlab, LibreOffice and qpdf. */
export const PDF_FILES: readonly ExpectedFile[] = [
  { file: "report.pdf", inOrder: REPORT },
  { file: "object-streams.pdf", inOrder: REPORT },
  { file: "owner-password.pdf", inOrder: REPORT },
  { file: "wrong-places.pdf", inOrder: REPORT },
  { file: "cut-off.pdf", inOrder: REPORT },
  {
    file: "two-columns.pdf",
    inOrder: [
      "# On the Reading of Columns\n\nFIRST-LEFT begins here.",
      "Paragraph 3 of the article.",
      "Paragraph 4 of the article.",
      "Paragraph 7 of the article.",
      "Page 2\n",
      "LAST-RIGHT ends here.",
    ],
    absent: ["|"],
  },
  {
    file: "hyphens.pdf",
    inOrder: [
      "The administration decided on a well-known compromise: nineteen members of the 2025-2026 council",
      "the nonsense. A range of 10-20 stays",
    ],
  },
  {
    file: "statement.pdf",
    inOrder: [
      "## Statement of account 4711",
      "| Date | Text | Debit | Credit | Balance |\n| --- | --- | --- | --- | --- |\n",
      "| 2026-01-02 | Opening balance |  |  | 1,000.00 |\n| 2026-01-05 | Rent January | 650.00 |  | 350.00 |\n",
      "| 2026-01-09 | Salary \\| bonus |  | 2,400.00 | 2,750.00 |",
      "| 2026-01-15 | Refund of shoes |  | 59.90 | 2,728.40 |\n\nPlease check",
    ],
  },
  {
    file: "calc.pdf",
    inOrder: ["| Product | Units | Price | Sum |", "| Pears |  | 0.7 |  |\n", "| Total | 42 |  | 12 |"],
  },
  {
    file: "wrapped-cells.pdf",
    inOrder: [
      "| Risk | What we do about it | Owner |",
      "| Supplier fails | We keep two suppliers for each part, and a stock of six weeks of those that take longest to come. | Purchasing department, Ms Ito |",
      "| Fire | Sprinklers, and a copy of all data in another town. | Mr Berg |",
      "| A person leaves who alone knows a system | Everything is written down. | All |",
      "This table is reviewed each year.",
    ],
  },
  {
    file: "writer.pdf",
    inOrder: [
      "# Minutes of the meeting",
      "since everybody had read the proposal before, and nobody objected to any of its points;",
      "## Decisions",
      "1. The budget is approved.\n2. The office moves in June.\n- Anna orders boxes\n- Boris tells the landlord",
      "| Item | Owner | Due |",
      "| Boxes, at least forty of the large ones, with tape | Anna | 1 May |",
      "| Network | Chen | 1 June |",
      "The next meeting is on Monday.",
      "Links:\n- [Monday](https://calendar.example/next)",
    ],
  },
  {
    file: "cjk.pdf",
    inOrder: [
      "# 四半期報告",
      "来年の計画はまだ決まっていませんが、新しい工場を建てる予定です。",
      "销售额比去年增长了百分之二十。",
      "매출이 작년보다 늘었습니다.",
    ],
  },
  {
    file: "cjk-named-encodings.pdf",
    inOrder: [
      "東京都の天気は晴れです。",
      "北京是中国的首都。",
      "台北是臺灣的城市。",
      "서울은 한국의 수도입니다.",
    ],
  },
  {
    file: "right-to-left.pdf",
    inOrder: [
      "שלום עולם, זהו מסמך קצר בעברית עם המספר 2026 בתוכו.",
      "مرحبا بالعالم، هذا مستند قصير.",
      "Left to right again.",
    ],
  },
  {
    file: "rotated.pdf",
    inOrder: [
      "This page is turned by ninety degrees.\nIts second line follows its first.",
      "An upright page with a stamp along its margin.\n\nReceived on 3 March 2026",
    ],
  },
  {
    file: "form.pdf",
    inOrder: [
      "Application for a library card",
      "Name:   Ada Lovelace",
      "Newsletter:   [x]",
      "Branch:   Riverside",
      "Phone:",
    ],
    absent: ["Old Town"],
  },
  {
    file: "links-and-notes.pdf",
    inOrder: [
      "Read the handbook before you begin.",
      "See https://plain.example/x as it is written.",
      "Links:\n- [Read the handbook before you begin.](https://handbook.example/start)\n\nComments:",
      "- Ask Maria whether this is still true.",
    ],
    absent: ["(https://plain.example/x)"],
  },
  {
    file: "mixed.pdf",
    inOrder: ["Page 1\nTyped page 1 of the contract.", "Page 3\nTyped page 3 of the contract."],
    notes: ["Pages 2, 4 and 5 have no text: they are pictures, such as a scan, or empty."],
  },
  {
    file: "page-labels.pdf",
    inOrder: [
      'Page 1 ("i")\nPreface',
      'Page 2 ("ii")\nContents',
      'Page 3 ("1")\nChapter one',
      'Page 4 ("2")',
    ],
  },
  {
    file: "ligatures.pdf",
    inOrder: [
      "The office filed a flawed effort.",
      "Zażółć gęślą jaźń, Ελληνικά, Русский, naïve café, 5 × 3 ≤ 20 €",
      "Kerning   apart again",
      "H2O is water.",
    ],
  },
];

/** Files of which nothing can be read, with why. */
export const REFUSED_PDFS = [
  { file: "password.pdf", problem: "encrypted", message: "password" },
  { file: "scanned.pdf", problem: "no_text", message: "Its 2 pages are pictures" },
] as const;
