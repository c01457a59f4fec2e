import { EngineFailure } from "#lib/providers/failures/failure.ts";
import { exceedsDepth } from "#lib/shared/json.ts";
import { MAX_DEPTH } from "#lib/shared/json-depth.ts";

/** Whether a provider's value is shallow enough to be serialised: that recurses once per level. */
export function isWritable(value: unknown): boolean {
  return !exceedsDepth(value, MAX_DEPTH);
}

/** Throws `EngineFailure` if a tool call's value is nested too deeply: the next engine is tried. */
export function assertWritable(value: unknown): void {
  if (isWritable(value)) return;
  throw new EngineFailure({ kind: "no_answer", reason: "The provider's tool call is nested too deeply." });
}
