import { billedCalls, type CallParts } from "#lib/server/wiring/billed-calls.ts";
import type { SpeechDependencies } from "#lib/services/speech/speak.ts";

/** What speaks. */
export function createSpeech(parts: CallParts): SpeechDependencies {
  return billedCalls(parts, "speech");
}
