import type { AttachedFile } from "#lib/services/documents/attached-file.ts";
import { documentFailure } from "#lib/services/documents/document-failure.ts";
import { cleanFileName } from "#lib/services/documents/file-name.ts";
import { type GivenFile, readFile } from "#lib/services/documents/read-file.ts";
import type { FileContext, FileDependencies } from "#lib/services/documents/read-turn-files.ts";

/**
 * Reads a file and stores what was read. Throws `unsupported_media_type`, `payload_too_large` or `unprocessable`
 * for the file, `overloaded` if too many wait, and as the store does.
 */
export async function uploadFile(
  given: GivenFile,
  { caller, signal }: FileContext,
  { reader, attachments }: FileDependencies,
): Promise<AttachedFile> {
  let file: AttachedFile;
  try {
    file = await readFile(given, { reader: reader(), owner: caller.userId, signal });
  } catch (thrown) {
    throw documentFailure(thrown, cleanFileName(given.name, "The file"));
  }
  return { ...file, id: await attachments.add(caller, file) };
}
