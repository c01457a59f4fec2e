import type { Caller } from "#lib/services/identity/caller.ts";

/** An object that is about to be stored. */
export type NewObjectRow = {
  /** Stands in the key. */
  id: string;
  key: string;
  userId: string;
  name: string;
  mediaType: string;
  bytes: number;
};

/** What an object belongs to, and is deleted with: a file or a conversation; its user alone without either. */
export type ObjectOwner = {
  userId: string;
  sessionId?: string | undefined;
  attachmentId?: string | undefined;
};

/** An object as its user knows it. */
export type ObjectRow = { id: string; key: string; name: string; mediaType: string; bytes: number };

/**
 * Which objects there are, and whose, in the database. All throw `database_unavailable`, and `not_configured` without
 * the migrations.
 */
export type ObjectRegister = {
  /** Before the object is stored, so that none is forgotten. Throws `rate_limited` for too many unended uploads. */
  add(object: NewObjectRow): Promise<void>;
  /** The object is stored. False: what it should belong to was deleted meanwhile. */
  keep(id: string, owner: ObjectOwner): Promise<boolean>;
  /** An upload of the caller that has not ended. */
  findUpload(caller: Caller, id: string): Promise<ObjectRow | undefined>;
  /** The bytes of a file of the caller. */
  findOriginal(caller: Caller, attachmentId: string): Promise<ObjectRow | undefined>;
  /** Forgets an object of the user, which is then deleted from the storage. */
  remove(userId: string, id: string): Promise<void>;
};

/** Objects that nobody refers to any more. */
export type DeletionQueue = {
  /** Keys of objects that are to be deleted. Another process gets other ones, for ten minutes. */
  due(limit: number): Promise<string[]>;
  deleted(keys: readonly string[]): Promise<void>;
};
