import type { PluginQuestion } from "#lib/plugins/auto-route-body.ts";
import type { Plugin, PluginEndpoint } from "#lib/plugins/plugin.ts";
import type { AttemptTimeouts } from "#lib/providers/chat/attempt.ts";
import type { KeyAdmission } from "#lib/services/admission/key-admission.ts";
import type { PluginEffects } from "#lib/services/plugins/plugin-call.ts";

export type PluginDependencies = {
  /** By plugin id; absent for those that are not set up. */
  endpoints: ReadonlyMap<string, PluginEndpoint>;
  effects: PluginEffects;
  timeouts: AttemptTimeouts;
  /** The limits of gateway keys. */
  admission: KeyAdmission;
  /** Whether native chat hands messages to plugins. */
  autoRoutes: boolean;
};

/** A message to a plugin that takes part in auto-routing. */
export type PluginAsk = {
  plugin: Plugin;
  endpoint: PluginEndpoint;
  question: PluginQuestion;
  /** Aborts when the client disconnects. */
  signal: AbortSignal;
};

export type AskDependencies = Pick<PluginDependencies, "effects" | "timeouts">;
