import type { EngineSpec } from "#lib/ai-models.ts";
import type { ProviderDefinition } from "#lib/providers/vendors/provider.ts";

/** Searches the web. Sources: docs/PROVIDERS.md. */
export const TAVILY: ProviderDefinition = {
  id: "tavily",
  name: "Tavily",
  protocol: "tavily",
  baseUrl: "https://api.tavily.com",
  baseUrlEnv: "TAVILY_BASE_URL",
  credentials: { kind: "key", env: "TAVILY_API_KEY" },
  search: {},
};

/** The services that search the web, in the order in which they are asked. */
export const SEARCH_ENGINES: readonly EngineSpec[] = [
  { provider: TAVILY.id, model: "search", label: "Tavily" },
];
