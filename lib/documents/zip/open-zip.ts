import type { Readable } from "node:stream";
import { type Entry, fromBufferPromise, type ZipFile } from "yauzl";
import { DocumentError } from "#lib/documents/document.ts";
import {
  checkEntries,
  checkEntryCount,
  damagedError,
  encryptedError,
  entryName,
  partName,
  tooLargeError,
} from "#lib/documents/zip/check-entries.ts";
import { ZIP_LIMITS } from "#lib/documents/zip/zip-limits.ts";
import { asBuffer } from "#lib/shared/bytes.ts";

/** The files in an archive. Each is unpacked when it is asked for, so that pictures and other archives never are. */
export type Archive = {
  has(path: string): boolean;
  /**
   * The bytes of a file, as they are unpacked. Leaving the loop ends the work.
   * @throws DocumentError `damaged` when it is not there, or other than the directory says.
   */
  read(path: string): AsyncGenerator<Uint8Array>;
};

/**
 * Opens an archive and checks its directory. Nothing is unpacked yet.
 * @throws DocumentError `too_large`, `encrypted` or `damaged`
 */
export async function openZip(bytes: Uint8Array): Promise<Archive> {
  try {
    // Names are only looked up, never written to a disk, so that those with `..` or a slash in front do no harm.
    const options = { lazyEntries: true, validateEntrySizes: true, decodeStrings: false };
    const zip = await fromBufferPromise(asBuffer(bytes), options);
    checkEntryCount(zip.entryCount);
    const entries: Entry[] = [];
    for await (const entry of zip.eachEntry()) entries.push(entry);
    checkEntries(entries, bytes.length);
    return archiveOf(zip, new Map(entries.map((entry) => [entryName(entry), entry])));
  } catch (error) {
    throw asDocumentError(error);
  }
}

function archiveOf(zip: ZipFile, entries: ReadonlyMap<string, Entry>): Archive {
  let unpacked = 0;
  return {
    has: (path) => entries.has(partName(path)),
    async *read(path) {
      const entry = entries.get(partName(path));
      if (entry === undefined) throw damagedError();
      for await (const chunk of unpack(zip, entry)) {
        // A part may be read more than once, so what was declared in all is no bound.
        unpacked += chunk.length;
        if (unpacked > ZIP_LIMITS.totalBytes) throw tooLargeError();
        yield chunk;
      }
    },
  };
}

/** yauzl ends with an error as soon as there are more bytes than the directory says. */
async function* unpack(zip: ZipFile, entry: Entry): AsyncGenerator<Uint8Array> {
  let stream: Readable | undefined;
  try {
    stream = await zip.openReadStreamPromise(entry);
    for await (const chunk of stream) yield chunk;
  } catch (error) {
    throw asDocumentError(error);
  } finally {
    stream?.destroy();
  }
}

function asDocumentError(error: unknown): DocumentError {
  if (error instanceof DocumentError) return error;
  // yauzl's own words for archives whose directory itself is encrypted.
  return error instanceof Error && error.message.includes("encryption") ? encryptedError() : damagedError();
}
