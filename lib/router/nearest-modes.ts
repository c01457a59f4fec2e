import type { ModeId } from "#lib/ai-models.ts";

/**
 * The modes that replace one without an engine, the closest first: general ones, then those of similar depth
 * or speed. `vision` comes last, since its models are chosen for image input.
 */
export const NEAREST_MODES: Readonly<Record<ModeId, readonly ModeId[]>> = {
  smart: ["reasoner", "coder", "fast", "live", "vision"],
  reasoner: ["smart", "coder", "fast", "live", "vision"],
  live: ["smart", "fast", "reasoner", "coder", "vision"],
  fast: ["smart", "coder", "reasoner", "live", "vision"],
  coder: ["smart", "reasoner", "fast", "live", "vision"],
  vision: ["smart", "live", "reasoner", "coder", "fast"],
};
