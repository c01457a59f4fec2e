import type { EngineSpec } from "#lib/ai-models.ts";

const GROQ_TURBO: EngineSpec = {
  provider: "groq",
  model: "whisper-large-v3-turbo",
  label: "Groq Whisper large v3 turbo",
};
const GROQ_LARGE: EngineSpec = {
  provider: "groq",
  model: "whisper-large-v3",
  label: "Groq Whisper large v3",
};
const CLOUDFLARE_TURBO: EngineSpec = {
  provider: "cloudflare",
  model: "@cf/openai/whisper-large-v3-turbo",
  label: "Cloudflare Whisper large v3 turbo",
};
const CLOUDFLARE_SMALL: EngineSpec = {
  provider: "cloudflare",
  model: "@cf/openai/whisper",
  label: "Cloudflare Whisper",
};

/** The engines that transcribe, in the order in which they are asked. */
export const TRANSCRIPTION_ENGINES: readonly EngineSpec[] = [
  GROQ_TURBO,
  GROQ_LARGE,
  CLOUDFLARE_TURBO,
  CLOUDFLARE_SMALL,
];

/** The same, and at last OpenAI's own model, which clients of OpenAI ask for by this name. */
function thenOpenAi(model: string): readonly EngineSpec[] {
  return [...TRANSCRIPTION_ENGINES, { provider: "openai", model, label: `OpenAI ${model}` }];
}

/** The engines behind names that clients use. Others can be named as `provider/model`. */
export const TRANSCRIPTION_MODELS: Readonly<Record<string, readonly EngineSpec[]>> = {
  auto: TRANSCRIPTION_ENGINES,
  "whisper-1": thenOpenAi("whisper-1"),
  "gpt-4o-transcribe": thenOpenAi("gpt-4o-transcribe"),
  "gpt-4o-mini-transcribe": thenOpenAi("gpt-4o-mini-transcribe"),
  "gpt-4o-mini-transcribe-2025-12-15": thenOpenAi("gpt-4o-mini-transcribe-2025-12-15"),
  "whisper-large-v3-turbo": [GROQ_TURBO, CLOUDFLARE_TURBO],
  "whisper-large-v3": [GROQ_LARGE],
};
