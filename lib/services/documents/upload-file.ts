import type { AttachedFile } from "#lib/services/documents/attached-file.ts";
import { documentFailure } from "#lib/services/documents/document-failure.ts";
import { cleanFileName } from "#lib/services/documents/file-name.ts";
import { keepOriginal, type OriginalDependencies } from "#lib/services/documents/keep-original.ts";
import { type GivenFile, readFile } from "#lib/services/documents/read-file.ts";
import type { FileContext, FileDependencies } from "#lib/services/documents/read-turn-files.ts";

export type UploadDependencies = FileDependencies & OriginalDependencies;

/** A file that was uploaded, and whether its bytes are kept beside its text. */
export type UploadedFile = AttachedFile & { hasOriginal: boolean };

/**
 * Reads a file and stores what was read, and with an object storage its bytes. Throws `unsupported_media_type`,
 * `payload_too_large` or `unprocessable` for the file, `overloaded` if too many wait, and as the store does.
 */
export async function uploadFile(
  given: GivenFile,
  { caller, signal }: FileContext,
  { reader, attachments, ...original }: UploadDependencies,
): Promise<UploadedFile> {
  let file: AttachedFile;
  try {
    file = await readFile(given, { reader: reader(), owner: caller.userId, signal });
  } catch (thrown) {
    throw documentFailure(thrown, cleanFileName(given.name, "The file"));
  }
  const id = await attachments.add(caller, file);
  if (id === undefined) return { ...file, hasOriginal: false };
  const stored = { ...file, id };
  const owned = { file: stored, bytes: given.bytes, userId: caller.userId };
  return { ...stored, hasOriginal: await keepOriginal(owned, signal, original) };
}
