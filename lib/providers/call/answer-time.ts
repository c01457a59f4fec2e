import type { EngineCall } from "#lib/providers/walk/walk-types.ts";

/**
 * How long an engine may take for an answer that comes whole, milliseconds: the last one has all the time that is
 * left, the others leave some for those behind them.
 */
export function answerTimeMs(
  { isLast, remainingMs }: Pick<EngineCall, "isLast" | "remainingMs">,
  { answerMs }: { answerMs: number },
): number {
  return isLast ? remainingMs : Math.min(answerMs, remainingMs);
}
