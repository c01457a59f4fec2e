import type { ModeId } from "#lib/ai-models.ts";

/**
 * The mode of a turn: the requested one, which an image does not change. `auto` is `smart`, or `vision` if the
 * new message itself has an image.
 */
export function resolveMode(requested: ModeId | "auto", isImageNew: boolean): ModeId {
  if (requested !== "auto") return requested;
  return isImageNew ? "vision" : "smart";
}
