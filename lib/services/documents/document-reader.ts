import type { Document } from "#lib/documents/document.ts";

/**
 * Bytes of a file, with the name that its sender gave it. Owners take turns, and nobody's files keep out those of
 * another; without an owner each request is its own.
 */
export type FileBytes = { name: string; bytes: Uint8Array; owner?: string | undefined };

/**
 * Reads files in a place of their own, with bounds on memory and time, so that no file can stop or kill the
 * gateway. Rejects with `DocumentError`, and with the signal's reason if it aborts.
 */
export type DocumentReader = {
  read(file: FileBytes, signal: AbortSignal): Promise<Document>;
  close(): Promise<void>;
};
