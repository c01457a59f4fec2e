import type { EngineSpec } from "#lib/ai-models.ts";
import { GEMINI_VOICES } from "#lib/providers/protocols/gemini/voices.ts";
import { OPENAI_VOICES } from "#lib/providers/protocols/openai-compatible/speak.ts";

/** The engines that speak, in the order in which they are asked. */
export const SPEECH_ENGINES: readonly EngineSpec[] = [
  { provider: "cloudflare", model: "@cf/myshell-ai/melotts", label: "Cloudflare MeloTTS" },
  { provider: "gemini-grounded", model: "gemini-3.8-flash-lite-tts", label: "Gemini 3.8 Flash-Lite TTS" },
  { provider: "gemini-grounded", model: "gemini-2.5-flash-preview-tts", label: "Gemini 2.5 Flash TTS" },
];

/** What clients call these engines together: OpenAI's names for its own, which have to be chosen from somewhere. */
export const SPEECH_NAMES: readonly string[] = [
  "speech",
  "auto",
  "tts-1",
  "tts-1-hd",
  "gpt-4o-mini-tts",
];

/** The voices that a client may name. An engine that has none of the name speaks with one that is like it. */
export const SPEECH_VOICES: readonly string[] = [...OPENAI_VOICES, ...GEMINI_VOICES];
