import type { AttachedFile, FileType } from "#lib/services/documents/attached-file.ts";
import type { Logger } from "#lib/services/ports.ts";
import { type StorageDependencies, storeObject } from "#lib/services/storage/store-object.ts";

export type OriginalDependencies = {
  /** Undefined where there is no object storage: then nobody keeps the bytes of documents. */
  storage(): StorageDependencies | undefined;
  logger: Pick<Logger, "error">;
};

export type OwnedFile = { file: AttachedFile & { id: string }; bytes: Uint8Array; userId: string };

/** Those of a workbook or a document with macros are the same: browsers only save them. */
const MEDIA_TYPES: Readonly<Record<Exclude<FileType, "image">, string>> = {
  pdf: "application/pdf",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
};

/**
 * Stores the bytes of a file, from which they can be downloaded later, and returns whether they are there. A file
 * whose text is stored is of use without them, so that a failure of the storage is logged, not thrown.
 */
export async function keepOriginal(
  { file, bytes, userId }: OwnedFile,
  signal: AbortSignal,
  { storage, logger }: OriginalDependencies,
): Promise<boolean> {
  const dependencies = storage();
  if (dependencies === undefined) return false;
  const owner = { userId, attachmentId: file.id };
  try {
    const object = { kind: "attachments", bytes, name: file.name, owner, ...formatOf(file) } as const;
    await storeObject(object, signal, dependencies);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    logger.error("The bytes of an uploaded file could not be stored; its text is.", error);
    return false;
  }
}

function formatOf({ type, dataUrl = "" }: AttachedFile): { mediaType: string; extension: string } {
  if (type !== "image") return { mediaType: MEDIA_TYPES[type], extension: type };
  const [, image = "png"] = /^data:image\/(\w+)/.exec(dataUrl) ?? [];
  return { mediaType: `image/${image}`, extension: image };
}
