import type { Plugin, PluginIntent } from "#lib/plugins/plugin.ts";
import { PLUGINS } from "#lib/plugins/plugins.ts";
import type { PluginDependencies } from "#lib/services/plugins/plugin-dependencies.ts";

export type ListedPlugin = Pick<Plugin, "id" | "name" | "description" | "repository" | "intents"> & {
  /** It has an HTTP API, which an operator can set up. */
  callable: boolean;
  /** An operator has set its address. */
  configured: boolean;
  /** Native chat hands messages to it. */
  autoRoute: boolean;
};

/** The plugins, all or those for an intent. Neither addresses nor tokens are among it. */
export function listPlugins(
  { endpoints, autoRoutes }: Pick<PluginDependencies, "endpoints" | "autoRoutes">,
  intent?: PluginIntent,
): ListedPlugin[] {
  return PLUGINS.filter(({ intents }) => intent === undefined || intents.includes(intent)).map((plugin) => {
    const { id, name, description, repository, intents, variable, autoRoute } = plugin;
    const configured = endpoints.has(id);
    return {
      id,
      name,
      description,
      repository,
      intents,
      callable: variable !== undefined,
      configured,
      autoRoute: autoRoutes && configured && autoRoute !== undefined,
    };
  });
}
