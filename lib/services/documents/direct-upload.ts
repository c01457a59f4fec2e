import { MAX_FILE_BYTES } from "#lib/services/documents/attached-file.ts";
import { cleanFileName } from "#lib/services/documents/file-name.ts";
import type { FileContext } from "#lib/services/documents/read-turn-files.ts";
import {
  type UploadDependencies,
  type UploadedFile,
  uploadFile,
} from "#lib/services/documents/upload-file.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import { newObjectKey } from "#lib/services/storage/object-key.ts";
import type { SignedUpload } from "#lib/services/storage/object-storage.ts";
import { storageOf } from "#lib/services/storage/storage-of.ts";
import type { StorageDependencies } from "#lib/services/storage/store-object.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** How long a client has to begin sending. */
const SEND_WITHIN_MS = 900_000;
/** What a client says of its file is not believed, and stored nowhere. */
const MEDIA_TYPE = "application/octet-stream";

export type DirectUploadDependencies = UploadDependencies & {
  /** Users and uploads that are being completed in this process. */
  completing: Set<string>;
};

export type DirectUpload = SignedUpload & { id: string };

/** Takes memory for the bytes of a file until its request has been answered. Throws if there is too little. */
export type TakeMemory = (bytes: number) => void;

/**
 * Begins an upload that a client sends to the object storage itself, past the body limit of a platform. Throws
 * `not_configured` without a storage, `rate_limited` if the user has too many that have not ended.
 */
export async function beginUpload(
  caller: Caller,
  { name, bytes }: { name: string | undefined; bytes: number },
  dependencies: UploadDependencies,
): Promise<DirectUpload> {
  const { storage, objects, clock, newId } = storageOf(dependencies);
  const id = newId();
  const { userId } = caller;
  const key = newObjectKey({ kind: "uploads", userId, at: clock.wallNow(), id, extension: "bin" });
  await objects.add({ id, key, userId, name: cleanFileName(name, "file"), mediaType: MEDIA_TYPE, bytes });
  const options = { expiresInSeconds: SEND_WITHIN_MS / 1000, bytes, mediaType: MEDIA_TYPE };
  return { id, ...(await storage.signedPutUrl(key, options)) };
}

/**
 * Ends an upload: the file is taken from the storage and read as one that came in a request. What the client sent is
 * deleted, because its address stays valid for a while: the file that is kept is the one that was read.
 *
 * Throws `not_found` for an id that is not the caller's or has ended, `conflict` if nothing was sent yet or the upload
 * is being completed, and as `uploadFile` does. After an error that the same file would meet again, the upload has ended.
 */
export async function completeUpload(
  id: string | undefined,
  take: TakeMemory,
  context: FileContext,
  dependencies: DirectUploadDependencies,
): Promise<UploadedFile> {
  const { completing } = dependencies;
  const mark = `${context.caller.userId}/${id}`;
  // Sent twice, it would become two files.
  if (completing.has(mark)) throw new GatewayError("conflict", "The upload is being completed already.");
  completing.add(mark);
  try {
    return await completeOnce(id, take, context, dependencies);
  } finally {
    completing.delete(mark);
  }
}

async function completeOnce(
  id: string | undefined,
  take: TakeMemory,
  context: FileContext,
  dependencies: UploadDependencies,
): Promise<UploadedFile> {
  const used = storageOf(dependencies);
  const { caller, signal } = context;
  const upload = id === undefined ? undefined : await used.objects.findUpload(caller, id);
  if (upload === undefined) throw new GatewayError("not_found", "You have no such upload, or it has ended.");
  const end = (): Promise<void> => endUpload(caller.userId, upload, used, signal);
  try {
    const bytes = await sentBytes(upload.key, take, used, signal);
    const file = await uploadFile({ name: upload.name, bytes }, context, dependencies);
    await end();
    return file;
  } catch (error) {
    if (error instanceof GatewayError && isFinal(error)) await end();
    throw error;
  }
}

/** Whether the same file would fail again. */
function isFinal({ code }: GatewayError): boolean {
  return code === "payload_too_large" || code === "unsupported_media_type" || code === "unprocessable";
}

async function sentBytes(
  key: string,
  take: TakeMemory,
  { storage }: StorageDependencies,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const size = await storage.size(key, signal);
  if (size === undefined) {
    throw new GatewayError("conflict", "The file has not been sent to its url yet.");
  }
  if (size > MAX_FILE_BYTES) {
    throw new GatewayError("payload_too_large", `The file is larger than ${MAX_FILE_BYTES / 1024 ** 2} MB.`);
  }
  take(size);
  return storage.get(key, size, signal);
}

/** If the storage does not answer now, the object is deleted a day later. */
async function endUpload(
  userId: string,
  { id, key }: { id: string; key: string },
  { storage, objects }: StorageDependencies,
  signal: AbortSignal,
): Promise<void> {
  await objects.remove(userId, id);
  await storage.delete(key, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    if (!(error instanceof GatewayError)) throw error;
  });
}
