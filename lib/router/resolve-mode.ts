import type { ModeId } from "#lib/ai-models.ts";

export type RoutedMode = { mode: ModeId /** The gateway chose, not the client. */; routed: boolean };

/**
 * The mode that answers a turn. An image needs eyes, whatever was asked for; `auto` without one is
 * `smart`.
 */
export function resolveMode(requested: ModeId | "auto", hasImage: boolean): RoutedMode {
  if (hasImage) return { mode: "vision", routed: requested !== "vision" };
  return requested === "auto" ? { mode: "smart", routed: true } : { mode: requested, routed: false };
}
