import type { ModeId, Modes } from "#lib/ai-models.ts";
import type { RunEffects, RunOptions } from "#lib/providers/chat/run.ts";
import type { EngineHealth } from "#lib/providers/health/engine-health.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { IntentContext } from "#lib/router/intent/intent.ts";
import type { Prices } from "#lib/services/ledger/prices.ts";
import type { EngineOverrides } from "#lib/services/overrides/engine-overrides.ts";
import type { Logger } from "#lib/services/ports.ts";

/** What every use case that calls engines needs. */
export type EngineDependencies = {
  modes: Modes;
  /** The engines of a mode that can be called, as administrators want them. */
  enginesOf(mode: ModeId): Promise<readonly Engine[]>;
  /** What administrators have switched off. */
  overrides: Pick<EngineOverrides, "allowed" | "isEmpty" | "isSwitchedOff" | "lent">;
  /** What an operator can do so that the mode has an engine, as a sentence that names the variables. */
  howToConfigure(mode: ModeId): string;
  /** The names of the live tools that a message needs: what needs one is live. */
  toolsFor: IntentContext["toolsFor"];
  run: Pick<RunOptions, "timeouts" | "recovery" | "promptCache">;
  effects: RunEffects & { health: EngineHealth };
  prices: Prices;
  logger: Logger;
};
