// The entry of the threads that read documents (started by document-pool.ts).
import { parentPort } from "node:worker_threads";
import type { DocumentReply, DocumentRequest } from "#lib/adapters/workers/document-messages.ts";
import { DocumentError } from "#lib/documents/document.ts";
import { readDocument } from "#lib/documents/read-document.ts";

const MAX_FAILURE = 500;

async function replyTo({ bytes }: DocumentRequest): Promise<DocumentReply> {
  try {
    return { type: "read", document: await readDocument(bytes, () => performance.now()) };
  } catch (error) {
    if (error instanceof DocumentError) {
      return { type: "refused", problem: error.problem, message: error.message };
    }
    return { type: "failed", message: String(error).slice(0, MAX_FAILURE) };
  }
}

// What a library leaves behind after a broken file ends neither the thread nor the file that it reads.
process.on("unhandledRejection", () => undefined);

// Not workerData: in a Turbopack build it arrives as {}.
parentPort?.on("message", async (request: DocumentRequest) => {
  parentPort?.postMessage(await replyTo(request));
});
