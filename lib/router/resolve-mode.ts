import type { ModeId } from "#lib/ai-models.ts";

/**
 * The mode that answers a turn. An image needs eyes, whatever was asked for; `auto` without one is
 * `smart`.
 */
export function resolveMode(requested: ModeId | "auto", hasImage: boolean): ModeId {
  if (hasImage) return "vision";
  return requested === "auto" ? "smart" : requested;
}
