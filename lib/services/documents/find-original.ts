import type { UploadDependencies } from "#lib/services/documents/upload-file.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import type { SignedUrl } from "#lib/services/storage/object-storage.ts";
import { storageOf } from "#lib/services/storage/storage-of.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** How long the address of a file can be used. */
const LIFETIME_MS = 3_600_000;

/** The bytes of a file, and where they can be had for a while. */
export type Original = SignedUrl & { id: string; name: string; mediaType: string; bytes: number };

/** Where the caller can download a file. Throws `not_found`, `not_configured` without an object storage. */
export async function findOriginal(
  caller: Caller,
  id: string | undefined,
  dependencies: Pick<UploadDependencies, "storage">,
): Promise<Original> {
  const { storage, objects } = storageOf(dependencies);
  const found = id === undefined ? undefined : await objects.findOriginal(caller, id);
  if (id === undefined || found === undefined) {
    throw new GatewayError("not_found", "You have no such file, or its bytes were not kept.");
  }
  const { key, name, mediaType, bytes } = found;
  const signed = await storage.signedGetUrl(key, { expiresInSeconds: LIFETIME_MS / 1000 });
  return { id, name, mediaType, bytes, ...signed };
}
