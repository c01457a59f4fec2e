import { DocumentPool } from "#lib/adapters/workers/document-pool.ts";
import type { DocumentReader } from "#lib/services/documents/document-reader.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** What reads the text of files. Its first thread starts with the first file. */
export function createDocumentReader(logger: Logger, clock: Clock): DocumentReader {
  return new DocumentPool(logger, clock);
}
