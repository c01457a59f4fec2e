import { z } from "zod";
import { SPEECH_VOICES } from "#lib/providers/speech/speech-engines.ts";

const KNOWN: ReadonlySet<string> = new Set(SPEECH_VOICES.map((name) => name.toLowerCase()));

/** Whether this is the name of a voice, in upper or lower case. */
export function isVoice(name: string): boolean {
  return KNOWN.has(name.toLowerCase());
}

/** The name of a voice that an engine has. */
export const voiceName = z
  .string()
  .max(64)
  .refine(isVoice, `must be one of ${SPEECH_VOICES.join(", ")}`)
  .describe("The name of one of OpenAI's or Gemini's voices.");
