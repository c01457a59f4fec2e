import type { EngineHealth } from "#lib/providers/health/engine-health.ts";
import type { CompletionParts } from "#lib/server/wiring/completion.ts";
import type { EmbeddingsDependencies } from "#lib/services/embeddings.ts";

/** @param health of the engines as far as embeddings go; it is not that of chats. */
export function createEmbeddings(
  { engines, registry, identity, ledger }: CompletionParts,
  health: EngineHealth,
): EmbeddingsDependencies {
  return {
    ...engines,
    effects: { ...engines.effects, health },
    registry,
    admission: identity.admission,
    ledger: ledger.ledger,
  };
}
