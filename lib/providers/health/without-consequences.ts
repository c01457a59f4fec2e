import type { EngineHealth } from "#lib/providers/health/engine-health.ts";
import { NO_CONSEQUENCES } from "#lib/providers/health/engine-permit.ts";

/** What a walk wants to know of its engines, and to tell. */
export type WalkHealth = Pick<EngineHealth, "acquire" | "wouldAdmit" | "benchOf">;

/**
 * Keeps out what `health` keeps out, and remembers nothing of what becomes of the calls: for questions that
 * many servers cannot answer, which says nothing about how they are.
 */
export function withoutConsequences(health: WalkHealth): WalkHealth {
  return {
    acquire: (engine, keyIndex, options) =>
      health.wouldAdmit(engine, keyIndex, options) ? NO_CONSEQUENCES : undefined,
    wouldAdmit: (engine, keyIndex, options) => health.wouldAdmit(engine, keyIndex, options),
    benchOf: (engine, keyIndex) => health.benchOf(engine, keyIndex),
  };
}
