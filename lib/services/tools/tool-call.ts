import { linkAbort, NO_LONGER_NEEDED } from "#lib/shared/abort.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import type { ToolCall } from "#lib/tools/detect.ts";
import type { ToolResult } from "#lib/tools/tool.ts";

type Ending =
  | { status: "ok"; result: ToolResult }
  | { status: "failed"; error: unknown }
  | { status: "timeout" }
  /** The client disconnected, or the turn was given up. */
  | { status: "cancelled" };

/** How a call of a tool ended. */
export type ToolOutcome = { call: ToolCall; latencyMs: number } & Ending;

export type ToolCallContext = {
  signal: AbortSignal;
  /** The user for whom it is called, if it is known. */
  owner?: string | undefined;
  clock: Clock;
  /** Called once, at the moment in which the call ends: on an abort before the turn itself is recorded. */
  onEnd(outcome: ToolOutcome): void;
};

/**
 * Calls a tool, for its time-out at most, whether it heeds its signal or not. Never rejects.
 */
export function callTool(
  call: ToolCall,
  { signal, owner, clock, onEnd }: ToolCallContext,
): Promise<ToolOutcome> {
  const { tool, input } = call;
  const startedAt = clock.now();
  const { promise, resolve } = Promise.withResolvers<ToolOutcome>();
  const { controller, unlink } = linkAbort(signal);
  let isOver = false;
  const end = (ending: Ending): void => {
    if (isOver) return;
    isOver = true;
    timer.cancel();
    unlink();
    signal.removeEventListener("abort", cancel);
    const outcome = { ...ending, call, latencyMs: clock.now() - startedAt };
    onEnd(outcome);
    resolve(outcome);
  };
  const cancel = (): void => end({ status: "cancelled" });
  const timer = clock.after(tool.timeoutMs, () => {
    end({ status: "timeout" });
    controller.abort(NO_LONGER_NEEDED);
  });
  if (signal.aborted) {
    cancel();
    return promise;
  }
  signal.addEventListener("abort", cancel, { once: true });
  const running = (async () => tool.run(input, { signal: controller.signal, owner }))();
  running.then(
    (result) => end({ status: "ok", result }),
    (error: unknown) => end({ status: "failed", error }),
  );
  return promise;
}

/** Why there is no data, for the user and the model. Only our own errors have words for them. */
export function reasonOf(outcome: Exclude<ToolOutcome, { status: "ok" }>): string {
  switch (outcome.status) {
    case "failed":
      return outcome.error instanceof GatewayError ? outcome.error.message : "It failed.";
    case "timeout":
      return "It did not answer in time.";
    case "cancelled":
      return "It was cancelled.";
  }
}
