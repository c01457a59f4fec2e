import { findPlugin } from "#lib/plugins/find-plugin.ts";
import type { RouteFinder } from "#lib/services/chat/route-finder.ts";
import type { PluginDependencies } from "#lib/services/plugins/plugin-dependencies.ts";

/** Hands messages that plainly ask for a plugin to it, if an operator has switched that on. */
export function pluginFinder({
  endpoints,
  autoRoutes,
}: Pick<PluginDependencies, "endpoints" | "autoRoutes">): RouteFinder {
  return {
    name: "plugins",
    find({ input }) {
      if (!autoRoutes || endpoints.size === 0) return undefined;
      const plugin = findPlugin({
        message: input.message,
        hasImage: input.image !== undefined,
        isConfigured: (id) => endpoints.has(id),
      });
      return plugin === undefined ? undefined : { kind: "plugin", plugin };
    },
  };
}
