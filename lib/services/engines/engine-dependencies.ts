import type { ModeId, Modes } from "#lib/ai-models.ts";
import type { RunEffects, RunOptions } from "#lib/providers/chat/run.ts";
import type { PriceBook } from "#lib/providers/cost.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { Logger } from "#lib/services/ports.ts";

/** What every use case that calls engines needs. */
export type EngineDependencies = {
  modes: Modes;
  /** The engines of a mode that can be called. */
  enginesOf(mode: ModeId): Promise<readonly Engine[]>;
  run: Pick<RunOptions, "timeouts" | "recovery" | "promptCache">;
  effects: RunEffects;
  prices(): Promise<PriceBook>;
  logger: Logger;
};
