/** The files whose text can be read. */
export const DOCUMENT_KINDS = ["pdf", "xlsx", "docx"] as const;

export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

/** A part of a document that an answer can name: a page of a PDF, a sheet of a workbook. Word has one, unnamed. */
export type DocumentSection = {
  /** As people say it: `Page 3`, `Sheet "Sales 2026"`. */
  label?: string | undefined;
  /** Markdown. */
  text: string;
};

/** What was read of a file. */
export type Document = {
  kind: DocumentKind;
  /** In the order of the file. Those without text are left out. */
  sections: readonly DocumentSection[];
  /** Pages of a PDF, or sheets of a workbook; undefined for Word. */
  pages?: number | undefined;
  /** What of the file is not in the sections, for the model and the user: `Only the first 500 of 10,000 pages were read.` */
  notes: readonly string[];
};

/** Why a file cannot be read. */
export type DocumentProblem =
  /** It is none of the kinds, or not the one that it claims to be. */
  | "unsupported"
  | "damaged"
  /** It needs a password. */
  | "encrypted"
  /** The file, or what it unpacks to, is over a limit. */
  | "too_large"
  /** There is nothing to read but pictures, such as a scanned PDF. */
  | "no_text"
  /** Reading took too long, or too much memory. */
  | "too_complex";

/** Thrown by whatever reads a file. `message` is for the user, and says what to do. */
export class DocumentError extends Error {
  override readonly name = "DocumentError";
  readonly problem: DocumentProblem;

  constructor(problem: DocumentProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}
