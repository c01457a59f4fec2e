import { createHash } from "node:crypto";
import { DocumentError } from "#lib/documents/document.ts";
import { type ImageType, imageType } from "#lib/documents/kind.ts";
import { type AttachedFile, MAX_FILE_BYTES } from "#lib/services/documents/attached-file.ts";
import type { DocumentReader } from "#lib/services/documents/document-reader.ts";
import { cleanFileName } from "#lib/services/documents/file-name.ts";
import { decodeBase64 } from "#lib/shared/base64.ts";
import { asBuffer } from "#lib/shared/bytes.ts";
import { othersTurn } from "#lib/shared/event-loop.ts";

/** The file as its sender gave it. */
export type GivenFile = { name: string | undefined; bytes: Uint8Array };

/** Where files are read, for whom (their user), and until when. */
export type Reading = { reader: DocumentReader; owner: string; signal: AbortSignal };

/** Bytes that say whether a file is an image. */
const HEAD = 4_096;
/** Bytes that may stand before a PDF, as in all common viewers. */
const MAX_BEFORE_PDF = 1_024;

/**
 * Reads a file, whatever its sender says that it is. Throws `DocumentError`, and the signal's reason if it aborts.
 */
export async function readFile(
  { name: givenName, bytes }: GivenFile,
  { reader, owner, signal }: Reading,
): Promise<AttachedFile> {
  if (bytes.length > MAX_FILE_BYTES) {
    throw new DocumentError("too_large", `The file is larger than ${MAX_FILE_BYTES / 1024 ** 2} MB.`);
  }
  const file = factsOf(bytes);
  const image = await imageType(bytes.subarray(0, HEAD));
  if (image !== undefined) return { ...file, ...imageOf(givenName, bytes, image) };
  const isPdf = asBuffer(bytes).subarray(0, MAX_BEFORE_PDF).includes("%PDF-");
  const name = cleanFileName(givenName, isPdf ? "document.pdf" : "document");
  await othersTurn();
  try {
    const { kind: type, pages, sections, notes } = await reader.read({ name, bytes, owner }, signal);
    return { ...file, name, type, pages, document: { sections, notes } };
  } catch (error) {
    if (!isPdf || !(error instanceof DocumentError) || error.problem !== "no_text") throw error;
    return { ...file, name, type: "pdf", dataUrl: dataUrl("application/pdf", bytes) };
  }
}

/** The image of a message, a `data:` URL, as a file; undefined if it is none of those that engines take. */
export async function imageFile(url: string): Promise<AttachedFile | undefined> {
  const bytes = decodeBase64(url);
  const image = await imageType(bytes.subarray(0, HEAD));
  if (image === undefined || bytes.length > MAX_FILE_BYTES) return undefined;
  return { ...factsOf(bytes), ...imageOf(undefined, bytes, image) };
}

function factsOf(bytes: Uint8Array): Pick<AttachedFile, "bytes" | "digest"> {
  return { bytes: bytes.length, digest: createHash("sha256").update(bytes).digest("hex") };
}

function imageOf(
  givenName: string | undefined,
  bytes: Uint8Array,
  type: ImageType,
): Pick<AttachedFile, "name" | "type" | "dataUrl"> {
  const name = cleanFileName(givenName, `image.${type}`);
  return { name, type: "image", dataUrl: dataUrl(`image/${type}`, bytes) };
}

function dataUrl(mediaType: string, bytes: Uint8Array): string {
  return `data:${mediaType};base64,${asBuffer(bytes).toString("base64")}`;
}
