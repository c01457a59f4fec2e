import { hasBuiltInChain, type ModeId } from "#lib/ai-models.ts";
import { type InstalledList, withInstalled } from "#lib/providers/catalogue/installed-models.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { FRESH_MS, type InstalledModels, type ReadOptions } from "#lib/server/wiring/installed-models.ts";
import type { Providers } from "#lib/server/wiring/providers.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";

/** The first request may come before the first list; a dead host must not delay it for long. */
const FIRST_READ: ReadOptions = { maxAgeMs: FRESH_MS, waitMs: 1_000 };
/** A mode without engines: the operator may just have installed its first model. */
const EMPTY_READ: ReadOptions = { maxAgeMs: 500, waitMs: 1_000 };
/** A mode that has nothing but installed models: they may have changed. Hosts nearby answer much sooner. */
const STALE_READ: ReadOptions = { maxAgeMs: FRESH_MS, waitMs: 250 };

/** The engines of a mode, as long as the lists of installed models are these. */
type Resolved = { lists: readonly InstalledList[]; engines: readonly Engine[] };

/**
 * The engines of the chains, for providers that are configured. Built-in chains also get the models that are
 * installed at providers such as Ollama; chains that the operator wrote are used as they are.
 */
export function configuredEngines(
  { registry, catalogue }: Providers,
  installed: InstalledModels,
): EngineDependencies["enginesOf"] {
  const known = new Map<ModeId, Resolved>();
  const installing = new Set(installed.providers);
  const resolve = (mode: ModeId, lists: readonly InstalledList[]): readonly Engine[] => {
    const before = known.get(mode);
    if (before?.lists === lists) return before.engines;
    const rows = catalogue.modes[mode].failover;
    const engines = registry.resolve(
      hasBuiltInChain(mode, catalogue.modes) ? withInstalled(mode, rows, lists) : rows,
    );
    known.set(mode, { lists, engines });
    return engines;
  };
  return async (mode) => {
    const lists = installed.lists();
    const engines = resolve(mode, lists);
    if (installing.size === 0 || engines.some(({ provider }) => !installing.has(provider.id))) return engines;
    const isKnown = lists.length === installing.size;
    if (!isKnown) return resolve(mode, await installed.read(FIRST_READ));
    return resolve(mode, await installed.read(engines.length === 0 ? EMPTY_READ : STALE_READ));
  };
}

/** What an operator can do so that a mode has an engine. */
export function howToConfigure(
  mode: ModeId,
  { registry, catalogue }: Providers,
  installed: InstalledModels,
): string {
  const empty = installed.lists().filter(({ models }) => models.length === 0);
  const noModels = empty.map(
    ({ provider, name }) =>
      `${registry.variablesOf([provider]).join(", ")} is set, but ${name} has no model installed: ` +
      `install one there. `,
  );
  const chain = catalogue.modes[mode].failover.map(({ provider }) => provider);
  const variables = registry
    .variablesOf(chain)
    .filter((name) => !noModels.some((text) => text.includes(name)));
  return (
    `${noModels.join("")}Set the API key of a provider (${variables.join(", ")}), or define your own ` +
    `in MODELS_CONFIG.`
  );
}
