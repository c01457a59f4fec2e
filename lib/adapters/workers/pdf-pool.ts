import { Worker } from "node:worker_threads";
import type { PdfReply, PdfThreadRequest } from "#lib/adapters/workers/pdf-messages.ts";
import type { TaskKind } from "#lib/adapters/workers/task-kind.ts";
import { TaskPool, type TaskPoolOptions } from "#lib/adapters/workers/task-pool.ts";
import { writingExceeded } from "#lib/adapters/workers/writing-exceeded.ts";
import { MAX_PAGES, type WrittenPdf } from "#lib/export/pdf/draw-document.ts";
import type { PdfTask, PdfWriter } from "#lib/services/exports/pdf-writer.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const PDF_POOL: TaskPoolOptions = {
  timeoutMs: 30_000,
  heapMb: 320,
  // Fonts of Chinese are 8 MB a weight; pictures are unpacked.
  externalMb: 192,
  threads: 1,
  maxWaiting: 20,
  maxWaitMs: 30_000,
  idleMs: 30_000,
  maxTasksPerThread: 50,
};

const FAILED = "The document could not be written.";

const WRITING: TaskKind<PdfThreadRequest> = {
  name: "writes PDF documents",
  start: (resourceLimits) =>
    new Worker(new URL("./pdf-thread.ts", import.meta.url), {
      env: {},
      stdout: true,
      stderr: true,
      execArgv: [],
      resourceLimits,
    }),
  message: (message) => ({ message, transfer: [] }),
  exceeded: writingExceeded(FAILED, "send it in parts"),
  busy: "Too many documents are being written at the moment.",
};

/** Writes PDF documents in worker threads. */
export class PdfPool implements PdfWriter {
  readonly #pool: TaskPool<PdfThreadRequest, PdfReply>;
  readonly #clock: Clock;
  readonly #logger: Pick<Logger, "warn">;

  constructor(logger: Pick<Logger, "warn">, clock: Clock, options: Partial<TaskPoolOptions> = {}) {
    this.#pool = new TaskPool(WRITING, { ...PDF_POOL, ...options }, clock, logger);
    this.#clock = clock;
    this.#logger = logger;
  }

  async write({ document, owner }: PdfTask, signal: AbortSignal): Promise<WrittenPdf> {
    const request = { ...document, createdAt: this.#clock.wallNow(), root: process.cwd() };
    const reply = await this.#pool.run(request, owner, signal);
    switch (reply.type) {
      case "written":
        return reply;
      case "too_many_pages":
        throw new GatewayError(
          "payload_too_large",
          `The document would have more than ${MAX_PAGES.toLocaleString("en")} pages: send it in parts.`,
        );
      case "failed":
        this.#logger.warn("A PDF document could not be written.", { reason: reply.message });
        throw new GatewayError("internal_error", FAILED);
    }
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
