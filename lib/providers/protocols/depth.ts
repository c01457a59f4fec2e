import { EngineFailure } from "#lib/providers/failures/failure.ts";
import { exceedsDepth } from "#lib/shared/json.ts";
import { MAX_DEPTH } from "#lib/shared/json-depth.ts";

/** Whether a value that a provider sent can be written again: what writes it calls itself for every level. */
export function isWritable(value: unknown): boolean {
  return !exceedsDepth(value, MAX_DEPTH);
}

/** The same of what an answer is nothing without: another engine may do better. */
export function assertWritable(value: unknown): void {
  if (isWritable(value)) return;
  throw new EngineFailure({ kind: "no_answer", reason: "The provider's tool call is nested too deeply." });
}
