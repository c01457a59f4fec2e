import type { FinishReason } from "#lib/chat/events.ts";

/** The reason that agrees with what the answer has: calls must be run, and without calls nothing can be. */
export function consistentReason(reason: FinishReason, hasCalls: boolean): FinishReason {
  if (reason === "stop" && hasCalls) return "tool_calls";
  return reason === "tool_calls" && !hasCalls ? "stop" : reason;
}

/**
 * The finish reason that stands after another one without content between them. A plain `stop` does not hide
 * why the answer ended before: some proxies send one at the end of every stream.
 */
export function latestReason(
  before: string | undefined,
  native: string,
  reasonOf: (native: string) => FinishReason,
): string {
  if (before === undefined) return native;
  return reasonOf(native) === "stop" && reasonOf(before) !== "stop" ? before : native;
}
