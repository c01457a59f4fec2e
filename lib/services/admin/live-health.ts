import type { FailureCause } from "#lib/providers/failures/failure.ts";
import { type EntryIds, readEntryId } from "#lib/providers/health/engine-identity.ts";
import type { BenchEntry, BreakerEntry, HealthSnapshot } from "#lib/providers/health/health-snapshot.ts";

export type BreakerState = "closed" | "open" | "half_open";

/** A bench of a provider, of one of its keys or of its models that has not ended. */
export type LiveBench = {
  /** The id of its entry, with its level the identity of the bench. */
  id: string;
  level: BenchEntry["level"];
  /** The use of the engine: `chat`, `embeddings` … */
  use: string;
  provider: string;
  /** The fingerprint of the key. */
  key: string | undefined;
  model: string | undefined;
  /** Epoch milliseconds. */
  until: number;
  cause: FailureCause;
  /** The provider does not have the model. */
  isDead: boolean;
};

/** What this process knows of its engines at one moment, ready to be asked about each. */
export type LiveHealth = {
  benches: readonly LiveBench[];
  /** `provider/model` of everything that is benched, or whose breaker is not closed. */
  engines: ReadonlySet<string>;
  /** The uses in which something is known of a model of a provider, such as `chat`. */
  usesOf(provider: string, model: string): readonly string[];
  breakerOf(modelId: string): BreakerState;
  breakerOfOrigin(origin: string): BreakerState;
  /** When these entries let a call through, epoch milliseconds; 0: at once. */
  releaseAt(ids: Omit<EntryIds, "model" | "rateLimit"> & Partial<EntryIds>): number;
};

export function liveHealth(snapshot: Pick<HealthSnapshot, "benches" | "breakers">): LiveHealth {
  const benches = snapshot.benches.flatMap(liveBench);
  const untilOf = new Map(benches.map(({ level, id, until }) => [`${level} ${id}`, until]));
  const breakers = new Map(snapshot.breakers.map((entry) => [`${entry.level} ${entry.id}`, entry]));
  const uses = usesByEngine([...benches, ...breakerSubjects(snapshot.breakers)]);
  const opensAt = (breaker: BreakerEntry | undefined): number =>
    breaker?.state === "open" ? breaker.until : 0;
  return {
    benches,
    engines: new Set(uses.keys()),
    usesOf: (provider, model) => uses.get(`${provider}/${model}`) ?? [],
    breakerOf: (modelId) => breakers.get(`model ${modelId}`)?.state ?? "closed",
    breakerOfOrigin: (origin) => breakers.get(`origin ${origin}`)?.state ?? "closed",
    releaseAt: ({ provider, key, model, rateLimit, origin }) =>
      Math.max(
        untilOf.get(`provider ${provider}`) ?? 0,
        untilOf.get(`key ${key}`) ?? 0,
        untilOf.get(`model ${model}`) ?? 0,
        untilOf.get(`key_and_model ${rateLimit}`) ?? 0,
        opensAt(breakers.get(`model ${model}`)),
        opensAt(breakers.get(`origin ${origin}`)),
      ),
  };
}

function liveBench(entry: BenchEntry): LiveBench[] {
  const { level, id, until, cause } = entry;
  const subject = readEntryId(id);
  if (subject === undefined) return [];
  const { scope: use, provider, key, model } = subject;
  const isDead = entry.level === "model" && entry.dead;
  return [{ level, id, use, provider, key, model, until, cause: cause as FailureCause, isDead }];
}

type Subject = { use: string; provider: string; model: string | undefined };

function breakerSubjects(breakers: readonly BreakerEntry[]): Subject[] {
  return breakers.flatMap(({ level, id }) => {
    const subject = level === "model" ? readEntryId(id) : undefined;
    return subject === undefined ? [] : [{ ...subject, use: subject.scope }];
  });
}

function usesByEngine(subjects: readonly Subject[]): Map<string, string[]> {
  const uses = new Map<string, string[]>();
  for (const { provider, model, use } of subjects) {
    if (model === undefined) continue;
    const known = uses.get(`${provider}/${model}`) ?? [];
    if (!known.includes(use)) uses.set(`${provider}/${model}`, [...known, use]);
  }
  return uses;
}
