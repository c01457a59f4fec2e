import type { SpeechLanguage } from "#lib/shared/text-language.ts";

/** The formats that OpenAI's clients ask for. `pcm`: 16 bits, little-endian, mono, 24 kHz, without a head. */
export const SPEECH_FORMATS = ["mp3", "opus", "aac", "flac", "wav", "pcm"] as const;
export type SpeechFormat = (typeof SPEECH_FORMATS)[number];

export type SpeechRequest = {
  text: string;
  language: SpeechLanguage;
  /** The name of a voice; undefined for the engine's own choice. */
  voice?: string | undefined;
  /** Undefined for whatever the engine makes. */
  format?: SpeechFormat | undefined;
  /** How fast, 1 by default. */
  speed?: number | undefined;
  /** How to say it. */
  instructions?: string | undefined;
};
