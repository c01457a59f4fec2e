import { type PluginEndpoint, tokenVariable, urlVariable } from "#lib/plugins/plugin.ts";
import { pluginBase } from "#lib/plugins/plugin-address.ts";
import { PLUGINS } from "#lib/plugins/plugins.ts";
import type { Env } from "#lib/server/env/env.ts";
import type { Identity } from "#lib/server/wiring/identity.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import type { PluginDependencies } from "#lib/services/plugins/plugin-dependencies.ts";

export type PluginParts = {
  env: Pick<Env, "setting" | "ENABLE_PLUGIN_AUTOROUTE">;
  engines: Pick<EngineDependencies, "effects" | "run">;
  identity: Pick<Identity, "admission">;
};

/** The plugins that the operator has set up, called over the connections and with the time-outs of engines. */
export function createPlugins({ env, engines, identity }: PluginParts): PluginDependencies {
  const { upstream, clock, random } = engines.effects;
  return {
    endpoints: pluginEndpoints(env),
    effects: { upstream, clock, random },
    timeouts: engines.run.timeouts,
    admission: identity.admission,
    autoRoutes: env.ENABLE_PLUGIN_AUTOROUTE,
  };
}

function pluginEndpoints(env: Pick<Env, "setting">): Map<string, PluginEndpoint> {
  const endpoints = new Map<string, PluginEndpoint>();
  for (const plugin of PLUGINS) {
    const url = settingOf(env, urlVariable(plugin));
    // `readEnv` has refused wrong ones.
    const base = url === undefined ? undefined : pluginBase(url);
    if (base !== undefined) endpoints.set(plugin.id, { base, token: settingOf(env, tokenVariable(plugin)) });
  }
  return endpoints;
}

/** The tokens of all plugins, for the logger to redact. */
export function pluginTokens(env: Pick<Env, "setting">): string[] {
  return PLUGINS.flatMap((plugin) => settingOf(env, tokenVariable(plugin)) ?? []);
}

function settingOf({ setting }: Pick<Env, "setting">, name: string | undefined): string | undefined {
  return name === undefined ? undefined : setting(name);
}
