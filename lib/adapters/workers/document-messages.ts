import type { Document, DocumentProblem } from "#lib/documents/document.ts";

/** To the thread: the bytes of one file, transferred. */
export type DocumentRequest = { bytes: Uint8Array<ArrayBuffer> };

/** From the thread, once for each request. */
export type DocumentReply =
  | { type: "read"; document: Document }
  | { type: "refused"; problem: DocumentProblem; message: string }
  /** A library threw something that it should not throw; for the log. */
  | { type: "failed"; message: string };
