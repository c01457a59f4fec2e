import { badResponse, type EngineFailure } from "#lib/providers/failures/failure.ts";

/** OpenAI's limit for `n`. */
const MAX_CHOICES = 128;
/** As many as a request may offer tools; more calls in one answer are an engine's fault. */
const MAX_TOOL_CALLS = 1_000;

/** Throws `EngineFailure` for too many alternatives: each has its own readers and buffers. */
export function assertChoices(count: number): void {
  if (count > MAX_CHOICES) throw tooMany("alternatives");
}

/** Throws `EngineFailure` for too many tool calls in one alternative. */
export function assertToolCalls(count: number): void {
  if (count > MAX_TOOL_CALLS) throw tooMany("tool calls");
}

function tooMany(what: string): EngineFailure {
  return badResponse(`The engine's answer has too many ${what}.`);
}
