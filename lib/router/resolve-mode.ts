import type { ModeId } from "#lib/ai-models.ts";

/** The mode of a turn: `vision` if it has an image, whatever was requested; `auto` is `smart`. */
export function resolveMode(requested: ModeId | "auto", hasImage: boolean): ModeId {
  if (hasImage) return "vision";
  return requested === "auto" ? "smart" : requested;
}
