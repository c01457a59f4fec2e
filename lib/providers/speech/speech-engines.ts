import type { EngineSpec } from "#lib/ai-models.ts";

/** The engines that speak, in the order in which they are asked. */
export const SPEECH_ENGINES: readonly EngineSpec[] = [
  { provider: "cloudflare", model: "@cf/myshell-ai/melotts", label: "Cloudflare MeloTTS" },
  { provider: "gemini-grounded", model: "gemini-3.8-flash-lite-tts", label: "Gemini 3.8 Flash-Lite TTS" },
  { provider: "gemini-grounded", model: "gemini-2.5-flash-preview-tts", label: "Gemini 2.5 Flash TTS" },
];

function orOpenAi(model: string): readonly EngineSpec[] {
  return [...SPEECH_ENGINES, { provider: "openai", model, label: `OpenAI ${model}` }];
}

/** The engines behind each name. OpenAI's own names end with the model itself, which bills. */
export const SPEECH_MODELS: Readonly<Record<string, readonly EngineSpec[]>> = {
  speech: SPEECH_ENGINES,
  "tts-1": orOpenAi("tts-1"),
  "tts-1-hd": orOpenAi("tts-1-hd"),
  "gpt-4o-mini-tts": orOpenAi("gpt-4o-mini-tts"),
};
