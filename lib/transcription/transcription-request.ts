import type { Audio } from "#lib/transcription/audio.ts";

/** What an engine is asked to write down. */
export type TranscriptionRequest = {
  audio: Audio;
  /** The code of the language that is spoken, if the client knows it. */
  language?: string | undefined;
  /** Names and words that occur, or what was said before. */
  prompt?: string | undefined;
  /** From 0 to 1. */
  temperature?: number | undefined;
  /** The times of single words are wanted. */
  words?: boolean | undefined;
};
