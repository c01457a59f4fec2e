/** The voices of OpenAI's models that speak, by which most clients name one. */
export const OPENAI_VOICES: readonly string[] = [
  ...["alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage"],
  ...["shimmer", "verse"],
];

/** The voices that every model of Gemini's that speaks has. Sources: docs/PROVIDERS.md. */
export const GEMINI_VOICES: readonly string[] = [
  ...["Zephyr", "Puck", "Charon", "Kore", "Fenrir", "Leda", "Orus", "Aoede", "Callirrhoe", "Autonoe"],
  ...["Enceladus", "Iapetus", "Umbriel", "Algieba", "Despina", "Erinome", "Algenib", "Rasalgethi"],
  ...["Laomedeia", "Achernar", "Alnilam", "Schedar", "Gacrux", "Pulcherrima", "Achird", "Zubenelgenubi"],
  ...["Vindemiatrix", "Sadachbia", "Sadaltager", "Sulafat"],
];

/** The voices that a client may name. An engine that has none of the name speaks with one that is like it. */
export const VOICES: readonly string[] = [...OPENAI_VOICES, ...GEMINI_VOICES];

const KNOWN: ReadonlySet<string> = new Set(VOICES.map((name) => name.toLowerCase()));

/** Whether this is the name of a voice, in upper or lower case. */
export function isVoice(name: string): boolean {
  return KNOWN.has(name.toLowerCase());
}
