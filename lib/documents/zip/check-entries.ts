import type { Entry } from "yauzl";
import { DocumentError } from "#lib/documents/document.ts";
import { ZIP_LIMITS } from "#lib/documents/zip/zip-limits.ts";

/** Bytes of the header in front of each file, without its name. */
const LOCAL_HEADER_BYTES = 30;
/** Not compressed, and deflate: all that Office writes. */
const METHODS: ReadonlySet<number> = new Set([0, 8]);

const TOO_LARGE =
  "The file unpacks to far more than its size, more than can be read. Send a smaller part of it, or save it as a PDF.";

/** @throws DocumentError `too_large` */
export function checkEntryCount(count: number): void {
  if (count > ZIP_LIMITS.entries) throw new DocumentError("too_large", TOO_LARGE);
}

/**
 * What the central directory says of the files, before any is unpacked. Files that share bytes (overlapping
 * entries unpack one bomb many times over) and files of one name (each reader takes another of them) are in
 * no archive that Office writes.
 * @param fileBytes Size of the archive.
 * @throws DocumentError `too_large`, `encrypted` or `damaged`
 */
export function checkEntries(entries: readonly Entry[], fileBytes: number): void {
  checkSizes(entries, fileBytes);
  if (entries.some((entry) => entry.isEncrypted())) throw encryptedError();
  if (entries.some((entry) => !METHODS.has(entry.compressionMethod))) throw damagedError();
  checkNames(entries);
  checkPlaces(entries, fileBytes);
}

export function damagedError(): DocumentError {
  return new DocumentError(
    "damaged",
    "The file is damaged or not complete. Open it in Office, save it under a new name and send that.",
  );
}

export function tooLargeError(): DocumentError {
  return new DocumentError("too_large", TOO_LARGE);
}

export function encryptedError(): DocumentError {
  return new DocumentError("encrypted", "The file needs a password. Save it without one and send it again.");
}

function checkSizes(entries: readonly Entry[], fileBytes: number): void {
  const total = entries.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
  if (total > ZIP_LIMITS.totalBytes) throw tooLargeError();
  if (total > ZIP_LIMITS.ratioFreeBytes && total > fileBytes * ZIP_LIMITS.ratio) throw tooLargeError();
}

function checkNames(entries: readonly Entry[]): void {
  const names = new Set(entries.map(entryName));
  if (names.size < entries.length) throw damagedError();
}

function checkPlaces(entries: readonly Entry[], fileBytes: number): void {
  let end = 0;
  for (const entry of entries.toSorted(byPlace)) {
    if (entry.relativeOffsetOfLocalHeader < end) throw damagedError();
    end =
      entry.relativeOffsetOfLocalHeader + LOCAL_HEADER_BYTES + entry.fileNameLength + entry.compressedSize;
  }
  if (end > fileBytes) throw damagedError();
}

function byPlace(one: Entry, other: Entry): number {
  return one.relativeOffsetOfLocalHeader - other.relativeOffsetOfLocalHeader;
}

/** The name of an entry as `partName` writes it. Some writers put backslashes into it, or a slash in front. */
export function entryName(entry: Entry): string {
  return partName(entry.fileNameRaw.toString().replaceAll("\\", "/"));
}

/** Names of parts are the same in any case (ECMA-376 part 2, 6.2.2), and have no slash in front. */
export function partName(path: string): string {
  return path.replace(/^\/+/, "").toLowerCase();
}
