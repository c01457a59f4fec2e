import type { FinishReason } from "#lib/chat/events.ts";

/**
 * Finish reasons of OpenAI-compatible engines, in lower case: OpenAI's own, those of other APIs that proxies
 * pass on unchanged, and inventions.
 */
const FINISH_REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ...names("stop", "stop stop_sequence end_turn eos eos_token end complete completed done finish finished"),
  ...names(
    "length",
    "length max_tokens max_length max_output_tokens max_new_tokens model_length token_limit",
  ),
  ...names("length", "error_limit truncated incomplete context_length context_length_exceeded"),
  ...names("length", "context_window_exceeded model_context_window_exceeded pause_turn compaction"),
  ...names("tool_calls", "tool_calls tool_call tool_use function_call function_calls"),
  ...names("content_filter", "content_filter content_filtered content_policy safety refusal sensitive"),
  ...names("content_filter", "guardrail_intervened error_toxic recitation language blocklist"),
  ...names("content_filter", "prohibited_content spii image_safety image_prohibited_content"),
]);

/**
 * Reasons that mean that the engine broke down: DeepSeek's `insufficient_system_resource`, z.ai's
 * `network_error`, the `abort` of vLLM and SGLang, Gemini's unreadable calls behind a proxy.
 */
const BROKEN: ReadonlySet<string> = new Set([
  "error",
  "abort",
  "aborted",
  "cancelled",
  "canceled",
  "failed",
  "timeout",
  "network_error",
  "server_error",
  "internal_error",
  "internal_server_error",
  "insufficient_system_resource",
  "malformed_function_call",
  "malformed_response",
  "unexpected_tool_call",
  "too_many_tool_calls",
]);

/** The finish reason behind an engine's own word; `other` if it is unknown. */
export function finishReasonOf(native: string): FinishReason {
  return FINISH_REASONS.get(native.toLowerCase()) ?? "other";
}

/** Whether the engine says that it broke down, so that the answer is not complete. */
export function isBreakdown(native: string): boolean {
  return BROKEN.has(native.toLowerCase());
}

function names(reason: FinishReason, natives: string): [string, FinishReason][] {
  return natives.split(" ").map((native) => [native, reason]);
}
