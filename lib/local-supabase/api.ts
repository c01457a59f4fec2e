import { createWriteStream } from "node:fs";
import type { Readable } from "node:stream";
import { Worker } from "node:worker_threads";
import type { ApiReply, ApiRequest } from "#lib/local-supabase/api-messages.ts";
import { embeddedUnavailable } from "#lib/local-supabase/missing-dependencies.ts";
import type { Logger } from "#lib/services/ports.ts";

export type RunningApi = {
  url: string;
  /** Versions of the migrations that this start applied. */
  applied: string[];
  stop(): Promise<void>;
};

export type ApiThread = {
  /** False once the thread has ended, for whatever reason. */
  readonly isRunning: boolean;
  /** Applies migrations and serves the Supabase API over the database on 127.0.0.1. Call it once. */
  serve(request: ApiRequest): Promise<RunningApi>;
  stop(): Promise<void>;
};

/** The file for the thread's output, and the logger for failures to write it. */
export type ApiLog = { file: string; logger: Logger };

/**
 * Opens the thread in which `@supabase/lite` will run, which begins to load at once.
 *
 * A separate thread, because lite writes every refused query to the console (a stack trace for each exceeded
 * quota), replaces `process.emitWarning`, and spends CPU on passwords.
 * @param log for the thread's output, which is discarded without it.
 */
export function openApiThread(log: ApiLog | undefined): ApiThread {
  const worker = new Worker(new URL("./api-thread.ts", import.meta.url), {
    stdout: true,
    stderr: true,
    // Without the flags of the host, such as a test runner's loaders.
    execArgv: [],
  });
  const closeLog = collectOutput([worker.stdout, worker.stderr], log);
  let isRunning = true;
  const stop = async (): Promise<void> => {
    await worker.terminate();
  };
  const replied = new Promise<ApiReply>((resolve) => {
    const fail = (message: string): void => resolve({ type: "failed", message, stack: undefined });
    worker.once("message", resolve);
    worker.on("error", (error: unknown) => {
      log?.logger.error("The thread of the local Supabase failed.", error);
      fail(error instanceof Error ? error.message : String(error));
    });
    worker.once("exit", (code) => {
      isRunning = false;
      closeLog();
      fail(`its thread ended with ${code}`);
    });
  });
  return {
    get isRunning() {
      return isRunning;
    },
    stop,
    async serve(request) {
      worker.postMessage(request);
      const reply = await replied;
      if (reply.type === "listening") {
        return { url: `http://127.0.0.1:${reply.port}`, applied: reply.applied, stop };
      }
      await stop();
      if (reply.type === "missing") throw embeddedUnavailable(reply.reason);
      throw new Error(`The embedded Supabase does not start: ${reply.message}`, { cause: reply.stack });
    },
  };
}

/** If the log cannot be written (a full disk), only its lines are lost. Returns how to close it. */
function collectOutput(outputs: readonly Readable[], log: ApiLog | undefined): () => void {
  const discard = (): void => {
    for (const output of outputs) output.unpipe().resume();
  };
  if (log === undefined) {
    discard();
    return () => undefined;
  }
  const file = createWriteStream(log.file, { flags: "a", mode: 0o600 });
  file.on("error", (error) => {
    log.logger.error(`The log of the local Supabase, ${log.file}, cannot be written any more.`, error);
    discard();
  });
  for (const output of outputs) output.pipe(file, { end: false });
  return () => file.end();
}
