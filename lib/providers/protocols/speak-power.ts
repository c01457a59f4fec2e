import type { TokenUsage } from "#lib/chat/usage.ts";
import type { EngineRequest } from "#lib/providers/protocols/engine-request.ts";
import type { MediaAnswer } from "#lib/providers/protocols/media-answer.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { SpeechFormat, SpeechRequest } from "#lib/speech/speech-request.ts";

export type SpeechAbilities = {
  /** The longest text of one call, bytes of UTF-8. */
  maxTextBytes: number;
  /** What it makes beside sound that can be decoded, as which `wav` and `pcm` are made of every engine's. */
  formats: readonly SpeechFormat[];
  takesSpeed: boolean;
};

/** What an engine has spoken. Nothing of it is checked: what the bytes are, they say themselves. */
export type SpokenAnswer = { bytes: Uint8Array; mediaType: string; usage?: TokenUsage | undefined };

/** The engine speaks. */
export type SpeakPower = {
  abilities(engine: Engine): SpeechAbilities;
  /** Whether the engine has this voice itself, and not one that is like it. */
  hasVoice(name: string): boolean;
  /** `dropped`: fields of the request that the engine cannot take. */
  encode(request: SpeechRequest, engine: Engine): { request: EngineRequest; dropped: string[] };
  /** Undefined for an answer of another shape. Throws `EngineFailure` for one that says why nothing was spoken. */
  decode(answer: MediaAnswer): SpokenAnswer | undefined;
};
