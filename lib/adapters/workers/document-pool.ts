import { Worker } from "node:worker_threads";
import type { DocumentReply, DocumentRequest } from "#lib/adapters/workers/document-messages.ts";
import type { Excess, TaskKind } from "#lib/adapters/workers/task-kind.ts";
import { TaskPool, type TaskPoolOptions } from "#lib/adapters/workers/task-pool.ts";
import { type Document, DocumentError } from "#lib/documents/document.ts";
import type { DocumentReader, FileBytes } from "#lib/services/documents/document-reader.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";

const DOCUMENT_POOL: TaskPoolOptions = {
  timeoutMs: 10_000,
  heapMb: 64,
  externalMb: 64,
  threads: 2,
  maxWaiting: 40,
  maxWaitMs: 20_000,
  idleMs: 30_000,
  maxTasksPerThread: 50,
};

const WHY: Readonly<Record<Excess, string>> = {
  time: "Reading it took too long.",
  memory: "Reading it took too much memory.",
  interrupted: "It could not be read to its end.",
};

const READING: TaskKind<Uint8Array> = {
  name: "reads documents",
  start: (resourceLimits) =>
    new Worker(new URL("./document-thread.ts", import.meta.url), {
      env: {},
      stdout: true,
      stderr: true,
      execArgv: [],
      resourceLimits,
    }),
  message: (bytes) => {
    // A copy is transferred: the caller may still need its bytes, and a transfer would take them away.
    const copy = new Uint8Array(bytes);
    const message: DocumentRequest = { bytes: copy };
    return { message, transfer: [copy.buffer] };
  },
  exceeded: (excess) =>
    new DocumentError(
      "too_complex",
      `The file is too complex. ${WHY[excess]} Send a part of it, or save it in a simpler form.`,
    ),
  busy: "Too many documents are being read at the moment.",
};

/** Reads documents in worker threads. */
export class DocumentPool implements DocumentReader {
  readonly #pool: TaskPool<Uint8Array, DocumentReply>;
  readonly #logger: Pick<Logger, "warn">;

  constructor(logger: Pick<Logger, "warn">, clock: Clock, options: Partial<TaskPoolOptions> = {}) {
    this.#pool = new TaskPool(READING, { ...DOCUMENT_POOL, ...options }, clock, logger);
    this.#logger = logger;
  }

  /** Rejects also with `overloaded` if too many files wait. */
  async read(file: FileBytes, signal: AbortSignal): Promise<Document> {
    const reply = await this.#pool.run(file.bytes, file.owner, signal);
    switch (reply.type) {
      case "read":
        return reply.document;
      case "refused":
        throw new DocumentError(reply.problem, reply.message);
      case "failed":
        this.#logger.warn("A document could not be read.", { reason: reply.message });
        throw new DocumentError(
          "damaged",
          "The file is damaged and cannot be read. Save it anew, or send another.",
        );
    }
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
