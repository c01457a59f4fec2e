/** What objects are: the first segment of their keys, so that rules of a bucket can tell them apart. */
export type ObjectKind = "attachments" | "images" | "uploads";

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const EXTENSION = /^[a-z0-9]{1,8}$/;

export type ObjectKeyParts = {
  kind: ObjectKind;
  userId: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** A random UUID. */
  id: string;
  /** By the bytes of the object. */
  extension: string;
};

/**
 * A new key, `<kind>/<user id>/<day>/<random>.<extension>`. Nothing of it comes from a client, so it cannot lead
 * elsewhere, and nobody can guess it. The database holds users to keys of their own (027).
 */
export function newObjectKey({ kind, userId, at, id, extension }: ObjectKeyParts): string {
  if (!UUID.test(userId) || !UUID.test(id) || !EXTENSION.test(extension)) {
    throw new TypeError("An object's key is made of a user's id, a random id and an extension.");
  }
  return `${kind}/${userId}/${new Date(at).toISOString().slice(0, 10)}/${id}.${extension}`;
}
