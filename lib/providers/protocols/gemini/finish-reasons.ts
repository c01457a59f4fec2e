import type { FinishReason } from "#lib/chat/events.ts";

const FINISH_REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ["STOP", "stop"],
  ["MAX_TOKENS", "length"],
  ["SAFETY", "content_filter"],
  ["RECITATION", "content_filter"],
  ["LANGUAGE", "content_filter"],
  ["BLOCKLIST", "content_filter"],
  ["PROHIBITED_CONTENT", "content_filter"],
  ["SPII", "content_filter"],
  ["MODEL_ARMOR", "content_filter"],
  ["IMAGE_SAFETY", "content_filter"],
  ["IMAGE_PROHIBITED_CONTENT", "content_filter"],
  ["IMAGE_RECITATION", "content_filter"],
]);

/**
 * The model wrote something that cannot be parsed. Counts as no answer, or as one that broke off: the next
 * engine is tried.
 */
const BROKEN = new Set([
  "MALFORMED_FUNCTION_CALL",
  "MALFORMED_RESPONSE",
  "MISSING_THOUGHT_SIGNATURE",
  "UNEXPECTED_TOOL_CALL",
  "TOO_MANY_TOOL_CALLS",
]);

export function isBrokenCall(native: string): boolean {
  return BROKEN.has(native);
}

export function isContentFilter(native: string): boolean {
  return FINISH_REASONS.get(native) === "content_filter";
}

/** `other` for values that do not say why (`OTHER`, `IMAGE_OTHER`, `NO_IMAGE`) or are unknown. */
export function reasonOf(native: string): FinishReason {
  return FINISH_REASONS.get(native) ?? "other";
}

type AnswerSoFar = {
  hasContent: boolean;
  hasCalls: boolean;
  /** A call was cut off and is left out. */
  isCut: boolean;
};

/**
 * The reason to report. Answers with calls also finish with `STOP`. An answer that ended without a reason is
 * no normal one: with content it is reported as filtered, and without it is no answer.
 */
export function reasonAtEnd(native: string, { hasContent, hasCalls, isCut }: AnswerSoFar): FinishReason {
  const reason = reasonOf(native);
  if (reason === "stop" && isCut) return "length";
  if (reason === "stop" && hasCalls) return "tool_calls";
  return reason === "other" && hasContent ? "content_filter" : reason;
}
