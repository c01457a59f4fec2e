import type { CompletionParts } from "#lib/server/wiring/completion.ts";
import type { SpeechDependencies } from "#lib/services/speech/speak.ts";

/** Speech. Its failures do not affect the health of the same providers and keys for chat. */
export function createSpeech({
  engines,
  registry,
  identity,
  ledger,
}: Omit<CompletionParts, "documents" | "mcp">): SpeechDependencies {
  return {
    ...engines,
    effects: { ...engines.effects, health: engines.effects.health.scope("speech") },
    registry,
    admission: identity.admission,
    ledger: ledger.ledger,
  };
}
