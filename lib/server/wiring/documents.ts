import { createSupabaseAttachmentStore } from "#lib/adapters/supabase/attachment-store.ts";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { DocumentPool } from "#lib/adapters/workers/document-pool.ts";
import type { DirectUploadDependencies } from "#lib/services/documents/direct-upload.ts";
import type { DocumentReader } from "#lib/services/documents/document-reader.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** What reads the text of files. Its first thread starts with the first file. */
export function createDocumentReader(logger: Logger, clock: Clock): DocumentReader {
  return new DocumentPool(logger, clock);
}

export type FileParts = Pick<DirectUploadDependencies, "reader" | "storage" | "logger"> & {
  clients: SupabaseClients;
};

/** The users' files: what reads them, and where they are kept. */
export function createFiles({ clients, ...parts }: FileParts): DirectUploadDependencies {
  return { ...parts, completing: new Set(), attachments: createSupabaseAttachmentStore({ clients }) };
}
