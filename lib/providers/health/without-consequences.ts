import type { EngineHealth } from "#lib/providers/health/engine-health.ts";
import { NO_CONSEQUENCES } from "#lib/providers/health/engine-permit.ts";

/** The part of the health that a walk uses. */
export type WalkHealth = Pick<
  EngineHealth,
  "acquire" | "wouldAdmit" | "benchOf" | "outputLimitOf" | "learnOutputLimit"
>;

/**
 * Respects the benches of `health` but ignores the outcomes of calls. For operations that many servers do not
 * support (token counts), whose failures say nothing about their health.
 */
export function withoutConsequences(health: WalkHealth): WalkHealth {
  return {
    acquire: (engine, keyIndex, options) =>
      health.wouldAdmit(engine, keyIndex, options) ? NO_CONSEQUENCES : undefined,
    wouldAdmit: (engine, keyIndex, options) => health.wouldAdmit(engine, keyIndex, options),
    benchOf: (engine, keyIndex) => health.benchOf(engine, keyIndex),
    outputLimitOf: (engine) => health.outputLimitOf(engine),
    learnOutputLimit: () => undefined,
  };
}
