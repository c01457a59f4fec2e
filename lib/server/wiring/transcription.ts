import type { CompletionParts } from "#lib/server/wiring/completion.ts";
import type { TranscriptionDependencies } from "#lib/services/transcription/transcribe.ts";

/** Transcription. Its failures do not affect the health of the same keys for chat. */
export function createTranscription({
  engines,
  registry,
  identity,
  ledger,
}: Omit<CompletionParts, "documents" | "mcp">): TranscriptionDependencies {
  return {
    ...engines,
    effects: { ...engines.effects, health: engines.effects.health.scope("transcription") },
    registry,
    admission: identity.admission,
    ledger: ledger.ledger,
  };
}
