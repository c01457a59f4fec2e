import { billedCalls, type CallParts } from "#lib/server/wiring/billed-calls.ts";
import type { EmbeddingsDependencies } from "#lib/services/embeddings.ts";

/** What embeds. */
export function createEmbeddings(parts: CallParts): EmbeddingsDependencies {
  return billedCalls(parts, "embeddings");
}
