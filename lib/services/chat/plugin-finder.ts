import { findPlugin } from "#lib/plugins/find-plugin.ts";
import { mayUseMode } from "#lib/services/admission/key-admission.ts";
import { hasDocument, hasImage } from "#lib/services/chat/document-input.ts";
import type { RouteFinder } from "#lib/services/chat/route-finder.ts";
import { NAMED_MODE } from "#lib/services/identity/caller.ts";
import type { PluginDependencies } from "#lib/services/plugins/plugin-dependencies.ts";

/**
 * Hands messages that plainly ask for a plugin to it, if an operator has switched that on, and if the caller's key may
 * call plugins at all.
 */
export function pluginFinder({
  endpoints,
  autoRoutes,
}: Pick<PluginDependencies, "endpoints" | "autoRoutes">): RouteFinder {
  return {
    name: "plugins",
    find({ input, caller }) {
      if (!autoRoutes || endpoints.size === 0 || !mayUseMode(caller, NAMED_MODE)) return undefined;
      // A plugin would not get the files.
      if (hasDocument(input)) return undefined;
      const plugin = findPlugin({
        message: input.message,
        hasImage: hasImage(input),
        isConfigured: (id) => endpoints.has(id),
      });
      return plugin === undefined ? undefined : { kind: "plugin", plugin };
    },
  };
}
