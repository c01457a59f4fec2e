export const DOCX_LIMITS = {
  /** Characters of the text. */
  characters: 2_000_000,
  /** Paragraphs and tables outside of tables. */
  blocks: 100_000,
  /** Rows of one table. */
  tableRows: 20_000,
  /** Characters of all footnotes, endnotes or comments. */
  noteCharacters: 500_000,
  /** Characters of one of them. */
  noteLength: 4_000,
  /** Different headers, and footers. */
  headers: 6,
  headerCharacters: 500,
} as const;
