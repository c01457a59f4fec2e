import { EngineFailure } from "#lib/providers/failures/failure.ts";

/** OpenAI's own bound of `n`. */
const MAX_CHOICES = 128;
/** A request may offer so many tools; a model that calls more at once means none of them. */
const MAX_TOOL_CALLS = 1_000;

/** Each alternative has readers and buffers of its own. */
export function assertChoices(count: number): void {
  if (count > MAX_CHOICES) throw tooMany("alternatives");
}

/** The same of the tool calls of one alternative. */
export function assertToolCalls(count: number): void {
  if (count > MAX_TOOL_CALLS) throw tooMany("tool calls");
}

function tooMany(what: string): EngineFailure {
  return new EngineFailure({ kind: "bad_response", reason: `The engine's answer has too many ${what}.` });
}
