import type { FinishReason } from "#lib/chat/events.ts";

const FINISH_REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["tool_use", "tool_calls"],
  ["refusal", "content_filter"],
  // The client sends the turn back, and the model goes on.
  ["pause_turn", "length"],
  ["compaction", "length"],
  // The words of another API, which proxies may leave in.
  ["stop", "stop"],
  ["length", "length"],
  ["tool_calls", "tool_calls"],
  ["content_filter", "content_filter"],
]);

/** The finish reason behind a `stop_reason`; `other` if it is unknown. */
export function reasonOf(native: string): FinishReason {
  return FINISH_REASONS.get(native) ?? "other";
}
