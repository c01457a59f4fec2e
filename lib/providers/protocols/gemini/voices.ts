import { GEMINI_VOICES } from "#lib/speech/voices.ts";

/** For each of OpenAI's voices the one that is most like it: a woman's or a man's, bright, firm or soft. */
const LIKE_OPENAI: Readonly<Record<string, string>> = {
  alloy: "Kore",
  ash: "Orus",
  ballad: "Algieba",
  cedar: "Charon",
  coral: "Leda",
  echo: "Iapetus",
  fable: "Puck",
  marin: "Aoede",
  nova: "Zephyr",
  onyx: "Algenib",
  sage: "Sulafat",
  shimmer: "Despina",
  verse: "Fenrir",
};

const DEFAULT_VOICE = "Kore";

/** The voice of this name as Gemini writes it; undefined if it has none. */
export function geminiVoice(name: string): string | undefined {
  return GEMINI_VOICES.find((voice) => voice.toLowerCase() === name.toLowerCase());
}

/** The voice to speak with: that of the name, or the one most like it. */
export function voiceFor(name: string | undefined): string {
  if (name === undefined) return DEFAULT_VOICE;
  const like = name.toLowerCase();
  return (
    geminiVoice(name) ?? (Object.hasOwn(LIKE_OPENAI, like) ? LIKE_OPENAI[like] : undefined) ?? DEFAULT_VOICE
  );
}
