import type { Registry } from "#lib/providers/registry.ts";
import { unknownProvider } from "#lib/router/model-name.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { truncate } from "#lib/shared/text.ts";

/** Characters of one name, and names, that a message repeats. */
const MAX_NAME = 100;
const MAX_NAMES = 5;

/** `model_not_found` for names of which none is an engine or a mode, with what is wrong with them. */
export function modelNotFound(
  names: readonly string[],
  { registry, overrides }: { registry: Registry; overrides: EngineDependencies["overrides"] },
): GatewayError {
  const quoted = names.slice(0, MAX_NAMES).map((name) => `"${truncate(name, MAX_NAME)}"`);
  const [first = ""] = names;
  const why =
    names.length === 1 ? `: ${reasonOf(first, registry, overrides)}` : ": none of these names an engine";
  const configured = registry.configured().filter((id) => registry.offers(id, "chat"));
  const there =
    configured.length === 0 ? "No provider is configured." : `Configured: ${configured.join(", ")}.`;
  return new GatewayError(
    "model_not_found",
    `The model ${quoted.join(", ")} does not exist${why}. ${there} GET /api/v1/models lists what can be called.`,
    { details: { param: "model" } },
  );
}

function reasonOf(name: string, registry: Registry, overrides: EngineDependencies["overrides"]): string {
  const unknown = unknownProvider(name, registry.isKnown);
  if (unknown !== undefined) return `no provider is called "${truncate(unknown, MAX_NAME)}"`;
  const provider = name.slice(0, Math.max(0, name.indexOf("/")));
  const engines = registry.resolve([{ provider, model: name.slice(provider.length + 1), label: name }]);
  if (engines.length > overrides.allowed(engines).length) return "an administrator has switched it off";
  const isConfigured = registry.providerKeys(provider).length > 0;
  if (provider === "") return "it is not a model's name";
  if (!isConfigured) return `its provider "${provider}" is not configured`;
  return registry.offers(provider, "chat")
    ? "it is not a model's name"
    : `its provider "${provider}" does not offer chat`;
}
