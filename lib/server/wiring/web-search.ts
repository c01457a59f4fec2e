import type { Registry } from "#lib/providers/registry.ts";
import { SEARCH_ENGINES } from "#lib/providers/vendors/search-providers.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import { createWebSearch } from "#lib/services/web-search.ts";
import type { Tool } from "#lib/tools/tool.ts";
import type { WebSearch } from "#lib/tools/web-search/search.ts";
import { webSearchTool } from "#lib/tools/web-search/web-search-tool.ts";

/** Web search as tools use it, and as a tool by itself. */
export type WebSearchPart = { search: WebSearch; tool: Tool };

export type WebSearchParts = {
  engines: Pick<EngineDependencies, "effects" | "run" | "logger" | "overrides">;
  registry: Pick<Registry, "resolve">;
};

/**
 * Undefined without the key of a search service: no catalogue changes that. Its failures do not affect the health of
 * engines that chat.
 */
export function createWebSearchPart({ engines, registry }: WebSearchParts): WebSearchPart | undefined {
  const services = registry.resolve(SEARCH_ENGINES, "search");
  if (services.length === 0) return undefined;
  const { effects, run, logger, overrides } = engines;
  const search = createWebSearch({
    engines: services,
    run,
    overrides,
    effects: { ...effects, health: effects.health.scope("search") },
    logger,
  });
  return { search, tool: webSearchTool(search, effects.clock) };
}
