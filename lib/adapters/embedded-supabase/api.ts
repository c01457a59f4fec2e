import { createWriteStream } from "node:fs";
import { Worker } from "node:worker_threads";
import type { ApiReply, ApiRequest } from "#lib/adapters/embedded-supabase/api-messages.ts";
import { embeddedUnavailable } from "#lib/adapters/embedded-supabase/missing-dependencies.ts";

export type RunningApi = {
  url: string;
  /** Versions of the migrations that this start applied. */
  applied: string[];
  stop(): Promise<void>;
};

export type ApiThread = {
  /** Brings the database up to date and serves the Supabase API over it on 127.0.0.1. Once. */
  serve(request: ApiRequest): Promise<RunningApi>;
  stop(): Promise<void>;
};

/**
 * Opens the thread in which `@supabase/lite` will run, which begins to load at once.
 *
 * A thread of its own, because lite writes every refused query to the console (each used-up quota
 * would be a stack trace), replaces `process.emitWarning`, and spends CPU on passwords.
 * @param logFile where the thread's output goes; nowhere when undefined.
 */
export function openApiThread(logFile: string | undefined): ApiThread {
  const worker = new Worker(new URL("./api-thread.ts", import.meta.url), {
    stdout: true,
    stderr: true,
    // The host's flags (a test runner's loaders) are not for this thread.
    execArgv: [],
  });
  if (logFile === undefined) {
    worker.stdout.resume();
    worker.stderr.resume();
  } else {
    const log = createWriteStream(logFile, { mode: 0o600 });
    worker.stdout.pipe(log, { end: false });
    worker.stderr.pipe(log, { end: false });
  }
  const stop = async (): Promise<void> => {
    await worker.terminate();
  };
  const replied = new Promise<ApiReply>((resolve) => {
    const fail = (message: string): void => resolve({ type: "failed", message, stack: undefined });
    worker.once("message", resolve);
    worker.once("error", (error: unknown) => fail(error instanceof Error ? error.message : String(error)));
    worker.once("exit", (code) => fail(`its thread ended with ${code}`));
  });
  return {
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
