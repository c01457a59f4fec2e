import type { AttachedFile } from "#lib/services/documents/attached-file.ts";
import type { Caller } from "#lib/services/identity/caller.ts";

/** A file of a session whose content was too much to load. */
export type UnloadedFile = Pick<AttachedFile, "id" | "name">;

/**
 * The users' files in the database. All throw `database_unavailable`, and `not_configured` if a gateway key's
 * caller needs the service role and there is none.
 */
export type AttachmentStore = {
  /** Returns its id. With a session, which must be the caller's; a file that the session has already is not added. */
  add(caller: Caller, file: AttachedFile, sessionId?: string): Promise<string | undefined>;
  /** Gives a file to a session, or returns false: it has gone, or belongs to another session by now. */
  bind(caller: Caller, id: string, sessionId: string): Promise<boolean>;
  /** Those of these files that are the caller's. */
  find(caller: Caller, ids: readonly string[], signal: AbortSignal): Promise<StoredFiles>;
  /** The files of a session, the newest first. */
  ofSession(caller: Caller, sessionId: string, signal: AbortSignal): Promise<StoredFiles>;
};

export type StoredFiles = { files: readonly AttachedFile[]; unloaded: readonly UnloadedFile[] };
