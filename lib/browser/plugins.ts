import { arrayField, field, stringField } from "#lib/shared/json.ts";

/** A plugin as `GET /api/v1/plugins` lists it. */
export type PluginView = {
  id: string;
  name: string;
  description: string;
  repository: string;
  intents: readonly string[];
  /** It has an HTTP API. */
  callable: boolean;
  /** An operator has set its address. */
  configured: boolean;
  /** Native chat hands messages to it. */
  autoRoute: boolean;
};

/** The plugins of an answer of `GET /api/v1/plugins`. */
export function readPlugins(answer: unknown): PluginView[] {
  return arrayField(answer, "plugins").map((plugin) => ({
    id: stringField(plugin, "id") ?? "",
    name: stringField(plugin, "name") ?? "",
    description: stringField(plugin, "description") ?? "",
    repository: stringField(plugin, "repository") ?? "",
    intents: arrayField(plugin, "intents").filter((intent) => typeof intent === "string"),
    callable: field(plugin, "callable") === true,
    configured: field(plugin, "configured") === true,
    autoRoute: field(plugin, "autoRoute") === true,
  }));
}
