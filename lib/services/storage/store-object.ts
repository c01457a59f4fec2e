import { newObjectKey, type ObjectKind } from "#lib/services/storage/object-key.ts";
import type { ObjectOwner, ObjectRegister } from "#lib/services/storage/object-register.ts";
import type { ObjectStorage } from "#lib/services/storage/object-storage.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { contentDisposition } from "#lib/shared/content-disposition.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type StorageDependencies = {
  storage: ObjectStorage;
  objects: ObjectRegister;
  clock: Pick<Clock, "wallNow">;
  /** A random UUID. */
  newId(): string;
};

/** Bytes that are to be kept. */
export type ObjectToStore = {
  kind: Exclude<ObjectKind, "uploads">;
  bytes: Uint8Array;
  /** By the bytes, as the extension is. */
  mediaType: string;
  extension: string;
  /** The name that people know it by, cleaned. It is served with it, and is no part of the key. */
  name: string;
  owner: ObjectOwner;
};

/**
 * Stores an object with what it belongs to, and returns its key. Throws as the storage and the register do, and
 * `not_found` if what it belongs to was deleted meanwhile; then nothing is left of it.
 */
export async function storeObject(
  { kind, bytes, mediaType, extension, name, owner }: ObjectToStore,
  signal: AbortSignal,
  { storage, objects, clock, newId }: StorageDependencies,
): Promise<string> {
  const id = newId();
  const { userId } = owner;
  const key = newObjectKey({ kind, userId, at: clock.wallNow(), id, extension });
  await objects.add({ id, key, userId, name, mediaType, bytes: bytes.length });
  // Documents may hold scripts: browsers must not show them where they are.
  const disposition = contentDisposition(kind === "images" ? "inline" : "attachment", name);
  await storage.put({ key, bytes, mediaType, disposition }, signal);
  if (await objects.keep(id, owner)) return key;
  await objects.remove(userId, id);
  await storage.delete(key, signal);
  throw new GatewayError("not_found", "What the file belongs to was deleted meanwhile.");
}
