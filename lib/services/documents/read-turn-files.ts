import type { AttachedFile, AttachedFiles, UnreadFile } from "#lib/services/documents/attached-file.ts";
import type { AttachmentStore } from "#lib/services/documents/attachment-store.ts";
import { documentFailure } from "#lib/services/documents/document-failure.ts";
import type { DocumentReader } from "#lib/services/documents/document-reader.ts";
import { cleanFileName } from "#lib/services/documents/file-name.ts";
import { readFile } from "#lib/services/documents/read-file.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import { decodeBase64 } from "#lib/shared/base64.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { othersTurn } from "#lib/shared/event-loop.ts";

/** A file of a message: one that was uploaded before, or its data in base64 (`isBase64`). */
export type FileInput = { id: string } | { name?: string | undefined; data: string };

export type FileDependencies = {
  /** Reads files; made with the first of them. */
  reader(): DocumentReader;
  attachments: AttachmentStore;
};

export type FileContext = { caller: Caller; signal: AbortSignal };

/** What a file without a name is called in an error. */
const UNNAMED = "The file";

/**
 * Reads the files of a message, before anything is counted or stored. One that cannot be read is an error if it is
 * the only one, and is named among several.
 *
 * Throws `not_found` for an id that is not the caller's, `unsupported_media_type`, `payload_too_large` or
 * `unprocessable` for a single file, `overloaded` if too many files wait, and the signal's reason if it aborts.
 */
export async function readTurnFiles(
  inputs: readonly FileInput[],
  context: FileContext,
  dependencies: FileDependencies,
): Promise<AttachedFiles> {
  const stored = await storedFiles(inputs, context, dependencies);
  // What ends the request ends the reading of its other files.
  const others = new AbortController();
  const signal = AbortSignal.any([context.signal, others.signal]);
  const read = await Promise.all(
    inputs.map(async (input): Promise<Outcome> => {
      if ("id" in input) return stored.get(input.id);
      const name = cleanFileName(input.name, UNNAMED);
      // Each of several files takes its own turn of the event loop.
      await othersTurn();
      try {
        const file = { name: input.name, bytes: decodeBase64(input.data) };
        const owner = context.caller.userId;
        return await readFile(file, { reader: dependencies.reader(), owner, signal });
      } catch (thrown) {
        const failure = documentFailure(thrown, name);
        if (inputs.length === 1 || !(failure instanceof GatewayError) || failure === thrown) {
          others.abort(failure);
          throw failure;
        }
        return { name, reason: failure.message.slice(name.length + 2) };
      }
    }),
  );
  // In the order of the message, whichever was read first.
  return { files: eachOnce(read.filter(isRead)), unread: read.filter(isUnread) };
}

type Outcome = AttachedFile | UnreadFile | undefined;

function isUnread(outcome: Outcome): outcome is UnreadFile {
  return outcome !== undefined && "reason" in outcome;
}

function isRead(outcome: Outcome): outcome is AttachedFile {
  return outcome !== undefined && !isUnread(outcome);
}

/** Those that were uploaded before, by id. */
async function storedFiles(
  inputs: readonly FileInput[],
  { caller, signal }: FileContext,
  { attachments }: FileDependencies,
): Promise<ReadonlyMap<string, AttachedFile>> {
  const ids = [...new Set(inputs.flatMap((input) => ("id" in input ? [input.id] : [])))];
  if (ids.length === 0) return new Map();
  const { files, unloaded } = await attachments.find(caller, ids, signal);
  const found = new Map(files.flatMap((file) => (file.id === undefined ? [] : [[file.id, file] as const])));
  const [tooMuch] = unloaded;
  if (tooMuch !== undefined) {
    throw new GatewayError(
      "payload_too_large",
      `The files are too much for one message, from ${tooMuch.name} on. Send fewer of them.`,
    );
  }
  const missing = ids.find((id) => !found.has(id));
  if (missing === undefined) return found;
  throw new GatewayError("not_found", `You have no file ${missing}. Upload it again.`, {
    details: { param: "files", id: missing },
  });
}

/** Without those that are the same file as an earlier one. */
function eachOnce(files: readonly AttachedFile[]): AttachedFile[] {
  const byDigest = new Map<string, AttachedFile>();
  for (const file of files) {
    if (!byDigest.has(file.digest)) byDigest.set(file.digest, file);
  }
  return [...byDigest.values()];
}
