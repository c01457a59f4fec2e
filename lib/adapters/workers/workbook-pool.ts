import { Worker } from "node:worker_threads";
import type { TaskKind } from "#lib/adapters/workers/task-kind.ts";
import { TaskPool, type TaskPoolOptions } from "#lib/adapters/workers/task-pool.ts";
import type { WorkbookReply, WorkbookRequest } from "#lib/adapters/workers/workbook-messages.ts";
import { writingExceeded } from "#lib/adapters/workers/writing-exceeded.ts";
import type { WorkbookTask, WorkbookWriter } from "#lib/services/exports/workbook-writer.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** The largest table takes less than a second, and half of the memory; on a busy machine, several. */
const WORKBOOK_POOL: TaskPoolOptions = {
  timeoutMs: 20_000,
  heapMb: 128,
  externalMb: 64,
  threads: 1,
  maxWaiting: 20,
  maxWaitMs: 20_000,
  idleMs: 30_000,
  maxTasksPerThread: 50,
};

const FAILED = "The workbook could not be written.";

const WRITING: TaskKind<WorkbookRequest> = {
  name: "writes workbooks",
  start: (resourceLimits) =>
    new Worker(new URL("./workbook-thread.ts", import.meta.url), {
      env: {},
      stdout: true,
      stderr: true,
      execArgv: [],
      resourceLimits,
    }),
  message: (message) => ({ message, transfer: [] }),
  exceeded: writingExceeded(FAILED, "send less of the table"),
  busy: "Too many workbooks are being written at the moment.",
};

/** Writes workbooks in worker threads. */
export class WorkbookPool implements WorkbookWriter {
  readonly #pool: TaskPool<WorkbookRequest, WorkbookReply>;
  readonly #logger: Pick<Logger, "warn">;

  constructor(logger: Pick<Logger, "warn">, clock: Clock, options: Partial<TaskPoolOptions> = {}) {
    this.#pool = new TaskPool(WRITING, { ...WORKBOOK_POOL, ...options }, clock, logger);
    this.#logger = logger;
  }

  async write({ tables, owner }: WorkbookTask, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const reply = await this.#pool.run({ tables }, owner, signal);
    switch (reply.type) {
      case "written":
        return reply.bytes;
      case "failed":
        this.#logger.warn("A workbook could not be written.", { reason: reply.message });
        throw new GatewayError("internal_error", FAILED);
    }
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
