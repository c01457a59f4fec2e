import type { ExpectedFile } from "./expected-file.ts";

/** Made by `scripts/make-docx.py` with python-docx, pandoc and LibreOffice. */
export const DOCX_FILES: readonly ExpectedFile[] = [
  {
    file: "pandoc-report.docx",
    inOrder: [
      "# Annual report\n\n## Results",
      "Revenue rose by 12 %[^1] to x=(−b±sqrt(b^2−4ac))/(2a), see [the site](https://example.com/a_%28b%29).",
      "1. First\n2. Second\n   a. nested letter\n   b. another\n3. Third",
      "- bullet\n   - deeper",
      "| Item | Price |\n| --- | --- |\n| Chair \\| oak | 12.50 |",
      "∑_(i=1)^n i^2",
      "[^1]: Without discontinued lines.",
    ],
  },
  {
    file: "pandoc-lists.docx",
    inOrder: ["(4) starts at four\n(5) five", "iii. roman three\niv. roman four\nv. next"],
  },
  {
    file: "pandoc-tracked.docx",
    inOrder: ["The price is twelve euros.", "draft [Comment: Ola: Is this final?] clause"],
    absent: ["ten "],
  },
  {
    file: "python-docx-contract.docx",
    inOrder: [
      "Page header: Draft – confidential",
      "# Service contract",
      "Between Ida Ås and two others,\nfrom today.",
      "**Scope of work**",
      "1. analysis\n2. design\n- detail",
      "| Phase | Weeks | Fee |",
      "| Build | 4<br>in; ner | 9 000 € |\n| Build | to be agreed |  |",
      "Signed",
      "Page footer: Example Ltd",
    ],
    absent: ["secret words"],
  },
  {
    file: "python-docx-scripts.docx",
    inOrder: [
      "多言語の文書",
      "これは日本語の段落です。",
      "مرحبا بالعالم، هذا نص عربي.",
      "שלום עולם",
      "Naïve café – “quotes” 😀",
      "softhyphen",
    ],
  },
  {
    file: "python-docx-fields.docx",
    inOrder: [
      "☑ accepted α-rays",
      "Client: Example Ltd",
      "See Figure 7 and [the form](https://example.com/f)",
      "Before the box\n\nText in a box",
    ],
    absent: ["REF", "HYPERLINK"],
  },
  {
    file: "libreoffice-minutes.docx",
    inOrder: [
      "# Minutes",
      "We always meet on Mondays[^1].",
      "An end[^e1] and a remark [Comment: Ola: Check the date].",
      "Framed words",
      "[^1]: Except on holidays.",
      "[^e1]: Source: archive.",
    ],
    absent: ["never"],
  },
  {
    file: "libreoffice-handbook.docx",
    inOrder: [
      "# Handbook",
      "See [the start page](https://example.com/start).",
      "1. Open\n   a. the lid\n   b. the box\n2. Close",
      "- One\n- Two\n   - Two and a half",
      "| Ida | 0049 30 1 |\n| Ida | 0049 30 2 |\n| nobody else<br>here |  |",
      "~~old~~ new",
    ],
  },
  { file: "libreoffice-template.dotx", inOrder: ["# Template of a handbook", "| Name | Phone |"] },
];
