import { DOCUMENT_KINDS, type Document } from "#lib/documents/document.ts";

/** The files that a conversation can have. */
export const FILE_TYPES = ["image", ...DOCUMENT_KINDS] as const;
export type FileType = (typeof FILE_TYPES)[number];

/** Bytes of one file. The database has the same bound. */
export const MAX_FILE_BYTES = 15 * 1024 * 1024;

/** A file that has been read, and can be given to engines and to the database. */
export type AttachedFile = {
  /** Its id in the database, and the session that it belongs to; undefined if it has none yet. */
  id?: string | undefined;
  sessionId?: string | undefined;
  name: string;
  type: FileType;
  /** The size of the file. */
  bytes: number;
  /** SHA-256 of the file, hexadecimal. */
  digest: string;
  pages?: number | undefined;
  /** What was read of it; undefined for an image, and for a PDF without text. */
  document?: Pick<Document, "sections" | "notes"> | undefined;
  /** The file itself as a `data:` URL, where its text does not stand for it: an image, a PDF without text. */
  dataUrl?: string | undefined;
};

/** A file that could not be read, and why, in a sentence for the user and the model. */
export type UnreadFile = { name: string; reason: string };

/** The files of a message, in its order. */
export type AttachedFiles = { files: readonly AttachedFile[]; unread: readonly UnreadFile[] };

export const NO_FILES: AttachedFiles = { files: [], unread: [] };

/** A PDF that is nothing but pictures: an engine must read the file itself. */
export function isScan({ type, document }: AttachedFile): boolean {
  return type === "pdf" && document === undefined;
}

/** An image that the gateway has drawn: its text is what it shows. The conversation says so already. */
export function isDrawn({ type, document }: AttachedFile): boolean {
  return type === "image" && document !== undefined;
}
