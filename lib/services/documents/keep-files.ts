import type { AttachedFile } from "#lib/services/documents/attached-file.ts";
import type { AttachmentStore } from "#lib/services/documents/attachment-store.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import type { LogFields, Logger } from "#lib/services/ports.ts";

export type KeepDependencies = { attachments: AttachmentStore; logger: Pick<Logger, "error"> };

/**
 * Gives the files of a turn to its session, so that its later turns have them. Never rejects: a file that could not
 * be kept has to be sent again.
 */
export async function keepFiles(
  files: readonly AttachedFile[],
  { caller, sessionId, logFields }: { caller: Caller; sessionId: string; logFields: LogFields },
  { attachments, logger }: KeepDependencies,
): Promise<void> {
  // In their order, which is the order in which later turns list them.
  for (const file of files) {
    if (file.sessionId === sessionId) continue;
    const freeId = file.sessionId === undefined ? file.id : undefined;
    try {
      const isBound = freeId !== undefined && (await attachments.bind(caller, freeId, sessionId));
      if (!isBound) await attachments.add(caller, file, sessionId);
    } catch (error) {
      logger.error("A file could not be kept with its session.", error, logFields);
    }
  }
}
