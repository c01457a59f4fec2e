import { billedCalls, type CallParts } from "#lib/server/wiring/billed-calls.ts";
import type { TranscriptionDependencies } from "#lib/services/transcription/transcribe.ts";

/** What transcribes. */
export function createTranscription(parts: CallParts): TranscriptionDependencies {
  return billedCalls(parts, "transcription");
}
