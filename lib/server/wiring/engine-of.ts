import type { Engine, Registry } from "#lib/providers/registry.ts";
import type { Offer } from "#lib/providers/vendors/provider.ts";
import type { LiveProviders } from "#lib/server/wiring/live-providers.ts";

const OFFERS: readonly Offer[] = ["chat", "embeddings", "speech", "transcription", "images", "search"];

/** The engine, whatever it is for; undefined if its provider is not configured. */
export function engineOf(registry: Registry, id: string, model: string): Engine | undefined {
  const offer = OFFERS.find((one) => registry.offers(id, one));
  if (offer === undefined) return undefined;
  // A row may bring the engine of the provider's successor as well.
  const engines = registry.resolve([{ provider: id, model, label: id }], offer);
  return engines.find(({ provider }) => provider.id === id);
}

/** Finds an engine of the configuration in use by its name, `provider/model`; the model may have slashes of its own. */
export function engineByName({ current }: LiveProviders): (name: string) => Engine | undefined {
  return (name) => {
    const slash = name.indexOf("/");
    return engineOf(current.registry, name.slice(0, slash), name.slice(slash + 1));
  };
}
