import type { DocumentSection } from "#lib/documents/document.ts";

/** A part of a section that is taken or left out as a whole. */
export type Piece = {
  /** The section's place in the document. */
  section: number;
  text: string;
  /** The head of the table whose rows these are, where they are not its first. */
  tableHead: string | undefined;
};

/** Characters of a piece: about a page. A shorter section is one piece. */
const MAX_PIECE = 4_000;
/** A piece ends at the end of a paragraph or a line within so many of its last characters. */
const MAX_STEP_BACK = 1_000;
/** A longer head is not repeated, characters. */
const MAX_TABLE_HEAD = 2_000;
/** The first two lines of a table in Markdown: its columns, and the line below. */
const TABLE_HEAD = /^\|[^\n]*\n\|[ :|-]*\n/;

/** The sections of a document in pieces, in order. Takes time in proportion to the text. */
export function splitSections(sections: readonly DocumentSection[]): Piece[] {
  const pieces: Piece[] = [];
  sections.forEach(({ text }, section) => {
    const head = TABLE_HEAD.exec(text.slice(0, MAX_TABLE_HEAD))?.[0].trimEnd();
    for (let from = 0; from < text.length; ) {
      const to = pieceEnd(text, from);
      pieces.push({ section, text: text.slice(from, to), tableHead: from === 0 ? undefined : head });
      from = to;
    }
  });
  return pieces;
}

/** After the last line or word that fits, never within a surrogate pair. */
function pieceEnd(text: string, from: number): number {
  const limit = from + MAX_PIECE;
  if (limit >= text.length) return text.length;
  const end = text.slice(limit - MAX_STEP_BACK, limit);
  for (const mark of ["\n\n", "\n", " "]) {
    const at = end.lastIndexOf(mark);
    if (at !== -1) return limit - MAX_STEP_BACK + at + mark.length;
  }
  const code = text.charCodeAt(limit - 1);
  return code >= 0xd800 && code <= 0xdbff ? limit - 1 : limit;
}
