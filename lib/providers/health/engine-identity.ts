import type { Offer } from "#lib/providers/vendors/provider.ts";

/** The use of an engine. Health is kept per use: a model without embeddings may still chat. */
export type HealthScope = Offer;

/** What is benched: a key for one model, a key, a model with all keys, or all models of a provider. */
export type BenchLevel = "key_and_model" | "key" | "model" | "provider";

/** What identifies the health entries of an engine. */
export type EngineIdentity = {
  provider: { id: string; neverBenched?: boolean; missingModelBenchMs?: number };
  model: string;
  origin: string;
  /** Identified by fingerprints, which are the same in every instance. */
  keys: readonly { fingerprint: string }[];
};

/**
 * The ids of the health entries of an engine with one of its keys. Each includes the scope, except the origin:
 * an origin that cannot be reached is unavailable for every use.
 */
export type EntryIds = { model: string; provider: string; origin: string; key: string; rateLimit: string };

export function entryIds(scope: HealthScope, engine: EngineIdentity, keyIndex: number): EntryIds {
  const { provider, model, origin, keys } = engine;
  const key = `${scope}:${provider.id}#${keys[keyIndex]?.fingerprint ?? ""}`;
  const id = `${scope}:${provider.id}`;
  return { model: `${id}/${model}`, provider: id, origin, key, rateLimit: `${key}/${model}` };
}

/** The scope and the engine (`provider/model`) of a model's entry id. */
export function readModelId(id: string): { scope: string; engine: string } {
  const colon = id.indexOf(":");
  return { scope: id.slice(0, colon), engine: id.slice(colon + 1) };
}

/** What an entry of a bench is about; a part that its level does not have is undefined. */
export type EntrySubject = {
  scope: string;
  provider: string;
  /** The fingerprint of a key. */
  key: string | undefined;
  model: string | undefined;
};

/** Reads an id that `entryIds` has made, of any level but the origin. */
export function readEntryId(id: string): EntrySubject | undefined {
  // Neither scopes nor ids of providers contain the separators; models may.
  const [, scope, provider, key, model] = /^([^:]+):([^#/]+)(?:#([^/]*))?(?:\/(.*))?$/s.exec(id) ?? [];
  return scope === undefined || provider === undefined ? undefined : { scope, provider, key, model };
}
