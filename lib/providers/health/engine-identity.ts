import type { Offer } from "#lib/providers/vendors/provider.ts";

/** What an engine is asked for. A model without embeddings, or a key that may not make them, can still chat. */
export type HealthScope = Offer;

/** What the health of an engine hangs on. */
export type EngineIdentity = {
  provider: { id: string; neverBenched?: boolean };
  model: string;
  origin: string;
  /** Known by their fingerprints, which are the same in every instance. */
  keys: readonly { fingerprint: string }[];
};

/**
 * The names under which the health of an engine with one of its keys is kept. The scope is part of each,
 * but for the address: one that cannot be reached cannot be reached for anything.
 */
export type EntryIds = { model: string; origin: string; key: string; rateLimit: string };

export function entryIds(scope: HealthScope, engine: EngineIdentity, keyIndex: number): EntryIds {
  const { provider, model, origin, keys } = engine;
  const key = `${scope}:${provider.id}#${keys[keyIndex]?.fingerprint ?? ""}`;
  return { model: `${scope}:${provider.id}/${model}`, origin, key, rateLimit: `${key}/${model}` };
}

/** The scope and the engine (`provider/model`) in the name of a model's entry. */
export function readModelId(id: string): { scope: string; engine: string } {
  const colon = id.indexOf(":");
  return { scope: id.slice(0, colon), engine: id.slice(colon + 1) };
}
