import type { CompletionParts } from "#lib/server/wiring/completion.ts";
import type { EmbeddingsDependencies } from "#lib/services/embeddings.ts";

/** Embeddings. Their failures do not affect the health of the same models and keys for chat. */
export function createEmbeddings({
  engines,
  registry,
  identity,
  ledger,
}: Omit<CompletionParts, "documents" | "mcp">): EmbeddingsDependencies {
  return {
    ...engines,
    effects: { ...engines.effects, health: engines.effects.health.scope("embeddings") },
    registry,
    admission: identity.admission,
    ledger: ledger.ledger,
  };
}
