import type { Env } from "#lib/server/env/env.ts";
import type { HealthBlock } from "#lib/services/admin/health-blocks.ts";

/** What the blocks are read from. A part that fills one adds itself here, as a function if it is made lazily. */
export type HealthBlockSources = { env: Env };

/** The blocks of the health answer that other parts of the gateway fill: a row each. */
export function createHealthBlocks({ env }: HealthBlockSources): readonly HealthBlock[] {
  return [{ name: "configuration", read: () => ({ models: { source: modelsSource(env) } }) }];
}

function modelsSource({ MODELS_CONFIG: config }: Env): string {
  if (config === undefined) return "default";
  return config.startsWith("{") || config.includes("\n") ? "MODELS_CONFIG (inline)" : config;
}
