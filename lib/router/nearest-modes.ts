import type { ModeId } from "#lib/ai-models.ts";

/**
 * Which modes stand in for one that has no engine, the nearest first: general for special, then what is
 * as thorough or as quick. `vision` comes last everywhere, since its models are chosen for their eyes.
 */
export const NEAREST_MODES: Readonly<Record<ModeId, readonly ModeId[]>> = {
  smart: ["reasoner", "coder", "fast", "live", "vision"],
  reasoner: ["smart", "coder", "fast", "live", "vision"],
  live: ["smart", "fast", "reasoner", "coder", "vision"],
  fast: ["smart", "coder", "reasoner", "live", "vision"],
  coder: ["smart", "reasoner", "fast", "live", "vision"],
  vision: ["smart", "live", "reasoner", "coder", "fast"],
};
