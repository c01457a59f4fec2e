import type { CompletionParts } from "#lib/server/wiring/completion.ts";
import type { EmbeddingsDependencies } from "#lib/services/embeddings.ts";

/** Embeddings. A model that has none, or a key that may not make them, is none the worse for chat. */
export function createEmbeddings({
  engines,
  registry,
  identity,
  ledger,
}: CompletionParts): EmbeddingsDependencies {
  return {
    ...engines,
    effects: { ...engines.effects, health: engines.effects.health.scope("embeddings") },
    registry,
    admission: identity.admission,
    ledger: ledger.ledger,
  };
}
