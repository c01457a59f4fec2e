import { type EngineSpec, hasBuiltInChain, MODE_IDS, type ModeId, type Modes } from "#lib/ai-models.ts";
import type { Engine, Registry } from "#lib/providers/registry.ts";

/** The entries of all chains. */
export type ChainEntries = {
  /** Those that can be called. */
  engines: readonly { mode: ModeId; engine: Engine }[];
  /** Those whose provider is not configured. */
  unconfigured: readonly EngineSpec[];
};

/**
 * The entries of the chains that a provider's list can contradict. What a host of installed models has is not among
 * those of built-in chains, which follow what is installed there.
 */
export function chainEntries(modes: Modes, registry: Pick<Registry, "resolve">): ChainEntries {
  const rows = MODE_IDS.flatMap((mode) =>
    modes[mode].failover.map((row) => ({ mode, row, engines: registry.resolve([row]) })),
  );
  return {
    engines: rows.flatMap(({ mode, engines }) =>
      engines
        .filter(({ provider }) => provider.installed === undefined || !hasBuiltInChain(mode, modes))
        .map((engine) => ({ mode, engine })),
    ),
    unconfigured: rows.filter(({ engines }) => engines.length === 0).map(({ row }) => row),
  };
}
